//! The compiling child: sets its limits, looks at a component, says what is in it, and compiles it when
//! the host wants that. It reads nothing but its input and writes nothing but its output.

use rustix::process::{Resource, Rlimit, getrlimit, nice, setrlimit};
use serde::{Deserialize, Serialize};
use std::{
    io::{self, Read, Write},
    panic,
};
use wasmtime::Engine;

use super::{
    super::{
        engine,
        package::{self, PackageError},
    },
    frame::{self, Kind},
};

/// What the child may use; the first frame.
#[derive(Debug, Serialize, Deserialize)]
pub struct Bounds {
    /// Address space.
    pub memory_bytes: u64,
    pub cpu_seconds: u64,
}

/// Why a component is not taken.
#[derive(Debug, Serialize, Deserialize)]
pub enum Refusal {
    Package(PackageError),
    /// The compiler's reason.
    Compiler(String),
}

/// File descriptors of the child: its three pipes. It cannot open a file or a socket, whatever a
/// component might make the compiler do.
const DESCRIPTORS: u64 = 3;

/// Steps by which the child gives way to whoever answers requests on the same processors.
const NICENESS: i32 = 10;

/// Runs the child to its exit status; 0 also when the component is refused. It takes no arguments.
pub fn run(arguments: &[String]) -> u8 {
    if !arguments.is_empty() {
        eprintln!("this command is for the host's own use");
        return 2;
    }
    // Where in the compiler it broke is nothing to an uploader.
    panic::set_hook(Box::new(|info| eprintln!("{}", info.payload_as_str().unwrap_or("the compiler panicked"))));
    match serve(io::stdin().lock(), io::stdout().lock()) {
        Ok(()) => 0,
        Err(error) => {
            eprintln!("{error}");
            1
        }
    }
}

fn serve(mut input: impl Read, mut output: impl Write) -> io::Result<()> {
    let bounds: Bounds = serde_json::from_slice(&due(&mut input, Kind::Bounds)?)?;
    if let Err(reason) = bounds.set() {
        return frame::write(output, Kind::Unlimited, reason.as_bytes());
    }
    let mut component = due(&mut input, Kind::Component)?;
    match package::from_core_module(&component) {
        Ok(None) => {}
        Ok(Some(made)) => {
            frame::write(&mut output, Kind::Made, &made)?;
            component = made;
        }
        Err(refusal) => return refuse(output, &Refusal::Package(refusal)),
    }
    match inspect(&component) {
        Ok(inspection) => frame::write(&mut output, Kind::Inspection, &serde_json::to_vec(&inspection)?)?,
        Err(refusal) => return refuse(output, &Refusal::Package(refusal)),
    }
    // Here the host ends this process if it does not want the component.
    due(&mut input, Kind::Compile)?;
    match compile(&component) {
        Ok(code) => frame::write(output, Kind::Artefact, &code),
        Err(error) => refuse(output, &Refusal::Compiler(format!("{error:#}"))),
    }
}

/// Artefacts are told apart twice: what is machine code must never reach anything that loads it.
fn inspect(component: &[u8]) -> Result<package::Inspection, PackageError> {
    match Engine::detect_precompiled(component) {
        Some(_) => Err(PackageError::Precompiled),
        None => package::inspect(component),
    }
}

fn compile(component: &[u8]) -> wasmtime::Result<Vec<u8>> {
    engine::compiling()?.precompile_component(component)
}

fn refuse(output: impl Write, refusal: &Refusal) -> io::Result<()> {
    frame::write(output, Kind::Refused, &serde_json::to_vec(refusal)?)
}

fn due(input: impl Read, due: Kind) -> io::Result<Vec<u8>> {
    match frame::read(input)? {
        (kind, payload) if kind == due => Ok(payload),
        (kind, _) => Err(io::Error::new(io::ErrorKind::InvalidData, format!("{kind:?} came where {due:?} was due"))),
    }
}

impl Bounds {
    fn set(&self) -> Result<(), String> {
        // Giving way is a courtesy; it fails nothing.
        let _ = nice(NICENESS);
        limit("core files", Resource::Core, 0, 0)?;
        limit("file sizes", Resource::Fsize, 0, 0)?;
        limit("open files", Resource::Nofile, DESCRIPTORS, DESCRIPTORS)?;
        // A second between the two, so that the signal tells which limit it was.
        limit("processor time", Resource::Cpu, self.cpu_seconds, self.cpu_seconds.saturating_add(1))?;
        limit("address space", Resource::As, self.memory_bytes, self.memory_bytes)
    }
}

/// Sets a limit, and looks whether it is set.
fn limit(what: &str, resource: Resource, current: u64, maximum: u64) -> Result<(), String> {
    let wanted = Rlimit { current: Some(current), maximum: Some(maximum) };
    setrlimit(resource, wanted).map_err(|error| format!("{what}: {error}"))?;
    let set = getrlimit(resource);
    if set == wanted { Ok(()) } else { Err(format!("{what}: {wanted:?} was asked for, {set:?} is set")) }
}
