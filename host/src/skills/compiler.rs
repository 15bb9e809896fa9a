//! Compiling, in a child process with its own limits, and the artefacts it leaves on disk.
//!
//! A component is a stranger's program for the compiler too: it can make it allocate without end.
//! The child is this same binary under a hidden subcommand; it reads the component from standard
//! input and writes machine code to standard output.

use rustix::process::{Resource, Rlimit, setrlimit};
use std::{
    fs,
    hash::{BuildHasher, BuildHasherDefault, DefaultHasher},
    io::{Read, Write},
    os::unix::fs::{DirBuilderExt, OpenOptionsExt},
    path::{Path, PathBuf},
    process::Stdio,
    time::Duration,
};
use tokio::io::AsyncWriteExt;
use wasmtime::{Engine, component::Component};

use super::engine;

/// Name of the hidden subcommand.
pub const SUBCOMMAND: &str = "compile-component";

/// Why a component has no machine code.
#[derive(Debug, thiserror::Error)]
pub enum CompileError {
    /// The component's fault.
    #[error("the component does not compile: {0}")]
    Refused(String),
    #[error("compiling took longer than {0} s")]
    Timeout(u64),
    #[error("compiling needed more than {0} MiB of memory or its share of processor time")]
    Limit(u64),
    #[error("the compiler could not be started or its artefact not be kept")]
    Io(#[from] std::io::Error),
    #[error("the artefact does not load: {0}")]
    Load(String),
}

/// Compiles and caches.
#[derive(Debug)]
pub struct Compiler {
    engine: Engine,
    program: PathBuf,
    dir: PathBuf,
    key: [u8; 32],
    memory_mib: u64,
    timeout: Duration,
    /// Held from the child's start to the artefact's load: each child may take all the memory that
    /// compiling is allowed, and no two write the same files.
    one_at_a_time: tokio::sync::Mutex<()>,
    /// Tells artefacts of another wasmtime, or of other settings, apart.
    compatibility: String,
}

impl Compiler {
    /// `program` is this binary, `data_dir` the folder that only the host writes to.
    pub fn new(
        engine: Engine,
        program: PathBuf,
        data_dir: &Path,
        (memory_mib, timeout): (u64, Duration),
    ) -> std::io::Result<Self> {
        let dir = data_dir.join("cache");
        fs::DirBuilder::new().recursive(true).mode(0o700).create(&dir)?;
        let key = host_key(&data_dir.join("host.key"))?;
        let hasher = BuildHasherDefault::<DefaultHasher>::default();
        let compatibility = format!("{:016x}", hasher.hash_one(engine.precompile_compatibility_hash()));
        Ok(Self {
            engine,
            program,
            dir,
            key,
            memory_mib,
            timeout,
            one_at_a_time: tokio::sync::Mutex::default(),
            compatibility,
        })
    }

    /// The artefact in the cache, if it is whole and ours.
    pub fn cached(&self, digest: &str) -> Option<Component> {
        let path = self.artefact(digest);
        let code = fs::read(&path).ok()?;
        let mac = fs::read(path.with_extension("mac")).ok()?;
        let expected: [u8; 32] = mac.try_into().ok()?;
        // Comparing two blake3 hashes takes the same time wherever they differ.
        if self.mac(digest, &code) != blake3::Hash::from_bytes(expected) {
            tracing::warn!(digest, "an artefact in the cache is not the one that was written; compiling again");
            return None;
        }
        drop(code);
        self.load(&path).inspect_err(|error| tracing::warn!(digest, %error, "a cached artefact does not load")).ok()
    }

    /// Compiles a component in a child process and keeps the artefact.
    pub async fn compile(&self, digest: &str, component: &[u8]) -> Result<Component, CompileError> {
        let _alone = self.one_at_a_time.lock().await;
        // The same component may have been compiled while this one waited.
        if let Some(component) = self.cached(digest) {
            return Ok(component);
        }
        let code = self.in_child(component).await?;
        let path = self.artefact(digest);
        write_private(&path, &code)?;
        write_private(&path.with_extension("mac"), self.mac(digest, &code).as_bytes())?;
        self.load(&path)
    }

    /// Removes the artefact of a version that is not kept.
    pub fn forget(&self, digest: &str) {
        let path = self.artefact(digest);
        for file in [path.with_extension("mac"), path] {
            if let Err(error) = fs::remove_file(&file)
                && error.kind() != std::io::ErrorKind::NotFound
            {
                tracing::warn!(file = %file.display(), %error, "an artefact could not be removed");
            }
        }
    }

