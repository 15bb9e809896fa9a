//! The bytes that the host holds for a run because of WASI: bodies that were sent, and answers that the guest has
//! not read. They are in no memory of the guest's, so that its limit would not see them.

use bytes::Bytes;
use std::sync::{
    Arc,
    atomic::{AtomicU64, Ordering},
};

/// So many bytes at once.
#[derive(Debug)]
pub struct Room {
    held: AtomicU64,
    most: u64,
}

/// There is no room left.
#[derive(Debug)]
pub struct Full;

/// A body that is counted until the last piece of it is dropped.
struct Body {
    bytes: Vec<u8>,
    _share: Share,
}

/// A part of the room, given back when it is dropped.
pub struct Share {
    room: Arc<Room>,
    bytes: u64,
}

impl Room {
    pub fn new(most: u64) -> Arc<Self> {
        Arc::new(Self { held: AtomicU64::new(0), most })
    }

    /// A part of the room with nothing in it yet.
    pub fn share(self: &Arc<Self>) -> Share {
        Share { room: self.clone(), bytes: 0 }
    }
}

impl Share {
    /// Takes more.
    pub fn grow(&mut self, bytes: u64) -> Result<(), Full> {
        let before = self.room.held.fetch_add(bytes, Ordering::Relaxed);
        self.bytes += bytes;
        if before.saturating_add(bytes) > self.room.most { Err(Full) } else { Ok(()) }
    }

    /// A body that holds this share as long as anybody has a piece of it.
    pub fn hold(self, bytes: Vec<u8>) -> Bytes {
        Bytes::from_owner(Body { bytes, _share: self })
    }
}

impl Drop for Share {
    fn drop(&mut self) {
        self.room.held.fetch_sub(self.bytes, Ordering::Relaxed);
    }
}

impl AsRef<[u8]> for Body {
    fn as_ref(&self) -> &[u8] {
        &self.bytes
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_held_is_counted_until_the_last_piece_is_gone() {
        let room = Room::new(10);
        let mut share = room.share();
        share.grow(6).unwrap();
        let body = share.hold(vec![1; 6]);
        let piece = body.slice(2..4);
        drop(body);
        assert!(room.share().grow(5).is_err() && room.share().grow(4).is_ok());
        drop(piece);
        assert!(room.share().grow(10).is_ok());
    }
}
