//! In place of the host's `kv`.

use super::with;
pub use crate::bindings::skillet::skill::kv::Error;

#[expect(clippy::unnecessary_wraps, reason = "it stands for one that may refuse")]
pub fn get(key: &str) -> Result<Option<Vec<u8>>, Error> {
    Ok(with(|host| host.kept.get(key).cloned()))
}

#[expect(clippy::unnecessary_wraps, reason = "it stands for one that may refuse")]
pub fn set(key: &str, value: &[u8]) -> Result<(), Error> {
    with(|host| host.kept.insert(key.to_owned(), value.to_owned()));
    Ok(())
}

pub fn compare_and_set(key: &str, expected: Option<&[u8]>, value: &[u8]) -> Result<bool, Error> {
    let same = get(key)?.as_deref() == expected;
    if same {
        set(key, value)?;
    }
    Ok(same)
}

#[expect(clippy::unnecessary_wraps, reason = "it stands for one that may refuse")]
pub fn delete(key: &str) -> Result<(), Error> {
    with(|host| host.kept.remove(key));
    Ok(())
}

#[expect(clippy::unnecessary_wraps, reason = "it stands for one that may refuse")]
pub fn list_keys(prefix: &str, limit: u32) -> Result<Vec<String>, Error> {
    let keys = |host: &mut super::Host| {
        let keys = host.kept.keys().filter(|key| key.starts_with(prefix));
        keys.take(limit as usize).cloned().collect()
    };
    Ok(with(keys))
}

#[cfg(test)]
mod tests {
    use crate::{Failure, kv, testing};

    #[test]
    fn what_is_kept_is_found_until_it_is_forgotten() -> Result<(), Failure> {
        testing::start(0);
        kv::set("a/1", b"x")?;
        kv::set_json("a/2", &[1, 2])?;
        assert_eq!((kv::get("a/1")?, kv::get_json("a/2")?), (Some(b"x".to_vec()), Some([1, 2])));
        assert!(kv::compare_and_set("a/1", Some(b"x"), b"y")? && !kv::compare_and_set("a/1", None, b"z")?);
        assert_eq!((kv::keys("a/", 1)?, kv::keys("b", 9)?), (vec!["a/1".to_owned()], Vec::new()));
        kv::delete("a/1")?;
        assert_eq!(kv::get("a/1")?, None);
        Ok(())
    }
}
