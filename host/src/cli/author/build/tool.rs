//! Tools of others: where they are, and what to say when they are not.

use anyhow::{Context, Result};
use std::{
    env,
    ffi::{OsStr, OsString},
    io::{BufRead, BufReader, IsTerminal, PipeReader, Write, pipe, stderr},
    os::fd::{AsFd, OwnedFd},
    path::{Path, PathBuf},
    process::{Command, Stdio},
    thread,
};

/// A program that a build needs, and the commands that install it.
#[derive(Debug)]
pub struct Tool {
    /// Its names, the best first.
    pub names: &'static [&'static str],
    /// One way a line.
    pub remedy: &'static str,
}

/// A tool that ended without success.
#[derive(Debug, thiserror::Error)]
#[error("{name} could not do it; what it says stands above")]
pub struct ToolFailed {
    name: String,
    /// The end of what it said; nothing where it spoke to a terminal itself.
    pub said: String,
}

/// Bytes kept of what a tool says: the end tells what went wrong.
const MAX_SAID: usize = 64 << 10;

/// Where distributions put programs that are not in everybody's PATH.
const USUAL_PLACES: [&str; 2] = ["/usr/bin", "/usr/local/bin"];

impl Tool {
    /// Looks in these folders first, then in the PATH and the usual places.
    pub fn find(&self, before: &[PathBuf]) -> Result<PathBuf> {
        let path = env::var_os("PATH").unwrap_or_default();
        let places: Vec<PathBuf> =
            before.iter().cloned().chain(env::split_paths(&path)).chain(USUAL_PLACES.map(PathBuf::from)).collect();
        let mut files = self.names.iter().flat_map(|name| places.iter().map(move |place| place.join(name)));
        files.find(|file| file.is_file()).with_context(|| {
            format!("`{}` is needed and not here. Install it:\n{}", self.names[0], indented(self.remedy))
        })
    }
}

/// Where Python puts the programs of a project: the virtual environments of a folder and those above it.
pub fn places(dir: &Path) -> Vec<PathBuf> {
    dir.ancestors().map(|dir| dir.join(".venv/bin")).filter(|place| place.is_dir()).collect()
}

/// How Zig is called: by its name, by the one that its Python package installs, or as a module of Python.
pub fn zig(dir: &Path) -> Result<Vec<OsString>> {
    const ZIG: Tool = Tool { names: &["zig", "python-zig"], remedy: "pip install ziglang==0.17.1" };
    const PYTHON: Tool = Tool { names: &["python3"], remedy: "" };
    match ZIG.find(&places(dir)) {
        Ok(zig) => Ok(vec![zig.into()]),
        Err(error) => {
            let Ok(python) = PYTHON.find(&places(dir)) else { return Err(error) };
            let there = Command::new(&python).args(["-c", "import ziglang"]).stderr(Stdio::null()).status();
            if !there.is_ok_and(|status| status.success()) {
                return Err(error);
            }
            Ok(vec![python.into(), "-m".into(), "ziglang".into()])
        }
    }
}

fn indented(text: &str) -> String {
    text.lines().map(|line| format!("  {}", line.trim())).collect::<Vec<_>>().join("\n")
}

/// A command in a folder.
pub fn command(program: &Path, dir: &Path) -> Command {
    let mut command = Command::new(program);
    command.current_dir(dir).stdin(Stdio::null());
    command
}

/// Runs a command; what it says goes to the author.
pub fn run(command: Command) -> Result<()> {
    speak(command, false).map(drop)
}

/// Runs a command that answers on its standard output; what it says beside goes to the author.
pub fn read(command: Command) -> Result<Vec<u8>> {
    speak(command, true)
}

/// What it says goes to our standard error, where progress belongs: to a terminal by itself, in its colours, and else
/// through us, who keep it for those who read JSON.
fn speak(mut command: Command, answers: bool) -> Result<Vec<u8>> {
    let name = shown(command.get_program());
    let (heard, told) = pipe()?;
    let told: OwnedFd = if stderr().is_terminal() { stderr().as_fd().try_clone_to_owned()? } else { told.into() };
    command.stdin(Stdio::null()).stdout(if answers { Stdio::piped() } else { told.try_clone()?.into() }).stderr(told);
    let child = command.spawn().with_context(|| format!("cannot run {name}"))?;
    // The way to us is open to the child alone from now on, and ends with it.
    drop(command);
    let heard = thread::spawn(move || repeat(heard));
    let output = child.wait_with_output()?;
    let said = heard.join().unwrap_or_default();
    if output.status.success() {
        return Ok(output.stdout);
    }
    Err(ToolFailed { name, said: String::from_utf8_lossy(&said).into_owned() }.into())
}

/// Passes on what is said line by line, and returns the end of it.
fn repeat(heard: PipeReader) -> Vec<u8> {
    let (mut said, mut lines) = (Vec::new(), BufReader::new(heard));
    loop {
        let begun = said.len();
        match lines.read_until(b'\n', &mut said) {
            Ok(1..) => {}
            _ => return said,
        }
        // Nobody may be there to read it.
        let _ = stderr().write_all(&said[begun..]);
        said.drain(..said.len().saturating_sub(MAX_SAID));
    }
}

fn shown(program: &OsStr) -> String {
    Path::new(program).file_name().unwrap_or(program).to_string_lossy().into_owned()
}
