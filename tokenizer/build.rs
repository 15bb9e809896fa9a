//! Writes the vocabulary of `tiktoken-rs` as a table that needs no loading.

#[path = "src/vocabulary.rs"]
mod vocabulary;

use std::{env, error::Error, fs, path::PathBuf};
use vocabulary::{RANK, SLOT, SLOTS, home};

fn main() -> Result<(), Box<dyn Error>> {
    for input in ["build.rs", "src/vocabulary.rs"] {
        println!("cargo::rerun-if-changed={input}");
    }
    let encoding = tiktoken_rs::o200k_base_singleton();
    let mut table = vec![[0; SLOT]; SLOTS];
    // Ranks are counted from 0 without a gap; what follows them stands for no text.
    for (rank, token) in (0..).map_while(|rank| Some((u64::from(rank), encoding.decode_bytes(&[rank]).ok()?))) {
        let (start, hash) = home(&token);
        let free = (start..SLOTS).chain(0..start).find(|at| table[*at] == [0; SLOT]).ok_or("the table is full")?;
        if rank > RANK || hash == 0 {
            return Err("a token finds no place".into());
        }
        table[free] = (hash | rank).to_le_bytes();
    }
    Ok(fs::write(PathBuf::from(env::var("OUT_DIR")?).join("o200k_base"), table.as_flattened())?)
}
