//! Secrets at rest: encrypted, and bound to the skill and the name they were set for.

use chacha20poly1305::{
    KeyInit, XChaCha20Poly1305, XNonce,
    aead::{Aead, Payload},
};
use secrecy::SecretString;

/// Bytes of the random nonce that stands in front.
const NONCE: usize = 24;

/// The key of the host, kept beside the database and not in it.
#[derive(Clone)]
pub struct Seal(XChaCha20Poly1305);

/// Why a sealed secret cannot be read.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum SealError {
    #[error("the sealed secret is cut short")]
    Short,
    /// Also a secret that was moved to another skill or name.
    #[error("the sealed secret does not belong to this key, skill and name; set it again")]
    Foreign,
}

impl Seal {
    pub fn new(key: [u8; 32]) -> Self {
        Self(XChaCha20Poly1305::new(&key.into()))
    }

    /// Nonce, then ciphertext and tag: 40 bytes more than the value.
    pub fn seal(&self, skill: &str, name: &str, value: &str) -> Vec<u8> {
        let nonce: [u8; NONCE] = rand::random();
        let bound = bound_to(skill, name);
        let payload = Payload { msg: value.as_bytes(), aad: &bound };
        let sealed = self.0.encrypt(&XNonce::from(nonce), payload).expect("only a value of gigabytes is too long");
        [&nonce[..], &sealed].concat()
    }

    /// The value that was sealed for this skill and name.
    pub fn open(&self, skill: &str, name: &str, sealed: &[u8]) -> Result<SecretString, SealError> {
        let (nonce, sealed) = sealed.split_first_chunk::<NONCE>().ok_or(SealError::Short)?;
        let bound = bound_to(skill, name);
        let payload = Payload { msg: sealed, aad: &bound };
        let value = self.0.decrypt(&XNonce::from(*nonce), payload).map_err(|_| SealError::Foreign)?;
        String::from_utf8(value).map(SecretString::from).map_err(|_| SealError::Foreign)
    }
}

/// Skill and name so that no two pairs read the same.
fn bound_to(skill: &str, name: &str) -> Vec<u8> {
    let length = (skill.len() as u64).to_be_bytes();
    [b"skillet secret 1", &length[..], skill.as_bytes(), name.as_bytes()].concat()
}

#[cfg(test)]
mod tests {
    use super::{Seal, SealError};
    use secrecy::ExposeSecret;

    #[test]
    fn what_was_sealed_opens_only_where_it_belongs() {
        let seal = Seal::new([7; 32]);
        let sealed = seal.seal("weather", "key", "s3cret value");
        assert_eq!(seal.open("weather", "key", &sealed).unwrap().expose_secret(), "s3cret value");
        assert_eq!(sealed.len(), "s3cret value".len() + 40);
        assert_ne!(sealed, seal.seal("weather", "key", "s3cret value"));
        assert!(!sealed.windows(6).any(|part| part == b"s3cret"));

        let foreign = |skill, name, sealed: &[u8]| seal.open(skill, name, sealed).unwrap_err();
        assert_eq!(foreign("news", "key", &sealed), SealError::Foreign);
        assert_eq!(foreign("weather", "key2", &sealed), SealError::Foreign);
        assert_eq!(foreign("weatherk", "ey", &sealed), SealError::Foreign);
        assert_eq!(foreign("weather", "key", &sealed[..20]), SealError::Short);
        assert_eq!(foreign("weather", "key", &sealed[..39]), SealError::Foreign);
        assert_eq!(Seal::new([8; 32]).open("weather", "key", &sealed).unwrap_err(), SealError::Foreign);
        for at in 0..sealed.len() {
            let mut bent = sealed.clone();
            bent[at] ^= 1;
            assert_eq!(foreign("weather", "key", &bent), SealError::Foreign, "byte {at}");
        }
    }
}
