//! Machine code on disk: written by this host only, in a folder of its own, and loaded only with its MAC.
//!
//! An artefact is a file named by the component's digest and the engine's compatibility, with its MAC in a
//! file beside it. Files are written whole under another name and renamed; running code is a mapping of the
//! file, so that one in place is never written to.

use std::{
    collections::HashMap,
    fs::{self, File, OpenOptions},
    hash::{BuildHasher, BuildHasherDefault, DefaultHasher},
    io::{self, Write},
    os::unix::fs::{DirBuilderExt, MetadataExt, OpenOptionsExt, PermissionsExt},
    path::{Path, PathBuf},
    sync::{Mutex, PoisonError},
};
use wasmtime::{Engine, component::Component};

use super::CompileError;

/// Name of the file whose lock whoever changes the folder holds.
const LOCK: &str = "lock";

#[derive(Debug)]
pub struct Artefacts {
    engine: Engine,
    dir: PathBuf,
    key: [u8; 32],
    /// Tells artefacts of another wasmtime, or of other settings, apart.
    compatibility: String,
    /// The files whose MAC this process made or checked, by digest. A file that has not changed since is
    /// not read again; the lock is held to look up or to note one.
    known: Mutex<HashMap<String, Identity>>,
}

/// What changes whenever a file does: device, inode, size, and the time of the last change of any kind,
/// which cannot be set by hand.
type Identity = (u64, u64, u64, i64, i64);

impl Artefacts {
    /// Opens the folder, or makes it with a key of its own.
    pub fn open(engine: Engine, data_dir: &Path) -> io::Result<Self> {
        let dir = data_dir.join("cache");
        fs::DirBuilder::new().recursive(true).mode(0o700).create(&dir)?;
        keep_private(&dir, 0o700)?;
        let key = host_key(&data_dir.join("host.key"))?;
        keep_private(&data_dir.join("host.key"), 0o600)?;
        let hasher = BuildHasherDefault::<DefaultHasher>::default();
        let compatibility = format!("{:016x}", hasher.hash_one(engine.precompile_compatibility_hash()));
        Ok(Self { engine, dir, key, compatibility, known: Mutex::default() })
    }

    /// The component of a digest, if its artefact is there, whole and ours.
    pub fn find(&self, digest: &str) -> Option<Component> {
        let path = self.path(digest);
        // Nothing but a file: to open a pipe would wait for somebody to write.
        fs::symlink_metadata(&path).ok().filter(fs::Metadata::is_file)?;
        let mut file = File::open(&path).ok()?;
        let identity = identity(&file).ok()?;
        if self.known().get(digest) != Some(&identity) {
            let mac = fs::read(path.with_extension("mac")).ok()?;
            let expected: [u8; 32] = mac.try_into().ok()?;
            // Comparing two blake3 hashes takes the same time wherever they differ.
            if self.mac(digest, |hasher| hasher.update_reader(&mut file).map(drop)).ok()? != expected {
                tracing::warn!(digest, "an artefact in the cache is not the one that was written; compiling again");
                return None;
            }
            self.known().insert(digest.to_owned(), identity);
        }
        self.load(&path).inspect_err(|error| tracing::warn!(digest, %error, "a cached artefact does not load")).ok()
    }

    /// Keeps what the child made of a component, and loads it.
    pub fn keep(&self, digest: &str, code: &[u8]) -> Result<Component, CompileError> {
        let path = self.path(digest);
        let mac = self.mac(digest, |hasher| {
            hasher.update(code);
            Ok(())
        })?;
        {
            let _lock = self.lock()?;
            write_private(&path, code)?;
            write_private(&path.with_extension("mac"), mac.as_bytes())?;
            File::open(&self.dir)?.sync_all()?;
            self.known().insert(digest.to_owned(), identity(&File::open(&path)?)?);
        }
        self.load(&path)
    }

    /// Removes the artefact of a digest.
    pub fn forget(&self, digest: &str) -> io::Result<()> {
        let path = self.path(digest);
        let _lock = self.lock()?;
        self.known().remove(digest);
        remove(&path.with_extension("mac"))?;
        remove(&path)
    }

