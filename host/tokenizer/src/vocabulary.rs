//! A hash table that is searched where it lies in the program. Compiled into the build script too, which writes it.

use rapidhash::v3::rapidhash_v3;

/// Bytes of a slot: the rank of a token in the low bits, the hash of its bytes in the others. 0 where none is.
pub const SLOT: usize = size_of::<u64>();

/// Slots of the table, a power of two: above twice the tokens, so that few have to be looked at.
pub const SLOTS: usize = 1 << 19;

/// The bits of a rank.
pub const RANK: u64 = (1 << 18) - 1;

/// Bytes of a token at most.
pub const LONGEST: usize = 128;

/// Where the search for a token begins, and what its slot holds beside the rank.
pub fn home(token: &[u8]) -> (usize, u64) {
    let hash = rapidhash_v3(token);
    (usize::try_from(hash % SLOTS as u64).unwrap_or_default(), hash & !RANK)
}
