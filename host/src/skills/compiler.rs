//! Compiling, in a child process with its own limits.
//!
//! A component is a stranger's program for the parser and the compiler too: it can make them work and
//! allocate without end. The child is this same binary under a hidden subcommand, with an empty
//! environment. It looks at the component, says what is in it, waits for the host's word, compiles it,
//! and answers with machine code. The two speak in frames over the child's input and output.

mod artefacts;
mod child;
mod frame;
mod queue;

use rustix::process::Signal;
use std::{
    io,
    os::unix::process::ExitStatusExt,
    path::{Path, PathBuf},
    process::Stdio,
    sync::Arc,
    time::Duration,
};
use tokio::{
    io::AsyncReadExt,
    process::{Child, ChildStderr, ChildStdin, ChildStdout, Command},
    sync::{Mutex, OwnedMutexGuard},
    time::{Instant, timeout_at},
};
use wasmtime::{Engine, component::Component};

use self::{
    artefacts::Artefacts,
    child::{Bounds, Refusal},
    frame::Kind,
    queue::Queue,
};
use super::{
    package::{Inspection, PackageError},
    text::printable,
};

pub use artefacts::keep_private;
pub use child::run as child;
pub use queue::Place;

/// Name of the hidden subcommand.
pub const SUBCOMMAND: &str = "compile-component";

/// Threads that compile functions in the child. Each thread has a stack and a heap of its own, so that
/// their number is part of what the limit of address space has to hold.
const THREADS: &str = "2";

/// Bytes kept of what a child said before it died.
const LAST_WORDS: u64 = 4 << 10;

/// Why a component has no machine code.
#[derive(Debug, thiserror::Error)]
pub enum CompileError {
    /// The bytes are no component that a host would take.
    #[error(transparent)]
    Package(#[from] PackageError),
    /// The compiler's own no.
    #[error("the component does not compile: {0}")]
    Refused(String),
    #[error(
        "compiling took longer than the {0} s that `skills.compile_timeout_s` allows; where the machine is only slow or \
         busy, try it again or allow more there, or by SKILLET__SKILLS__COMPILE_TIMEOUT_S"
    )]
    Timeout(u64),
    #[error("compiling took more than {0} s of processor time")]
    Cpu(u64),
    #[error("compiling needed more than {0} MiB of memory")]
    Memory(u64),
    #[error("compiling broke off: {0}")]
    Broken(String),
    /// Without its limits, the child does not look at anything.
    #[error("the compiling process could not be limited: {0}")]
    Unlimited(String),
    #[error("the compiler could not be started or its artefact not be kept")]
    Io(#[from] io::Error),
    #[error("the artefact does not load: {0}")]
    Load(String),
}

/// Compiles and caches.
#[derive(Debug)]
pub struct Compiler {
    program: PathBuf,
    memory_mib: u64,
    timeout: Duration,
    artefacts: Arc<Artefacts>,
    /// Uploads stand in it, so that at most one of them is ahead of a call whose skill has no artefact.
    uploads: Queue,
    /// Held from the child's start to the artefact's load: each child may take all the memory that
    /// compiling is allowed.
    alone: Arc<Mutex<()>>,
}

/// A component in the hands of the child, which has looked at it and waits. Dropped, it ends the child.
#[derive(Debug)]
pub struct Job {
    pub inspection: Inspection,
    /// The component, where what was given is a core module.
    pub made: Option<Vec<u8>>,
    child: Line,
    _alone: OwnedMutexGuard<()>,
}

/// The line to a child: the process and the ends of its pipes.
#[derive(Debug)]
struct Line {
    process: Child,
    input: ChildStdin,
    output: ChildStdout,
    errors: ChildStderr,
    deadline: Instant,
    memory_mib: u64,
    seconds: u64,
}

