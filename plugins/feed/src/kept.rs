//! What is kept of a person: the feeds that they follow, and what they were told of.

use serde::{Deserialize, Serialize, de::DeserializeOwned};
use skillet_sdk::{Failure, kv, serde_json};

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Feed {
    pub url: String,
    pub title: String,
}

/// The list of feeds.
pub const FEEDS: &str = "feeds";

/// The short ids of a feed's items that were told, the newest first.
pub fn seen(feed: &Feed) -> String {
    format!("seen/{}", short(&feed.url))
}

pub fn get<T: DeserializeOwned + Default>(key: &str) -> Result<T, Failure> {
    Ok(kv::get(key)?.map(|bytes| serde_json::from_slice(&bytes)).transpose()?.unwrap_or_default())
}

pub fn set(key: &str, value: &impl Serialize) -> Result<(), Failure> {
    Ok(kv::set(key, &serde_json::to_vec(value)?)?)
}

/// A text of any length in sixteen characters, the same in every version of this skill: FNV-1a.
pub fn short(text: &str) -> String {
    let step = |hash: u64, byte: u8| (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3);
    format!("{:016x}", text.bytes().fold(0xcbf2_9ce4_8422_2325, step))
}
