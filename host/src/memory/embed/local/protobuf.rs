//! As much of the protocol buffer format as a tokenizer's model file needs.

/// A field of a message, with its number. Integers and 64-bit numbers are passed over.
pub(super) enum Field<'a> {
    Bytes(u64, &'a [u8]),
    Fixed32(u64, [u8; 4]),
    Other,
}

/// The fields of a message in their order; `None` among them: what follows is not a message.
pub(super) fn fields(mut message: &[u8]) -> impl Iterator<Item = Option<Field<'_>>> {
    std::iter::from_fn(move || {
        if message.is_empty() {
            return None;
        }
        let field = take_field(&mut message);
        if field.is_none() {
            message = &[];
        }
        Some(field)
    })
}

fn take_field<'a>(message: &mut &'a [u8]) -> Option<Field<'a>> {
    let tag = take_integer(message)?;
    match tag & 7 {
        0 => take_integer(message).map(|_| Field::Other),
        1 => message.split_off(..8).map(|_| Field::Other),
        2 => {
            let length = usize::try_from(take_integer(message)?).ok()?;
            message.split_off(..length).map(|bytes| Field::Bytes(tag >> 3, bytes))
        }
        5 => message.split_off(..4)?.try_into().ok().map(|bytes| Field::Fixed32(tag >> 3, bytes)),
        _ => None,
    }
}

/// An integer of seven bits a byte, the lowest first.
fn take_integer(message: &mut &[u8]) -> Option<u64> {
    let mut value = 0;
    for shift in (0..64).step_by(7) {
        let byte = *message.split_off_first()?;
        value |= u64::from(byte & 0x7F) << shift;
        if byte < 0x80 {
            return Some(value);
        }
    }
    None
}