impl Compiler {
    /// `program` is this binary, `data_dir` the folder that only the host writes to; a child gets so
    /// many MiB of address space, and so much time on the clock and of the processor.
    pub fn new(
        engine: Engine,
        program: PathBuf,
        data_dir: &Path,
        (memory_mib, timeout): (u64, Duration),
    ) -> io::Result<Self> {
        Ok(Self {
            program,
            memory_mib,
            timeout,
            artefacts: Arc::new(Artefacts::open(engine, data_dir)?),
            uploads: Queue::default(),
            alone: Arc::default(),
        })
    }

    /// The uploads' queue.
    pub fn uploads(&self) -> &Queue {
        &self.uploads
    }

    /// The artefact in the cache, if it is whole and ours.
    pub async fn cached(&self, digest: &str) -> Option<Component> {
        let (artefacts, digest) = (self.artefacts.clone(), digest.to_owned());
        blocking(move || Ok(artefacts.find(&digest))).await.ok().flatten()
    }

    /// Has a child look at a component. Waits for the child before it; there is one at a time.
    pub async fn begin(&self, component: &[u8]) -> Result<Job, CompileError> {
        let alone = self.alone.clone().lock_owned().await;
        let mut child = self.start()?;
        let bounds = Bounds { memory_bytes: self.memory_mib << 20, cpu_seconds: child.seconds };
        let bounds = serde_json::to_vec(&bounds).map_err(io::Error::from)?;
        child.tell(Kind::Bounds, &bounds).await?;
        child.tell(Kind::Component, component).await?;
        let (made, inspection) = match child.answer(&[Kind::Inspection, Kind::Made]).await? {
            (Kind::Made, component) => (Some(component), child.answer(&[Kind::Inspection]).await?.1),
            (_, inspection) => (None, inspection),
        };
        let inspection = serde_json::from_slice(&inspection).map_err(io::Error::from)?;
        Ok(Job { inspection, made, child, _alone: alone })
    }

    /// The component of bytes that are known: from the cache, or compiled.
    pub async fn component(&self, digest: &str, bytes: &[u8]) -> Result<Component, CompileError> {
        if let Some(component) = self.cached(digest).await {
            return Ok(component);
        }
        let job = self.begin(bytes).await?;
        self.compile(job, digest).await
    }

    /// Compiles what the child holds, and keeps the artefact under the component's digest.
    pub async fn compile(&self, job: Job, digest: &str) -> Result<Component, CompileError> {
        // The same component may have been compiled while this one waited.
        if let Some(component) = self.cached(digest).await {
            return Ok(component);
        }
        let Job { mut child, _alone, .. } = job;
        child.tell(Kind::Compile, &[]).await?;
        let (_, code) = child.answer(&[Kind::Artefact]).await?;
        let (artefacts, name) = (self.artefacts.clone(), digest.to_owned());
        let kept = blocking(move || artefacts.keep(&name, &code)).await;
        if let Err(CompileError::Load(_)) = &kept {
            // It compiles and does not fit the engine that runs: more parts or memory than that gives.
            self.forget(digest).await;
        }
        kept
    }

    /// Removes the artefact of a version that is not kept.
    pub async fn forget(&self, digest: &str) {
        let (artefacts, digest) = (self.artefacts.clone(), digest.to_owned());
        let forgotten = blocking(move || Ok(artefacts.forget(&digest)?)).await;
        if let Err(error) = forgotten {
            tracing::warn!(error = &error as &dyn std::error::Error, "an artefact could not be removed");
        }
    }

    /// Removes what belongs to none of these digests or to another engine, and what a crash left unfinished.
    /// Returns how many files that were.
    pub async fn sweep(&self, kept: Vec<String>) -> Result<usize, CompileError> {
        let artefacts = self.artefacts.clone();
        blocking(move || Ok(artefacts.sweep(&kept)?)).await
    }

