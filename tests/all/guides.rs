//! The guides of the SDKs: the same chapters, and the same example, which is the template. `UPDATE_DOCS=1` puts the
//! examples in.

use std::fs;

use crate::{harness::root, manifests::up_to_date};

/// The folder of each guide, the source of its template, and its words for code in that language.
const GUIDES: [(&str, &str, &str); 8] = [
    ("", "template/src/lib.rs", "rust"),
    ("js", "js/template-ts/skill.ts", "ts"),
    ("python", "python/template/skill.py", "python"),
    ("go", "go/template/skill.go", "go"),
    ("c", "c/template/skill.c", "c"),
    ("cpp", "cpp/template/skill.cpp", "cpp"),
    ("zig", "zig/template/skill.zig", "zig"),
    ("assemblyscript", "assemblyscript/template/assembly/index.ts", "ts"),
];

const CHAPTERS: [&str; 9] =
    ["Start", "A skill", "Input and output", "Failures", "What the host lends", "Limits", "Tests", "By hand", "Traps"];

#[test]
fn every_guide_has_the_same_chapters_and_the_example_of_the_template() {
    for (folder, template, language) in GUIDES {
        let path = format!("sdk/{folder}/README.md").replace("//", "/");
        let text = fs::read_to_string(root().join(&path)).unwrap();
        let chapters: Vec<&str> = text.lines().filter_map(|line| line.strip_prefix("## ")).collect();
        assert_eq!(chapters, CHAPTERS, "{path}");
        let (before, rest) = text.split_once("\n## A skill\n").unwrap();
        let (intro, rest) =
            rest.split_once(&format!("```{language}\n")).unwrap_or_else(|| panic!("{path}: no {language}"));
        let (_, after) = rest.split_once("\n```\n").unwrap();
        let example = example(&fs::read_to_string(root().join("sdk").join(template)).unwrap());
        up_to_date(&path, &format!("{before}\n## A skill\n{intro}```{language}\n{example}\n```\n{after}"));
    }
}

/// What a template says of its skill, without its native tests.
fn example(source: &str) -> String {
    let (skill, _) = source.split_once("#[cfg(test)]").unwrap_or((source, ""));
    skill.replace("{{Type}}", "Greet").trim().to_owned()
}
