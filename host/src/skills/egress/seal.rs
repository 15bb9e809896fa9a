//! Secrets at rest: encrypted, and bound to the skill, the name and the place they were set for.

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

/// Whose a secret is, and where it goes.
#[derive(Clone, Copy, Debug)]
pub struct Owner<'a> {
    pub skill: &'a str,
    pub name: &'a str,
    /// Host, header and prefix: a value that was set for one host never goes to another.
    pub place: &'a str,
}

/// Why a sealed secret cannot be read.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum SealError {
    #[error("the sealed secret is cut short")]
    Short,
    /// Also a secret that was moved to another skill, name or place.
    #[error("the sealed secret does not belong to this key, skill, name and place; set it again")]
    Foreign,
}

impl Seal {
    pub fn new(key: [u8; 32]) -> Self {
        Self(XChaCha20Poly1305::new(&key.into()))
    }

    /// Nonce, then ciphertext and tag: 40 bytes more than the value.
    pub fn seal(&self, owner: &Owner<'_>, value: &str) -> Vec<u8> {
        let nonce: [u8; NONCE] = rand::random();
        let bound = owner.bound();
        let payload = Payload { msg: value.as_bytes(), aad: &bound };
        let sealed = self.0.encrypt(&XNonce::from(nonce), payload).expect("only a value of gigabytes is too long");
        [&nonce[..], &sealed].concat()
    }

    /// The value that was sealed for this owner.
    pub fn open(&self, owner: &Owner<'_>, sealed: &[u8]) -> Result<SecretString, SealError> {
        let (nonce, sealed) = sealed.split_first_chunk::<NONCE>().ok_or(SealError::Short)?;
        let bound = owner.bound();
        let payload = Payload { msg: sealed, aad: &bound };
        let value = self.0.decrypt(&XNonce::from(*nonce), payload).map_err(|_| SealError::Foreign)?;
        String::from_utf8(value).map(SecretString::from).map_err(|_| SealError::Foreign)
    }
}

impl Owner<'_> {
    /// Its parts so that no two owners read the same.
    fn bound(&self) -> Vec<u8> {
        let mut bound = b"skillet secret 2".to_vec();
        for part in [self.skill, self.name, self.place] {
            bound.extend((part.len() as u64).to_be_bytes());
            bound.extend(part.as_bytes());
        }
        bound
    }
}

#[cfg(test)]
mod tests {
    use super::{Owner, Seal, SealError};
    use secrecy::ExposeSecret;

    #[test]
    fn what_was_sealed_opens_only_where_it_belongs() {
        let seal = Seal::new([7; 32]);
        let owner = Owner { skill: "weather", name: "key", place: "one.example x-key" };
        let sealed = seal.seal(&owner, "s3cret value");
        assert_eq!(seal.open(&owner, &sealed).unwrap().expose_secret(), "s3cret value");
        assert_eq!(sealed.len(), "s3cret value".len() + 40);
        assert_ne!(sealed, seal.seal(&owner, "s3cret value"));
        assert!(!sealed.windows(6).any(|part| part == b"s3cret"));

        let foreign = |owner: Owner<'_>, sealed: &[u8]| seal.open(&owner, sealed).unwrap_err();
        assert_eq!(foreign(Owner { skill: "news", ..owner }, &sealed), SealError::Foreign);
        assert_eq!(foreign(Owner { name: "key2", ..owner }, &sealed), SealError::Foreign);
        assert_eq!(foreign(Owner { skill: "weatherk", name: "ey", ..owner }, &sealed), SealError::Foreign);
        assert_eq!(foreign(Owner { place: "other.example x-key", ..owner }, &sealed), SealError::Foreign);
        assert_eq!(foreign(owner, &sealed[..20]), SealError::Short);
        assert_eq!(foreign(owner, &sealed[..39]), SealError::Foreign);
        assert_eq!(Seal::new([8; 32]).open(&owner, &sealed).unwrap_err(), SealError::Foreign);
        for at in 0..sealed.len() {
            let mut bent = sealed.clone();
            bent[at] ^= 1;
            assert_eq!(foreign(owner, &bent), SealError::Foreign, "byte {at}");
        }
    }
}
