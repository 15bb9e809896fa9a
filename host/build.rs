//! The texts are compiled in by a macro, which does not tell cargo what it has read.

fn main() {
    println!("cargo:rerun-if-changed=locales");
}
