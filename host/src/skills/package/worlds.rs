//! The worlds that a core module says it is written against, before anything is made of them.

use std::collections::{BTreeMap, BTreeSet};
use wasmparser::Payload;

use super::{PackageError, WORLD_SECTION_PREFIX, top_level};

/// Packages by name, each with those that it names.
type Packages = BTreeMap<String, BTreeSet<String>>;

/// Refuses packages that need each other in a ring: whoever puts worlds together goes round in it without end.
pub fn check(core_module: &[u8]) -> Result<(), PackageError> {
    let mut packages = Packages::new();
    for section in top_level(core_module) {
        if let Payload::CustomSection(section) = section?
            && section.name().starts_with(WORLD_SECTION_PREFIX)
            // What cannot be read is named by whoever puts the worlds together.
            && let Ok((resolve, _)) = wit_parser::decoding::decode_world(section.data())
        {
            for (id, package) in &resolve.packages {
                let needed = resolve.package_direct_deps(id).map(|needed| resolve.packages[needed].name.to_string());
                packages.entry(package.name.to_string()).or_default().extend(needed);
            }
        }
    }
    let ring = ring(packages);
    if ring.is_empty() {
        return Ok(());
    }
    let reason = format!("its packages need each other: {}", ring.join(", "));
    Err(PackageError::CoreDoesNotFit { reason })
}

/// The packages of a ring, or that need one; none where each comes after all that it needs.
fn ring(mut packages: Packages) -> Vec<String> {
    loop {
        let waits = |needed: &BTreeSet<String>| needed.iter().any(|one| packages.contains_key(one));
        let ready: Vec<String> =
            packages.iter().filter(|(_, needed)| !waits(needed)).map(|(name, _)| name.clone()).collect();
        if ready.is_empty() {
            return packages.into_keys().collect();
        }
        packages.retain(|name, _| !ready.contains(name));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_ring_is_found_and_a_chain_is_none() {
        let packages = |needs: &[(&str, &[&str])]| -> Packages {
            let of = |names: &[&str]| names.iter().map(|name| (*name).to_owned()).collect();
            needs.iter().map(|(name, needed)| ((*name).to_owned(), of(needed))).collect()
        };
        assert!(ring(packages(&[("a", &["b", "c"]), ("b", &["c"]), ("c", &["elsewhere"])])).is_empty());
        assert_eq!(ring(packages(&[("a", &["b"]), ("b", &["a"]), ("c", &["a"]), ("d", &[])])), ["a", "b", "c"]);
        assert_eq!(ring(packages(&[("a", &["a"])])), ["a"]);
    }
}