    async fn in_child(&self, component: &[u8]) -> Result<Vec<u8>, CompileError> {
        let mut child = tokio::process::Command::new(&self.program)
            .arg(SUBCOMMAND)
            .arg(self.memory_mib.to_string())
            .arg(self.timeout.as_secs().to_string())
            .env_clear()
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .kill_on_drop(true)
            .spawn()?;
        let mut stdin = child.stdin.take().expect("the child's input is a pipe");
        let feed = async {
            // A child that gave up early closes its end; its status tells why.
            let _ = stdin.write_all(component).await;
            drop(stdin);
        };
        let both = async { tokio::join!(feed, child.wait_with_output()).1 };
        let Ok(finished) = tokio::time::timeout(self.timeout, both).await else {
            return Err(CompileError::Timeout(self.timeout.as_secs()));
        };
        let finished = finished?;
        if finished.status.success() {
            return Ok(finished.stdout);
        }
        match finished.status.code() {
            Some(code) if code == i32::from(REFUSED) => Err(CompileError::Refused(first_lines(&finished.stderr))),
            // Killed by a signal, or aborted when an allocation failed.
            _ => Err(CompileError::Limit(self.memory_mib)),
        }
    }

    fn artefact(&self, digest: &str) -> PathBuf {
        self.dir.join(format!("{digest}-{}.cwasm", self.compatibility))
    }

    fn mac(&self, digest: &str, code: &[u8]) -> blake3::Hash {
        let mut hasher = blake3::Hasher::new_keyed(&self.key);
        hasher.update(digest.as_bytes()).update(self.compatibility.as_bytes()).update(code);
        hasher.finalize()
    }

    #[expect(unsafe_code, reason = "machine code can only be loaded this way; this is the one place that does")]
    fn load(&self, path: &Path) -> Result<Component, CompileError> {
        // SAFETY: the file was written by our own compiling child, its MAC was just checked or made
        // with a key that only this host has, and nobody else may write in the folder (mode 0700).
        unsafe { Component::deserialize_file(&self.engine, path) }
            .map_err(|error| CompileError::Load(format!("{error:#}")))
    }
}

/// Exit status of a child whose component is at fault.
const REFUSED: u8 = 3;

/// The compiling child: `args` are its memory in MiB and its seconds of processor time. Without its
/// limits it does not compile.
pub fn child(args: &[String]) -> u8 {
    match compile_stdin(args) {
        Ok(()) => 0,
        Err(error) => {
            eprintln!("{error:#}");
            REFUSED
        }
    }
}

fn compile_stdin(args: &[String]) -> anyhow::Result<()> {
    let [memory_mib, seconds] = args else { anyhow::bail!("two arguments: MiB of memory and seconds") };
    limit(Resource::As, memory_mib.parse::<u64>()? << 20)?;
    limit(Resource::Cpu, seconds.parse::<u64>()? * 2)?;
    limit(Resource::Core, 0)?;
    let mut component = Vec::new();
    std::io::stdin().read_to_end(&mut component)?;
    let engine = engine::compiling().map_err(|error| anyhow::anyhow!("{error:#}"))?;
    let code = engine.precompile_component(&component).map_err(|error| anyhow::anyhow!("{error:#}"))?;
    std::io::stdout().write_all(&code)?;
    Ok(())
}

fn limit(resource: Resource, value: u64) -> std::io::Result<()> {
    Ok(setrlimit(resource, Rlimit { current: Some(value), maximum: Some(value) })?)
}

fn first_lines(text: &[u8]) -> String {
    String::from_utf8_lossy(text).lines().take(4).collect::<Vec<_>>().join("; ")
}

/// The key of this data folder, made on first use.
fn host_key(path: &Path) -> std::io::Result<[u8; 32]> {
    if let Ok(bytes) = fs::read(path)
        && let Ok(key) = bytes.try_into()
    {
        return Ok(key);
    }
    let key: [u8; 32] = rand::random();
    write_private(path, &key)?;
    Ok(key)
}

/// Writes a file of mode 0600 so that a reader sees either the old one or the whole new one.
fn write_private(path: &Path, bytes: &[u8]) -> std::io::Result<()> {
    let mut partial = path.as_os_str().to_owned();
    partial.push(format!(".{}.part", std::process::id()));
    let mut file = fs::OpenOptions::new().write(true).create(true).truncate(true).mode(0o600).open(&partial)?;
    file.write_all(bytes)?;
    file.sync_all()?;
    fs::rename(partial, path)
}
