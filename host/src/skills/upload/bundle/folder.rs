//! The folder of components that ship with the host. A file is parsed again only when it has changed.

use std::{
    collections::HashMap,
    fs, io,
    path::{Path, PathBuf},
    sync::{Arc, Mutex, PoisonError},
    time::SystemTime,
};

use super::super::digest;
use crate::skills::{Manifest, package};

/// The folder, with what is known of its files.
pub struct Bundle {
    dir: PathBuf,
    /// Held while the folder is looked through: of many who look at once, one reads.
    known: Mutex<HashMap<PathBuf, Known>>,
}

/// A file as it was when it was read.
struct Known {
    changed: SystemTime,
    size: u64,
    shipped: Arc<Shipped>,
}

/// A component that ships with the host.
pub struct Shipped {
    pub file: PathBuf,
    /// SHA-256 of the component, in hex.
    pub digest: String,
    /// In bytes.
    pub size: u64,
    /// `None` where there is none that can be read; an upload says why.
    pub manifest: Option<Manifest>,
}

impl Bundle {
    pub fn new(dir: PathBuf) -> Arc<Self> {
        Arc::new(Self { dir, known: Mutex::default() })
    }

    pub fn dir(&self) -> &Path {
        &self.dir
    }

    /// The components in the folder, by file name; none where there is no folder.
    pub async fn components(self: &Arc<Self>) -> io::Result<Vec<Arc<Shipped>>> {
        let bundle = self.clone();
        tokio::task::spawn_blocking(move || bundle.look()).await.map_err(io::Error::other)?
    }

    fn look(&self) -> io::Result<Vec<Arc<Shipped>>> {
        let files = match components(&self.dir) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => Vec::new(),
            files => files?,
        };
        let mut known = self.known.lock().unwrap_or_else(PoisonError::into_inner);
        let mut before = std::mem::take(&mut *known);
        for file in &files {
            match Known::of(file, before.remove(file)) {
                Ok(one) => drop(known.insert(file.clone(), one)),
                // One file takes no other with it.
                Err(error) => tracing::warn!(file = %file.display(), %error, "a bundled skill cannot be read"),
            }
        }
        Ok(files.iter().filter_map(|file| Some(known.get(file)?.shipped.clone())).collect())
    }
}

fn components(dir: &Path) -> io::Result<Vec<PathBuf>> {
    let mut files = fs::read_dir(dir)?.map(|entry| Ok(entry?.path())).collect::<io::Result<Vec<_>>>()?;
    files.retain(|path| path.extension().is_some_and(|extension| extension == "wasm"));
    files.sort();
    Ok(files)
}

impl Known {
    /// What is known of a file, from before where it has not changed since.
    fn of(file: &Path, before: Option<Self>) -> io::Result<Self> {
        let metadata = fs::metadata(file)?;
        let (changed, size) = (metadata.modified()?, metadata.len());
        match before {
            Some(before) if (before.changed, before.size) == (changed, size) => Ok(before),
            _ => Ok(Self { changed, size, shipped: Arc::new(Shipped::read(file)?) }),
        }
    }
}

impl Shipped {
    fn read(file: &Path) -> io::Result<Self> {
        let component = fs::read(file)?;
        let text = package::read_manifest(&component).ok().flatten();
        Ok(Self {
            file: file.to_owned(),
            digest: digest(&component),
            size: component.len() as u64,
            manifest: text.and_then(|text| Manifest::parse(&text).ok()),
        })
    }

    /// The name of the skill.
    pub fn name(&self) -> Option<&str> {
        self.manifest.as_ref().map(|manifest| manifest.name.as_str())
    }

    /// The component, as the file has it now.
    pub async fn bytes(&self) -> io::Result<Vec<u8>> {
        tokio::fs::read(&self.file).await
    }
}
