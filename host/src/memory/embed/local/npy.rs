//! Arrays as numpy keeps them.

/// What an npy file says about its data: row after row, in one kind of number.
pub(super) struct Header {
    pub kind: String,
    pub shape: Vec<usize>,
}

impl Header {
    /// Takes the header off the data. `None`: it is none of version 1, or the data is in columns.
    pub fn take(data: &mut &[u8]) -> Option<Self> {
        if data.split_off(..8)? != b"\x93NUMPY\x01\x00" {
            return None;
        }
        let length = u16::from_le_bytes(data.split_off(..2)?.try_into().ok()?);
        let text = std::str::from_utf8(data.split_off(..usize::from(length))?).ok()?;
        if !text.contains("'fortran_order': False") {
            return None;
        }
        let (_, kind) = text.split_once("'descr': '")?;
        let (_, shape) = text.split_once("'shape': (")?;
        let sizes = shape.split_once(')')?.0.split(',').map(str::trim).filter(|size| !size.is_empty());
        let shape = sizes.map(|size| size.parse().ok()).collect::<Option<_>>()?;
        Some(Self { kind: kind.split_once('\'')?.0.to_owned(), shape })
    }
}

/// The numbers of the data; `None`: they are of another kind.
pub(super) fn numbers(kind: &str, data: &[u8]) -> Option<Vec<f32>> {
    match kind {
        "<f4" => Some(data.as_chunks().0.iter().map(|bytes| f32::from_le_bytes(*bytes)).collect()),
        #[expect(clippy::cast_possible_truncation, reason = "the network works with 32 bits")]
        "<f8" => Some(data.as_chunks().0.iter().map(|bytes| f64::from_le_bytes(*bytes) as f32).collect()),
        _ => None,
    }
}
