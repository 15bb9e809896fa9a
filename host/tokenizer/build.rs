//! Writes the vocabulary of `tiktoken-rs` as a table that needs no loading.

#[path = "src/vocabulary.rs"]
mod vocabulary;

use std::{env, error::Error, fs, path::PathBuf};
use vocabulary::{LONGEST, RANK, SLOT, SLOTS, home};

/// How many the vocabulary has.
const TOKENS: usize = 199_998;

fn main() -> Result<(), Box<dyn Error>> {
    for input in ["build.rs", "src/vocabulary.rs"] {
        println!("cargo::rerun-if-changed={input}");
    }
    let encoding = tiktoken_rs::o200k_base_singleton();
    let (mut table, mut count) = (vec![[0; SLOT]; SLOTS], 0);
    // Ranks are counted from 0 without a gap; what follows them stands for no text.
    for (rank, token) in (0..).map_while(|rank| Some((u64::from(rank), encoding.decode_bytes(&[rank]).ok()?))) {
        let (start, hash) = home(&token);
        let mut at = start;
        while table[at] != [0; SLOT] {
            if u64::from_le_bytes(table[at]) & !RANK == hash {
                return Err("two tokens look alike".into());
            }
            at = (at + 1) % SLOTS;
        }
        if rank > RANK || hash == 0 || token.len() > LONGEST {
            return Err("a token finds no place".into());
        }
        table[at] = (hash | rank).to_le_bytes();
        count += 1;
    }
    if count < TOKENS {
        return Err(format!("there are {count} tokens only").into());
    }
    Ok(fs::write(PathBuf::from(env::var("OUT_DIR")?).join("o200k_base"), table.as_flattened())?)
}