    fn start(&self) -> io::Result<Line> {
        let mut process = Command::new(&self.program)
            .arg(SUBCOMMAND)
            .env_clear()
            .env("RAYON_NUM_THREADS", THREADS)
            .current_dir("/")
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .kill_on_drop(true)
            .spawn()?;
        Ok(Line {
            input: process.stdin.take().expect("the child's input is a pipe"),
            output: process.stdout.take().expect("the child's output is a pipe"),
            errors: process.stderr.take().expect("the child's errors are a pipe"),
            process,
            deadline: Instant::now() + self.timeout,
            memory_mib: self.memory_mib,
            seconds: self.timeout.as_secs().max(1),
        })
    }
}

impl Line {
    async fn tell(&mut self, kind: Kind, payload: &[u8]) -> Result<(), CompileError> {
        let sent = timeout_at(self.deadline, frame::send(&mut self.input, kind, payload)).await;
        match sent.map_err(|_| CompileError::Timeout(self.seconds))? {
            // A child that gave up early closes its end; what it says, or how it ends, tells why.
            Err(error) if error.kind() != io::ErrorKind::BrokenPipe => Err(error.into()),
            _ => Ok(()),
        }
    }

    /// The next frame, which is one of those that are due.
    async fn answer(&mut self, due: &[Kind]) -> Result<(Kind, Vec<u8>), CompileError> {
        let answer = timeout_at(self.deadline, frame::receive(&mut self.output)).await;
        match answer.map_err(|_| CompileError::Timeout(self.seconds))? {
            Ok((kind, payload)) if due.contains(&kind) => Ok((kind, payload)),
            Ok((Kind::Refused, payload)) => Err(refusal(&payload)),
            Ok((Kind::Unlimited, payload)) => Err(CompileError::Unlimited(text(&payload))),
            Ok((kind, _)) => Err(CompileError::Broken(format!("it said {kind:?} where {due:?} was due"))),
            Err(error) if error.kind() == io::ErrorKind::UnexpectedEof => Err(self.end().await?),
            Err(error) => Err(CompileError::Broken(error.to_string())),
        }
    }

    /// Why a child ended that should have answered.
    async fn end(&mut self) -> Result<CompileError, CompileError> {
        let mut words = Vec::new();
        let mut errors = (&mut self.errors).take(LAST_WORDS);
        let said = errors.read_to_end(&mut words);
        let ended = async { tokio::join!(said, self.process.wait()).1 };
        let status = timeout_at(self.deadline, ended).await.map_err(|_| CompileError::Timeout(self.seconds))??;
        let signal = status.signal().and_then(Signal::from_named_raw);
        Ok(if signal == Some(Signal::XCPU) {
            CompileError::Cpu(self.seconds)
        } else if signal.is_some_and(|signal| OUT_OF_MEMORY.contains(&signal)) {
            CompileError::Memory(self.memory_mib)
        } else if words.is_empty() {
            CompileError::Broken(status.to_string())
        } else {
            CompileError::Broken(text(&words))
        })
    }
}

/// How a process ends whose memory is used up: by an allocation or a stack that cannot grow, or at the hands of
/// the system.
const OUT_OF_MEMORY: [Signal; 4] = [Signal::ABORT, Signal::SEGV, Signal::BUS, Signal::KILL];

fn refusal(payload: &[u8]) -> CompileError {
    match serde_json::from_slice(payload) {
        Ok(Refusal::Package(error)) => error.into(),
        Ok(Refusal::Compiler(reason)) => CompileError::Refused(printable(&reason)),
        Err(error) => CompileError::Broken(format!("its refusal cannot be read: {error}")),
    }
}

/// What a child said, on one line.
fn text(bytes: &[u8]) -> String {
    printable(&String::from_utf8_lossy(bytes).lines().collect::<Vec<_>>().join("; "))
}

/// Runs what reads and writes large files beside the threads that answer requests.
async fn blocking<T: Send + 'static>(
    work: impl FnOnce() -> Result<T, CompileError> + Send + 'static,
) -> Result<T, CompileError> {
    tokio::task::spawn_blocking(work).await.map_err(io::Error::other)?
}
