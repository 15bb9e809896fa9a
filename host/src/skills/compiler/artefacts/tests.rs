use super::*;
use std::os::unix::fs::PermissionsExt;

use crate::skills::engine;

/// A data folder that is removed when this is dropped.
struct Folder(PathBuf);

impl Folder {
    fn new(name: &str) -> Self {
        let path = std::env::temp_dir().join(format!("skillet-artefacts-{}-{name}", std::process::id()));
        fs::create_dir_all(&path).unwrap();
        Self(path)
    }

    fn open(&self) -> Artefacts {
        Artefacts::open(engine::running(1, 1 << 20).unwrap(), &self.0).unwrap()
    }

    fn files(&self) -> Vec<PathBuf> {
        let mut files: Vec<_> =
            fs::read_dir(self.0.join("cache")).unwrap().map(|entry| entry.unwrap().path()).collect();
        files.retain(|file| !file.ends_with(LOCK));
        files.sort();
        files
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        let _ = fs::remove_dir_all(&self.0);
    }
}

/// Machine code of the smallest component.
fn code() -> Vec<u8> {
    engine::compiling().unwrap().precompile_component(b"\0asm\x0d\0\x01\0").unwrap()
}

#[test]
fn what_is_kept_is_found_also_by_the_next_process_and_is_private() {
    let folder = Folder::new("kept");
    let artefacts = folder.open();
    assert!(artefacts.find("a").is_none());
    artefacts.keep("a", &code()).unwrap();
    assert!(artefacts.find("a").is_some() && folder.open().find("a").is_some());
    assert!(artefacts.find("b").is_none());
    assert_eq!(folder.files().len(), 2);
    for file in folder.files() {
        assert_eq!(fs::metadata(&file).unwrap().permissions().mode() & 0o777, 0o600, "{}", file.display());
    }
    assert_eq!(fs::metadata(folder.0.join("cache")).unwrap().permissions().mode() & 0o777, 0o700);
    artefacts.forget("a").unwrap();
    artefacts.forget("a").unwrap();
    assert!(artefacts.find("a").is_none() && folder.files().is_empty());
}

#[test]
fn what_was_touched_is_not_loaded_by_those_who_know_it_either() {
    let folder = Folder::new("touched");
    let artefacts = folder.open();
    artefacts.keep("a", &code()).unwrap();
    let path = artefacts.path("a");
    let whole = fs::read(&path).unwrap();
    let mut other = whole.clone();
    *other.last_mut().unwrap() ^= 1;
    fs::write(&path, &other).unwrap();
    assert!(artefacts.find("a").is_none() && folder.open().find("a").is_none(), "a byte differs");
    fs::write(&path, &whole).unwrap();
    assert!(artefacts.find("a").is_some(), "it is whole again");

    fs::copy(&path, artefacts.path("b")).unwrap();
    fs::copy(path.with_extension("mac"), artefacts.path("b").with_extension("mac")).unwrap();
    assert!(artefacts.find("b").is_none(), "code and MAC of another component");
    fs::write(path.with_extension("mac"), [0; 32]).unwrap();
    assert!(folder.open().find("a").is_none(), "another MAC");
    fs::write(path.with_extension("mac"), b"short").unwrap();
    assert!(folder.open().find("a").is_none(), "a MAC cut short");
    fs::remove_file(path.with_extension("mac")).unwrap();
    assert!(folder.open().find("a").is_none(), "no MAC");
    artefacts.keep("a", &code()).unwrap();
    fs::write(folder.0.join("host.key"), [7; 32]).unwrap();
    assert!(folder.open().find("a").is_none(), "another host's key");
}

#[test]
fn what_does_not_load_is_not_found() {
    let folder = Folder::new("load");
    let artefacts = folder.open();
    assert!(artefacts.keep("a", b"no machine code").is_err());
    assert!(artefacts.find("a").is_none());
}

#[test]
fn a_sweep_leaves_what_belongs_to_a_version_and_to_this_engine() {
    let folder = Folder::new("sweep");
    let artefacts = folder.open();
    for digest in ["a", "b"] {
        artefacts.keep(digest, &code()).unwrap();
    }
    let cache = folder.0.join("cache");
    for orphan in ["a-0123456789abcdef.cwasm", "a-0123456789abcdef.mac", "stray"] {
        fs::write(cache.join(orphan), b"x").unwrap();
    }
    fs::write(artefacts.path("a").with_extension("cwasm.99.part"), b"x").unwrap();
    assert_eq!(artefacts.sweep(&["a".to_owned(), "c".to_owned()]).unwrap(), 6);
    assert_eq!(folder.files(), [artefacts.path("a"), artefacts.path("a").with_extension("mac")]);
    assert!(artefacts.find("a").is_some());
    assert_eq!(artefacts.sweep(&["a".to_owned()]).unwrap(), 0);
}
