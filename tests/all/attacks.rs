//! Attacks on the sandbox: hostile guests, hostile servers, hostile uploads, and what must come of each.
//!
//! A case is a row of data, made on the real binary: a component and how its call or its upload ends, a request of a
//! guest and what comes of it, or a deed that takes more. After each the host must answer a call and say that it is
//! well; after each group it must not have grown. `host/docs/attacks.md` is the table of all of them.
#![expect(clippy::too_many_lines, reason = "a group's cases are one list")]

mod bombs;
mod case;
mod cpu;
mod crowds;
mod engine;
pub mod fetch;
mod ground;
pub mod guest;
mod lab;
mod memory;
mod network;
mod orchestration;
mod output;
mod secrets;
pub mod server;
mod traffic;
mod upload;

use std::{collections::BTreeMap, fmt::Write, fs, path::PathBuf};

use self::case::{Case, How};
use crate::harness::root;

/// The sets of cases: their letter, how many there are, and what they are about.
const SETS: [(char, usize, &str); 4] = [
    ('S', 66, "what a host of skills must survive: guests, uploads, network, secrets, calls"),
    ('W', 41, "components that mean harm to the engine"),
    ('H', 19, "requests and servers that mean harm to the one door to the network"),
    ('X', 11, "crowds, swaps and callers that leave"),
];

fn groups() -> [(&'static str, Vec<Case>); 10] {
    [
        ("cpu", cpu::cases()),
        ("memory", memory::cases()),
        ("output", output::cases()),
        ("upload", upload::cases()),
        ("bombs", bombs::cases()),
        ("engine", engine::cases()),
        ("network", network::cases()),
        ("traffic", traffic::cases()),
        ("secrets", secrets::cases()),
        ("orchestration", orchestration::cases()),
    ]
}

/// Every case with its group, in the order of the sets.
fn all() -> Vec<(&'static str, Case)> {
    let mut all: Vec<_> =
        groups().into_iter().flat_map(|(group, cases)| cases.into_iter().map(move |case| (group, case))).collect();
    all.sort_by_key(|(_, case)| place(case.id));
    all
}

/// Set and number.
fn place(id: &str) -> (usize, usize) {
    let set = SETS.iter().position(|(letter, ..)| id.starts_with(*letter)).expect("an id begins with its set");
    (set, id[1..].parse().expect("an id ends with its number"))
}

#[test]
fn every_case_is_there_once() {
    let mut ids: BTreeMap<(usize, usize), usize> = BTreeMap::new();
    for (_, case) in all() {
        *ids.entry(place(case.id)).or_default() += 1;
    }
    for (set, (letter, count, _)) in SETS.iter().enumerate() {
        for number in 1..=*count {
            assert_eq!(ids.remove(&(set, number)), Some(1), "{letter}{number}");
        }
    }
    assert!(ids.is_empty(), "{ids:?}");
}

#[test]
fn every_test_that_is_named_is_there() {
    for (_, case) in all() {
        assert!(!matches!(case.how, How::Elsewhere) || !case.also.is_empty(), "{}: nothing proves it", case.id);
        for name in case.also {
            let (file, test) = source_of(name);
            let source = fs::read_to_string(&file).unwrap_or_else(|_| panic!("{}: there is no {file:?}", case.id));
            assert!(source.contains(&format!("fn {test}(")), "{}: there is no `{test}` in {file:?}", case.id);
        }
    }
}

/// The file that holds a test, and its name.
fn source_of(name: &str) -> (PathBuf, &str) {
    let (folder, path) = match name.strip_prefix("host::") {
        Some(path) => ("host/src", path),
        None => ("tests/all", name),
    };
    let (modules, test) = path.rsplit_once("::").expect("a test stands in a file");
    (root().join(folder).join(modules.replace("::", "/")).with_extension("rs"), test)
}

/// `UPDATE_DOCS=1` writes the page.
#[test]
fn the_page_is_up_to_date() {
    let file = root().join("host/docs/attacks.md");
    let page = page();
    if std::env::var_os("UPDATE_DOCS").is_some() {
        fs::create_dir_all(file.parent().unwrap()).unwrap();
        fs::write(&file, page).unwrap();
        return;
    }
    let written = fs::read_to_string(&file).unwrap_or_default();
    assert!(written == page, "host/docs/attacks.md is not what the cases say; `UPDATE_DOCS=1` writes it");
}

fn page() -> String {
    let all = all();
    let mut page = String::from(
        "# Attacks on the sandbox\n\n\
         Generated from the cases in `tests/all/attacks/`, and compared with them by a test. Each case is made on the \
         real binary (X1 to X3 and S65 on its skills by themselves); afterwards the host must answer a call rightly \
         within three seconds and say that it is well, and after each group its memory must be back. Bounds in time are \
         those of a loaded machine and an unoptimised build; a case without one of its own has 60 s.\n\n",
    );
    for (letter, _, about) in SETS {
        let _ = writeln!(page, "- **{letter}**: {about}.");
    }
    let count = |what: fn(&How) -> bool| all.iter().filter(|(_, case)| what(&case.how)).count();
    let lacking = all.iter().filter(|(_, case)| !case.lacks.is_empty()).count();
    let elsewhere = count(|how| matches!(how, How::Elsewhere));
    let not_met = count(|how| matches!(how, How::NotMet(_)));
    let _ = writeln!(
        page,
        "\n{} cases: {} are tried by this suite, {elsewhere} are proved by other tests, {not_met} not met. Of those that \
         are, {lacking} hold in part.\n\n\
         | | attack | what must come of it | proved by |\n|---|---|---|---|",
        all.len(),
        all.len() - elsewhere - not_met,
    );
    for (group, case) in &all {
        let _ = writeln!(
            page,
            "| {} | {} | {} | {} |",
            case.id,
            cell(case.attack),
            cell(&case.outcome()),
            proof(group, case)
        );
    }
    page
}

fn proof(group: &str, case: &Case) -> String {
    let mut proofs: Vec<String> = Vec::new();
    match &case.how {
        How::Elsewhere => {}
        How::NotMet(reason) => proofs.push(format!("**Not met.** {}", cell(reason))),
        _ => proofs.push(format!("`attacks::{group}`")),
    }
    proofs.extend(case.also.iter().map(|name| format!("`{name}`")));
    let mut proof = proofs.join(", ");
    if !case.lacks.is_empty() {
        let _ = write!(proof, ". **In part:** {}", cell(case.lacks));
    }
    proof
}

/// A text in a cell of a table.
fn cell(text: &str) -> String {
    text.replace('|', "\\|")
}
