//! Memory: linear, tables, instances, handles, and what passes between guest and host.

use futures_util::future::join_all;
use serde_json::json;
use std::fmt::Write;

use super::{
    case::{Case, How, answers, deed, ends, refused},
    ground::Ground,
    guest::{Bare, Body, holds, parts, returns, runs},
};
use crate::harness::{guests, manifest::Manifest};

const LOG: &str = "(import \"skillet:skill/log@0.1.0\" \"write\" (func $log (param i32 i32 i32)))";
const RANDOM: &str = "(import \"skillet:skill/random@0.1.0\" \"bytes\" (func $random (param i32 i32)))";

const MEMORY: &[&str] = &["out-of-memory"];

/// What a component is refused for that the engine has no place for.
const NO_PLACE: &[&str] = &["compile-limit", "does-not-compile"];

/// What is refused since the host does not run the proposal that it needs.
const INVALID: &[&str] = &["invalid-component"];

/// Takes memory until there is none, and dirties all of it.
const DIRTY: &str = "(loop $on (br_if $on (i32.ne (memory.grow (i32.const 16)) (i32.const -1))))
    (memory.fill (i32.const 131072) (i32.const 7) (i32.sub (i32.mul (memory.size) (i32.const 65536)) (i32.const 131072)))
    unreachable";

pub fn cases() -> Vec<Case> {
    let mut cases = structure();
    cases.extend(abi());
    cases
}

fn structure() -> Vec<Case> {
    vec![
        Case::new(
            "S9",
            "eight guests at once that take and dirty all of their 64 MiB, three times over",
            "each ends as `out-of-memory` at its cap, and the host's memory is back after the group",
            deed!(dirty_crowd),
        ),
        Case::new(
            "S10",
            "seven memories in one component, each under the cap of 16 MiB",
            "their sum is capped",
            How::Call(
                |m| seven_memories(&m.limit("memory_mb", 16)),
                ends(MEMORY)
                    .check(|answer| assert!(answer["peak_memory_bytes"].as_u64().unwrap() <= 16 << 20, "{answer:#}")),
            ),
        ),
        Case::new(
            "S11",
            "tables of 2^32 elements, tables with 64-bit indexes, a thousand core instances",
            "all refused at the upload, each within 5 s",
            deed!(too_much_structure),
        ),
        Case::new(
            "S12",
            "recursion without end through a table",
            "a trap of the guest, not of the host",
            How::Call(
                |m| {
                    Body {
                        fields: "(type $t (func)) (table 1 funcref) (elem (i32.const 0) $r)
                    (func $r (call_indirect (type $t) (i32.const 0)))",
                        run: "(call $r)",
                        ..Body::default()
                    }
                    .make(&m)
                },
                ends(&["trap"]).text("stack"),
            ),
        ),
        Case::new(
            "W9",
            "`memory.grow` until it is refused, then a trap",
            "named by its cause",
            How::Call(
                |m| guests::grow(&m),
                ends(MEMORY)
                    .check(|answer| assert!(answer["peak_memory_bytes"].as_u64().unwrap() <= 32 << 20, "{answer:#}")),
            ),
        ),
        Case::new(
            "W10",
            "the same with every byte dirtied",
            "named by its cause",
            How::Call(|m| runs(DIRTY, &m.limit("memory_mb", 64)), ends(MEMORY)),
        ),
        Case::new(
            "W11",
            "`(memory 65536)`, 4 GiB",
            "there is no place for it",
            How::Upload(|m| Body { memory: "65536", ..Body::default() }.make(&m), refused(NO_PLACE, "")),
        ),
        Case::new(
            "W14",
            "`(table 10000000 funcref)`",
            "there is no place for it",
            How::Upload(
                |m| Body { fields: "(table 10000000 funcref)", ..Body::default() }.make(&m),
                refused(NO_PLACE, ""),
            ),
        ),
        Case::new(
            "W15",
            "`table.grow` by 1,000 until it is refused",
            "elements of tables count like memory",
            How::Call(
                |m| {
                    Body {
                        fields: "(table $t 0 funcref)",
                        run: "(loop $on (br_if $on (i32.ne (table.grow $t (ref.null func) (i32.const 1000)) \
             (i32.const -1)))) unreachable",
                        ..Body::default()
                    }
                    .make(&m)
                },
                ends(MEMORY),
            ),
        ),
        Case::new(
            "W20",
            "an active data segment out of bounds",
            "it begins once at the upload, and does not get far",
            How::Upload(
                |m| Body { fields: "(data (i32.const 1200000) \"x\")", ..Body::default() }.make(&m),
                refused(&["does-not-link"], "does not begin"),
            ),
        ),
        Case::new(
            "W36",
            "`resource.new` in a loop",
            "handles are counted",
            How::Call(|m| handles(&m), ends(&["too-many-handles"])),
        ),
        Case::new(
            "W41",
            "50 core instances with a memory each",
            "there is no place for it",
            How::Upload(|m| parts(50, "(memory 1)", &m), refused(NO_PLACE, "")),
        ),
    ]
}

