//! Bearer tokens: how they look, what they may do, and what is kept of them.

use sha2::{Digest, Sha256};

/// What every token begins with, so that scanners for leaked secrets can know one.
const PREFIX: &str = "skt_";

/// What a token may be used for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Scope {
    /// Talk to the agent; read conversations and turns.
    Chat,
    /// Upload, activate, grant, configure and call skills.
    Skills,
    /// Read and change what is remembered.
    Memory,
    Jobs,
    Usage,
    /// Everything, settings and tokens included.
    Admin,
}

/// The words of all scopes.
pub const SCOPES: [&str; 6] = ["chat", "skills", "memory", "jobs", "usage", "admin"];

impl Scope {
    pub const ALL: [Self; 6] = [Self::Chat, Self::Skills, Self::Memory, Self::Jobs, Self::Usage, Self::Admin];

    /// The word in tokens, on the command line and in the API.
    pub fn word(self) -> &'static str {
        match self {
            Self::Chat => "chat",
            Self::Skills => "skills",
            Self::Memory => "memory",
            Self::Jobs => "jobs",
            Self::Usage => "usage",
            Self::Admin => "admin",
        }
    }

    pub fn from_word(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|scope| scope.word() == word)
    }

    /// Whether a token with these scopes has this one; admin implies all.
    pub fn is_in(self, scopes: &[String]) -> bool {
        scopes.iter().any(|word| word == self.word() || word == Self::Admin.word())
    }
}

/// A fresh token.
pub fn new_token() -> String {
    format!("{PREFIX}{}", new_secret())
}

/// 256 random bits, for what has no name of its own.
pub fn new_secret() -> String {
    hex::encode(rand::random::<[u8; 32]>())
}

/// The hash that a token is known by. A token is random, so that a plain hash cannot be guessed back.
pub fn hash_token(token: &str) -> String {
    hex::encode(Sha256::digest(token))
}

/// Whether two secrets are the same, in a time that does not tell where they differ.
pub fn same_secret(one: &str, other: &str) -> bool {
    !one.is_empty() && blake3::hash(one.as_bytes()) == blake3::hash(other.as_bytes())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn scopes_have_their_words() {
        assert_eq!(Scope::ALL.map(Scope::word), SCOPES);
        assert!(Scope::Jobs.is_in(&["admin".to_owned()]) && !Scope::Admin.is_in(&["jobs".to_owned()]));
    }

    #[test]
    fn tokens_are_fresh_and_hashes_are_stable() {
        let (one, two) = (new_token(), new_token());
        assert_ne!(one, two);
        assert!(one.starts_with("skt_") && one.len() == 68);
        assert_eq!(hash_token("skt_x"), "06621c06dbe10586c04816a408a052e57215804cbff918fe481f2b8348961495");
        assert!(same_secret(&one, &one.clone()) && !same_secret(&one, &two));
    }
}
