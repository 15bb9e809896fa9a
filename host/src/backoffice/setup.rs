//! The code on the terminal that makes whoever reads it the owner.

use rand::RngExt;
use std::{
    fmt,
    sync::{Mutex, PoisonError},
};

use super::token::same_secret;

/// No letter or digit that is taken for another.
const LETTERS: &[u8] = b"ABCDEFGHJKMNPQRSTUVWXYZ23456789";

/// Wrong tries until the code is void: 31^8 codes cannot be guessed in ten.
const MAX_TRIES: u32 = 10;

/// A one-time code, kept in memory only.
pub struct SetupCode {
    code: String,
    /// Wrong tries left; 0 once the code is void. Held for a comparison.
    tries: Mutex<u32>,
}

/// Why a code was not accepted.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum SetupError {
    #[error("this is not the code on the terminal")]
    Wrong,
    #[error("the code is void; restart Skillet to get a new one")]
    Void,
}

impl SetupCode {
    /// A new code, such as `K7QM-2FXD`.
    pub fn fresh() -> Self {
        let mut random = rand::rng();
        let letters: Vec<char> = (0..8).map(|_| char::from(LETTERS[random.random_range(0..LETTERS.len())])).collect();
        let code = format!("{}-{}", String::from_iter(&letters[..4]), String::from_iter(&letters[4..]));
        Self { code, tries: Mutex::new(MAX_TRIES) }
    }

    /// The code, to be printed on the terminal and nowhere else.
    pub fn code(&self) -> &str {
        &self.code
    }

    /// Compares; case, spaces and the dash do not matter. A wrong try counts.
    pub fn check(&self, given: &str) -> Result<(), SetupError> {
        let mut tries = self.lock();
        if *tries == 0 {
            return Err(SetupError::Void);
        }
        if same_secret(&plain(&self.code), &plain(given)) {
            return Ok(());
        }
        *tries -= 1;
        if *tries == 0 {
            tracing::warn!("the set-up code was tried too often and is void");
        }
        Err(SetupError::Wrong)
    }

    /// Ends the code's life: there is an owner now.
    pub fn void(&self) {
        *self.lock() = 0;
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, u32> {
        self.tries.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl fmt::Debug for SetupCode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("SetupCode(…)")
    }
}

fn plain(code: &str) -> String {
    code.chars().filter(char::is_ascii_alphanumeric).map(|c| c.to_ascii_uppercase()).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_code_works_until_it_is_used_or_tried_too_often() {
        let setup = SetupCode::fresh();
        let code = setup.code().to_owned();
        assert_eq!(setup.check(&code.to_lowercase().replace('-', " ")), Ok(()));
        setup.void();
        assert_eq!(setup.check(&code), Err(SetupError::Void));

        let setup = SetupCode::fresh();
        let code = setup.code().to_owned();
        for _ in 0..MAX_TRIES {
            assert_eq!(setup.check("AAAA-AAA1"), Err(SetupError::Wrong));
        }
        assert_eq!(setup.check(&code), Err(SetupError::Void));
    }
}