fn abi() -> Vec<Case> {
    vec![
        Case::new(
            "S14",
            "a string of 30 MB as an argument",
            "cut before it is copied",
            How::Call(
                |m| {
                    Body {
                        imports: LOG,
                        memory: "500",
                        run: "(call $log (i32.const 1) (i32.const 131072) (i32.const 30000000))",
                        ..Body::default()
                    }
                    .make(&m)
                },
                ends(&["too-much-data"]),
            ),
        ),
        Case::new(
            "S15",
            "2^32 - 1 random bytes",
            "1,024 come",
            How::Call(
                |m| {
                    Body {
                        imports: RANDOM,
                        run: "(call $random (i32.const -1) (i32.const 64))
                    (if (i32.ne (i32.load (i32.const 68)) (i32.const 1024)) (then unreachable))",
                        ..Body::default()
                    }
                    .make(&m)
                },
                answers(),
            ),
        ),
        Case::new(
            "W8",
            "`cabi_realloc` returns -16",
            "a trap",
            How::Call(|m| Body { realloc: "(i32.const -16)", ..Body::default() }.make(&m), ends(&["trap"])),
        ),
        Case::new(
            "W22",
            "a result at -16, 100 bytes long",
            "a trap",
            How::Call(
                |m| {
                    returns(
                        "",
                        "(i32.store (i32.const 20) (i32.const -16)) (i32.store (i32.const 24) (i32.const 100)) \
             (return (i32.const 16))",
                        &m,
                    )
                },
                ends(&["trap"]),
            ),
        ),
        Case::new(
            "W23",
            "a result of 60 MiB, in bounds",
            "cut before it is copied",
            How::Call(
                |m| {
                    Body {
                        memory: "1000",
                        run:
                            "(i32.store (i32.const 20) (i32.const 1024)) (i32.store (i32.const 24) (i32.const 62914560))
                    (return (i32.const 16))",
                        ..Body::default()
                    }
                    .make(&m.limit("memory_mb", 64))
                },
                ends(&["output-too-large"]),
            ),
        ),
        Case::new(
            "W25",
            "a result of the bytes `ff fe 80`",
            "a trap",
            How::Call(
                |m| {
                    returns(
                        "(data (i32.const 1024) \"\\ff\\fe\\80\")",
                        "(i32.store (i32.const 20) (i32.const 1024)) (i32.store (i32.const 24) (i32.const 3)) \
             (return (i32.const 16))",
                        &m,
                    )
                },
                ends(&["trap"]).text("utf-8"),
            ),
        ),
        Case::new(
            "W26",
            "the seventh case of a result, which has two",
            "a trap",
            How::Call(
                |m| returns("", "(i32.store8 (i32.const 16) (i32.const 7)) (return (i32.const 16))", &m),
                ends(&["trap"]),
            ),
        ),
        Case::new(
            "W27",
            "a result area at -4",
            "a trap",
            How::Call(|m| returns("", "(return (i32.const -4))", &m), ends(&["trap"])),
        ),
    ]
}

#[tokio::test]
async fn limits_of_memory_hold() {
    let ground = Ground::start(&[]).await;
    ground.suffer(cases()).await;
}

fn handles(manifest: &Manifest) -> Vec<u8> {
    Bare {
        before: "(type $thing (resource (rep i32))) (core func $new (canon resource.new $thing))
            (core instance $host (export \"new\" (func $new)))"
            .into(),
        imports: "(import \"host\" \"new\" (func $new (param i32) (result i32)))".into(),
        with: "(with \"host\" (instance $host))".into(),
        run: "(loop $on (drop (call $new (i32.const 1))) (br $on))".into(),
        ..Bare::default()
    }
    .make(manifest)
}

fn seven_memories(manifest: &Manifest) -> Vec<u8> {
    let mut bare = Bare {
        before: "(core module $part (memory 1) (func (export \"grow\") (result i32) (memory.grow (i32.const 16))))"
            .into(),
        with: "(with \"host\" (instance $host))".into(),
        ..Bare::default()
    };
    let mut host = String::from("(core instance $host");
    for part in 0..7 {
        let _ = write!(
            bare.before,
            "(core instance $p{part} (instantiate $part)) (alias core export $p{part} \"grow\" (core \
             func $g{part}))"
        );
        let _ = write!(host, "(export \"grow{part}\" (func $g{part}))");
        let _ = write!(bare.imports, "(import \"host\" \"grow{part}\" (func $grow{part} (result i32)))");
        let _ = write!(bare.run, "(loop $on (br_if $on (i32.ne (call $grow{part}) (i32.const -1))))");
    }
    bare.before += &host;
    bare.before += ")";
    bare.run += "unreachable";
    bare.make(manifest)
}

async fn dirty_crowd(ground: &Ground) {
    ground.install(runs(DIRTY, &Manifest::new("dirty").timeout_s(10.0).limit("memory_mb", 64))).await;
    let input = json!({});
    for _ in 0..3 {
        for answer in join_all((0..8).map(|_| ground.call("dirty", &input))).await {
            assert_eq!(answer["failure"]["kind"], "out-of-memory", "{answer:#}");
        }
    }
}

async fn too_much_structure(ground: &Ground) {
    let manifest = Manifest::new("structure");
    for (component, refusal) in [
        (holds("(table 4294967295 funcref)", &manifest), refused(&["invalid-component", "no-export"], "")),
        (holds("(table i64 1 funcref)", &manifest), refused(INVALID, "memory64")),
        (parts(1_000, "", &manifest), refused(&["compile-limit"], "core instances")),
        (
            Body { fields: "(table 4294967295 funcref)", ..Body::default() }.make(&manifest),
            refused(&["invalid-component", "compile-limit", "does-not-compile"], ""),
        ),
    ] {
        ground.upload_is_refused(component, &refusal).await;
    }
}
