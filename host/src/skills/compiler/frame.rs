//! Frames between the host and its compiling child: a byte that says what it is, four bytes of length
//! (little endian), and so many bytes. A length is checked before anything is allocated for it.

use std::io::{self, Read, Write};
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt};

/// What a frame is. The first three go to the child, the others come from it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// The limits that the child sets itself, as JSON.
    Bounds,
    /// The component's bytes.
    Component,
    /// The host wants it compiled; empty.
    Compile,
    /// What the component says about itself, as JSON.
    Inspection,
    /// The component that a core module was made into.
    Made,
    /// Machine code.
    Artefact,
    /// Why the component is not taken, as JSON.
    Refused,
    /// Why the child's limits could not be set; text.
    Unlimited,
}

/// Each kind with its byte and the most bytes that a frame of it may have.
const KINDS: [(u8, Kind, usize); 8] = [
    (b'B', Kind::Bounds, 1 << 10),
    // Over every setting of `skills.max_component_mib` that makes sense.
    (b'C', Kind::Component, 512 << 20),
    (b'G', Kind::Compile, 0),
    // A thousand names of a kilobyte and a manifest, each character escaped.
    (b'I', Kind::Inspection, 8 << 20),
    (b'M', Kind::Made, 512 << 20),
    // Python with its standard library has 35 MiB.
    (b'A', Kind::Artefact, 256 << 20),
    (b'R', Kind::Refused, 1 << 20),
    (b'U', Kind::Unlimited, 4 << 10),
];

const HEAD: usize = 5;

/// Sends a frame from the host.
pub async fn send(to: &mut (impl AsyncWrite + Unpin), kind: Kind, payload: &[u8]) -> io::Result<()> {
    to.write_all(&head(kind, payload)?).await?;
    to.write_all(payload).await?;
    to.flush().await
}

/// Receives a frame in the host. An end before or within a frame is [`io::ErrorKind::UnexpectedEof`].
pub async fn receive(from: &mut (impl AsyncRead + Unpin)) -> io::Result<(Kind, Vec<u8>)> {
    let mut head = [0; HEAD];
    from.read_exact(&mut head).await?;
    let (kind, length) = parse(head)?;
    let mut payload = Vec::new();
    from.take(length as u64).read_to_end(&mut payload).await?;
    whole(kind, length, payload)
}

/// Writes a frame from the child.
pub fn write(mut to: impl Write, kind: Kind, payload: &[u8]) -> io::Result<()> {
    to.write_all(&head(kind, payload)?)?;
    to.write_all(payload)?;
    to.flush()
}

/// Reads a frame in the child.
pub fn read(mut from: impl Read) -> io::Result<(Kind, Vec<u8>)> {
    let mut head = [0; HEAD];
    from.read_exact(&mut head)?;
    let (kind, length) = parse(head)?;
    let mut payload = Vec::new();
    from.take(length as u64).read_to_end(&mut payload)?;
    whole(kind, length, payload)
}

fn head(kind: Kind, payload: &[u8]) -> io::Result<[u8; HEAD]> {
    let (byte, _, max) = KINDS.iter().find(|row| row.1 == kind).expect("every kind has a row");
    let length = u32::try_from(payload.len()).ok().filter(|length| *length as usize <= *max);
    let length = length.ok_or_else(|| too_long(kind, payload.len(), *max))?;
    let mut head = [*byte; HEAD];
    head[1..].copy_from_slice(&length.to_le_bytes());
    Ok(head)
}

fn parse([byte, length @ ..]: [u8; HEAD]) -> io::Result<(Kind, usize)> {
    let row = KINDS.iter().find(|row| row.0 == byte);
    let (_, kind, max) = row.ok_or_else(|| bad(format!("no frame begins with the byte {byte}")))?;
    let length = u32::from_le_bytes(length) as usize;
    if length > *max { Err(too_long(*kind, length, *max)) } else { Ok((*kind, length)) }
}

/// What came grows the payload, not what was announced; so it may be too short.
fn whole(kind: Kind, length: usize, payload: Vec<u8>) -> io::Result<(Kind, Vec<u8>)> {
    if payload.len() < length { Err(io::ErrorKind::UnexpectedEof.into()) } else { Ok((kind, payload)) }
}

fn too_long(kind: Kind, length: usize, max: usize) -> io::Error {
    bad(format!("a frame {kind:?} has {length} bytes; {max} at most"))
}

fn bad(reason: String) -> io::Error {
    io::Error::new(io::ErrorKind::InvalidData, reason)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn frames_come_out_as_they_went_in() {
        let mut pipe = Vec::new();
        write(&mut pipe, Kind::Component, b"abc").unwrap();
        write(&mut pipe, Kind::Compile, b"").unwrap();
        let mut pipe = pipe.as_slice();
        assert_eq!(read(&mut pipe).unwrap(), (Kind::Component, b"abc".to_vec()));
        assert_eq!(read(&mut pipe).unwrap(), (Kind::Compile, Vec::new()));
        assert_eq!(read(&mut pipe).unwrap_err().kind(), io::ErrorKind::UnexpectedEof);
    }

    #[test]
    fn a_length_over_the_most_is_refused_unread() {
        for (kind, length) in [(b'G', 1_u32), (b'A', u32::MAX), (b'I', (8 << 20) + 1), (b'?', 0)] {
            let mut head = vec![kind];
            head.extend(length.to_le_bytes());
            let error = read(head.as_slice()).unwrap_err();
            assert_eq!(error.kind(), io::ErrorKind::InvalidData, "{error}");
        }
        assert!(write(Vec::new(), Kind::Compile, b"x").is_err());
    }

    #[test]
    fn a_frame_cut_short_is_an_end() {
        let mut pipe = Vec::new();
        write(&mut pipe, Kind::Artefact, b"0123456789").unwrap();
        for length in 0..pipe.len() {
            assert_eq!(read(&pipe[..length]).unwrap_err().kind(), io::ErrorKind::UnexpectedEof, "cut at {length}");
        }
    }
}
