//! Makes the components of `src/skills/probe` from their text, since the program itself reads no
//! WebAssembly text; and tells cargo of the texts that a macro compiles in.

use std::{env, error::Error, fs, path::Path};
use wit_component::{ComponentEncoder, StringEncoding, embed_component_metadata};
use wit_parser::Resolve;

fn main() -> Result<(), Box<dyn Error>> {
    println!("cargo::rerun-if-changed=locales");
    println!("cargo::rerun-if-changed=src/skills/probe");
    println!("cargo::rerun-if-changed=../wit/v0");
    let out = env::var("OUT_DIR")?;
    let out = Path::new(&out);
    let mut resolve = Resolve::default();
    let (contract, _) = resolve.push_dir("../wit/v0")?;
    let world = resolve.select_world(&[contract], Some("skill-world"))?;
    let mut module = wat::parse_file("src/skills/probe/limits.wat")?;
    embed_component_metadata(&mut module, &resolve, world, StringEncoding::UTF8)?;
    let limits = ComponentEncoder::default().validate(true).module(&module)?.encode()?;
    fs::write(out.join("limits.wasm"), limits)?;
    for name in ["handles", "start"] {
        fs::write(out.join(name).with_extension("wasm"), wat::parse_file(format!("src/skills/probe/{name}.wat"))?)?;
    }
    Ok(())
}
