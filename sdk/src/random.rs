//! Random numbers from the host, fit for tokens and keys. Needs no grant.

use crate::bindings::skillet::skill::random as raw;

/// The most that one call to the host gives.
const BYTES_PER_CALL: usize = 1_024;

/// `length` random bytes.
///
/// ```no_run
/// let nonce = skillet_sdk::random::bytes(16);
/// assert_eq!(nonce.len(), 16);
/// ```
pub fn bytes(length: usize) -> Vec<u8> {
    let mut all = Vec::with_capacity(length);
    while all.len() < length {
        let wanted = (length - all.len()).min(BYTES_PER_CALL);
        // `wanted` is at most 1,024.
        all.extend(raw::bytes(u32::try_from(wanted).unwrap_or(u32::MAX)));
    }
    all
}

/// A random number, every value equally likely.
///
/// ```no_run
/// let coin = skillet_sdk::random::u64() % 2 == 0;
/// ```
pub fn u64() -> u64 {
    bytes(8).into_iter().fold(0, |number, byte| (number << 8) | u64::from(byte))
}
