//! The owner's password: argon2id with its default parameters, off the runtime's threads.

use argon2::{
    Argon2, PasswordHasher, PasswordVerifier,
    password_hash::{self, PasswordHash, SaltString},
};
use tokio::task::spawn_blocking;

use super::super::error::{Kind, Problem, Result};

pub const MIN_PASSWORD_CHARS: usize = 8;

/// Longest password: hashing is work that a stranger can ask for.
const MAX_PASSWORD_BYTES: usize = 1_024;

/// Hashes a new password, if it is long enough.
pub async fn hash_password(password: String) -> Result<String> {
    if password.chars().count() < MIN_PASSWORD_CHARS {
        let detail = format!("A password has {MIN_PASSWORD_CHARS} characters at least.");
        return Err(Problem::new(Kind::WeakPassword, detail));
    }
    if password.len() > MAX_PASSWORD_BYTES {
        return Err(Problem::new(Kind::TooLarge, format!("A password has {MAX_PASSWORD_BYTES} bytes at most.")));
    }
    let hashed = spawn_blocking(move || {
        let salt = SaltString::encode_b64(&rand::random::<[u8; 16]>())?;
        Argon2::default().hash_password(password.as_bytes(), &salt).map(|hash| hash.to_string())
    });
    finished(hashed.await)
}

/// Whether this is the password behind the hash.
pub async fn verify_password(password: String, hash: String) -> Result<bool> {
    if password.len() > MAX_PASSWORD_BYTES {
        return Ok(false);
    }
    let verified = spawn_blocking(move || {
        match Argon2::default().verify_password(password.as_bytes(), &PasswordHash::new(&hash)?) {
            Ok(()) => Ok(true),
            Err(password_hash::Error::Password) => Ok(false),
            Err(error) => Err(error),
        }
    });
    finished(verified.await)
}

fn finished<T>(
    outcome: std::result::Result<std::result::Result<T, password_hash::Error>, tokio::task::JoinError>,
) -> Result<T> {
    match outcome {
        Ok(Ok(value)) => Ok(value),
        Ok(Err(error)) => Err(Problem::internal(&std::io::Error::other(error.to_string()))),
        Err(error) => Err(Problem::internal(&error)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn only_the_right_password_verifies() {
        let hash = hash_password("correct horse".into()).await.unwrap();
        assert!(verify_password("correct horse".into(), hash.clone()).await.unwrap());
        assert!(!verify_password("Correct horse".into(), hash).await.unwrap());
        assert_eq!(hash_password("short".into()).await.unwrap_err().kind, Kind::WeakPassword);
    }
}