    /// Removes every file that is not the artefact or the MAC of one of these digests for this engine;
    /// returns how many that were. What is mapped stays mapped.
    pub fn sweep(&self, kept: &[String]) -> io::Result<usize> {
        let _lock = self.lock()?;
        let kept: Vec<PathBuf> = kept.iter().map(|digest| self.path(digest)).collect();
        let mut removed = 0;
        for entry in fs::read_dir(&self.dir)? {
            let path = entry?.path();
            let belongs = kept.iter().any(|artefact| path == *artefact || path == artefact.with_extension("mac"));
            if !belongs && path.file_name().is_some_and(|name| name != LOCK) && path.is_file() {
                remove(&path)?;
                removed += 1;
            }
        }
        Ok(removed)
    }

    fn path(&self, digest: &str) -> PathBuf {
        self.dir.join(format!("{digest}-{}.cwasm", self.compatibility))
    }

    fn known(&self) -> std::sync::MutexGuard<'_, HashMap<String, Identity>> {
        self.known.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Held while the folder is changed, also against other processes of the same host.
    fn lock(&self) -> io::Result<File> {
        let lock = OpenOptions::new().write(true).create(true).truncate(false).mode(0o600).open(self.dir.join(LOCK))?;
        lock.lock()?;
        Ok(lock)
    }

    fn mac(&self, digest: &str, code: impl FnOnce(&mut blake3::Hasher) -> io::Result<()>) -> io::Result<blake3::Hash> {
        let mut hasher = blake3::Hasher::new_keyed(&self.key);
        hasher.update(digest.as_bytes()).update(self.compatibility.as_bytes());
        code(&mut hasher)?;
        Ok(hasher.finalize())
    }

    #[expect(unsafe_code, reason = "machine code can only be loaded this way; this is the one place that does")]
    fn load(&self, path: &Path) -> Result<Component, CompileError> {
        // SAFETY: the file was written by our own compiling child, its MAC was checked or made with a key
        // that only this host has, and nobody else may write in the folder (mode 0700).
        unsafe { Component::deserialize_file(&self.engine, path) }
            .map_err(|error| CompileError::Load(format!("{error:#}")))
    }
}

fn identity(file: &File) -> io::Result<Identity> {
    let data = file.metadata()?;
    Ok((data.dev(), data.ino(), data.size(), data.ctime(), data.ctime_nsec()))
}

fn remove(path: &Path) -> io::Result<()> {
    match fs::remove_file(path) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => Err(error),
        _ => Ok(()),
    }
}

/// The key of this data folder, made on first use.
fn host_key(path: &Path) -> io::Result<[u8; 32]> {
    if let Ok(bytes) = fs::read(path)
        && let Ok(key) = bytes.try_into()
    {
        return Ok(key);
    }
    let key: [u8; 32] = rand::random();
    write_private(path, &key)?;
    Ok(key)
}

/// Takes away what others may do with a file or a folder of this host.
pub fn keep_private(path: &Path, mode: u32) -> io::Result<()> {
    let mut permissions = fs::metadata(path)?.permissions();
    if permissions.mode() & 0o077 != 0 {
        tracing::warn!(path = %path.display(), "others could read or change this; it is this host's alone again");
        permissions.set_mode(mode);
        fs::set_permissions(path, permissions)?;
    }
    Ok(())
}

/// Writes a file of mode 0600 so that a reader sees either the old one or the whole new one.
fn write_private(path: &Path, bytes: &[u8]) -> io::Result<()> {
    let mut partial = path.as_os_str().to_owned();
    partial.push(format!(".{}.part", std::process::id()));
    let mut file = OpenOptions::new().write(true).create(true).truncate(true).mode(0o600).open(&partial)?;
    file.write_all(bytes)?;
    file.sync_all()?;
    fs::rename(partial, path)
}

#[cfg(test)]
mod tests;
