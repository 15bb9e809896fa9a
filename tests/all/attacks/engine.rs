//! What the engine does not run, and what the host does not lend.

use serde_json::json;
use std::fmt::Write;

use super::{
    case::{Case, How, answers, ends, refused},
    ground::Ground,
    guest::{Body, holds, imports, whole},
};
use crate::harness::{guests, manifest::Manifest};

/// What is refused since the host does not run the proposal that it needs.
const INVALID: &[&str] = &["invalid-component"];

/// A memory and an allocator, and something else.
macro_rules! module {
    ($more:literal) => {
        concat!("(memory (export \"memory\") 17) (func $noop) ", $more)
    };
}

pub fn cases() -> Vec<Case> {
    let mut cases = proposals();
    cases.extend(worlds());
    cases.extend(wasi());
    cases
}

fn proposals() -> Vec<Case> {
    vec![
        Case::new(
            "S17",
            "streams of WASI 0.3, whose sizes a guest chooses",
            "asynchronous components are off",
            How::Upload(|m| whole("(component (type $s (stream u8)))", &m), refused(INVALID, "async")),
        ),
        Case::new(
            "W12",
            "`(memory 17) (memory 1)`",
            "several memories in a module are off",
            How::Upload(|m| holds(module!("(memory 1)"), &m), refused(INVALID, "memories")),
        ),
        Case::new(
            "W13",
            "`(memory i64 1)`",
            "64-bit memories are off",
            How::Upload(|m| holds("(memory (export \"memory\") i64 1)", &m), refused(INVALID, "memory64")),
        ),
        Case::new(
            "W16",
            "types of the garbage-collection proposal",
            "they are off",
            How::Upload(
                |m| holds(module!("(type $s (struct (field i32))) (func (drop (struct.new $s (i32.const 1))))"), &m),
                refused(INVALID, "gc"),
            ),
        ),
        Case::new(
            "W17",
            "`call_ref`",
            "typed references to functions are off",
            How::Upload(
                |m| {
                    holds(
                        module!("(type $t (func)) (elem declare func $noop) (func (call_ref $t (ref.func $noop)))"),
                        &m,
                    )
                },
                refused(INVALID, ""),
            ),
        ),
        Case::new(
            "W18",
            "`(tag $e) … (throw $e)`",
            "exceptions are off",
            How::Upload(|m| holds(module!("(tag $e) (func (throw $e))"), &m), refused(INVALID, "exceptions")),
        ),
        Case::new(
            "W19",
            "a shared memory and `memory.atomic.wait32` without end",
            "threads are off",
            How::Upload(
                |m| {
                    holds(
                        "(memory 17 17 shared)
                (func (drop (memory.atomic.wait32 (i32.const 0) (i32.const 0) (i64.const -1))))",
                        &m,
                    )
                },
                refused(INVALID, "threads"),
            ),
        ),
        Case::new(
            "W32",
            "an export lifted with `async`",
            "asynchronous components are off",
            How::Upload(
                |m| {
                    whole(
                        "(component (core module $m (func (export \"run\"))) (core instance $i (instantiate $m))
                (func (export \"run\") async (canon lift (core func $i \"run\") async)))",
                        &m,
                    )
                },
                refused(INVALID, "async"),
            ),
        ),
    ]
}

fn worlds() -> Vec<Case> {
    vec![
        Case::new(
            "S49",
            "environment, arguments, files, input, through WASI",
            "all empty",
            How::Call(
                |m| guests::wide(&m),
                answers().check(|answer| assert_eq!(answer["output"], json!([0, 0, 0, 1]), "{answer:#}")),
            ),
        )
        .also(&["versions::a_component_with_wasi_sees_an_empty_world"])
        .lacks("the clock of WASI has the machine's full resolution."),
        Case::new(
            "W28",
            "`(component (import \"evil\" (func)))`",
            "named by its import",
            How::Upload(|m| imports("\"evil\" (func)", &m), refused(&["unknown-import"], "evil")),
        ),
        Case::new(
            "W29",
            "`run: func(n: u32)`",
            "found when it is linked",
            How::Upload(
                |m| {
                    whole(
                "(component (core module $m (func (export \"run\") (param i32))) (core instance $i (instantiate $m))
                (func $run (param \"n\" u32) (canon lift (core func $i \"run\")))
                (instance $skill (export \"run\" (func $run)))
                (export \"skillet:skill/skill@0.1.0\" (instance $skill)))",
                &m,
            )
                },
                refused(&["does-not-link"], ""),
            ),
        ),
        Case::new(
            "W30",
            "`(component)`",
            "it is no skill",
            How::Upload(|m| whole("(component)", &m), refused(&["no-export"], "skillet:skill/skill")),
        ),
        Case::new(
            "W31",
            "`(module)`",
            "it is no component",
            How::Upload(|_| wat::parse_str("(module)").unwrap(), refused(&["core-module"], "core module")),
        ),
        Case::new(
            "X8",
            "a result of lists in lists, 90 deep",
            "the contract has no such type: found when it is linked",
            How::Upload(|m| whole(&nested_lists(90), &m), refused(&["does-not-link"], "")),
        ),
    ]
}

fn wasi() -> Vec<Case> {
    vec![
        Case::new(
            "S13",
            "pollables without end, with a lower limit in the manifest",
            "the manifest's limit holds",
            How::Call(|m| pollables(&m.limit("handles", 10)), ends(&["too-many-handles"]).text("10 handles")),
        ),
        Case::new(
            "W37",
            "`get-random-bytes(2^63 - 1)` of WASI",
            "a trap",
            How::Call(
                |m| {
                    Body {
                        imports: "(import \"wasi:random/random@0.2.0\" \"get-random-bytes\" (func $random (param i64 i32)))",
                        run: "(call $random (i64.const 0x7fffffffffffffff) (i32.const 64))",
                        ..Body::default()
                    }
                    .make_with_wasi(&m)
                },
                ends(&["trap"]),
            ),
        ),
        Case::new(
            "W38",
            "`subscribe-duration(2^63 - 1)` of WASI, then `block`",
            "its time runs although it computes nothing",
            How::Call(
                |m| {
                    Body {
                        imports: "(import \"wasi:clocks/monotonic-clock@0.2.0\" \"subscribe-duration\" (func $in (param i64) (result i32)))
                            (import \"wasi:io/poll@0.2.0\" \"[method]pollable.block\" (func $block (param i32)))",
                        run: "(call $block (call $in (i64.const 0x7fffffffffffffff)))",
                        ..Body::default()
                    }
                    .make_with_wasi(&m)
                },
                ends(&["timeout"]),
            ),
        ),
        Case::new(
            "W39",
            "`subscribe-duration` of WASI in a loop, never dropped",
            "handles are counted",
            How::Call(|m| pollables(&m), ends(&["too-many-handles"])),
        ),
        Case::new(
            "W40",
            "`blocking-write-and-flush` to the standard output of WASI in a loop",
            "64 KiB of it are kept",
            How::Call(
                |m| {
                    Body {
                        imports: "(import \"wasi:cli/stdout@0.2.0\" \"get-stdout\" (func $stdout (result i32)))
                            (import \"wasi:io/streams@0.2.0\" \"[method]output-stream.blocking-write-and-flush\"
                              (func $write (param i32 i32 i32 i32)))",
                        fields: "(data (i32.const 1024) \"a line of a flood\\0a\")",
                        run: "(local $out i32)
                            (local.set $out (call $stdout))
                            (loop $on (call $write (local.get $out) (i32.const 1024) (i32.const 4096) (i32.const 64)) (br $on))",
                        ..Body::default()
                    }
                    .make_with_wasi(&m)
                },
                ends(&["out-of-fuel", "timeout"]).check(|answer| {
                    let lines = answer["log"].as_array().unwrap();
                    let bytes: usize = lines.iter().map(|line| line["message"].as_str().unwrap().len()).sum();
                    assert!(bytes < 66 << 10, "{bytes}");
                }),
            ),
        ),
    ]
}

fn pollables(manifest: &Manifest) -> Vec<u8> {
    Body {
        imports: "(import \"wasi:clocks/monotonic-clock@0.2.0\" \"subscribe-duration\" (func $in (param \
             i64) (result i32)))",
        run: "(loop $on (drop (call $in (i64.const 1))) (br $on))",
        ..Body::default()
    }
    .make_with_wasi(manifest)
}

fn nested_lists(depth: usize) -> String {
    let mut text = String::from(
        "(component
        (core module $m (memory (export \"memory\") 1) (func (export \"run\") (result i32) unreachable))
        (core instance $i (instantiate $m)) (type $l0 (list u8))",
    );
    for level in 1..=depth {
        let _ = write!(text, "(type $l{level} (list $l{}))", level - 1);
    }
    let _ = write!(
        text,
        "(func $run (result $l{depth}) (canon lift (core func $i \"run\") (memory (core memory $i \"memory\"))))
        (instance $skill (export \"run\" (func $run)))
        (export \"skillet:skill/skill@0.1.0\" (instance $skill)))"
    );
    text
}

#[tokio::test]
async fn what_is_off_is_refused() {
    let ground = Ground::start(&[]).await;
    ground.suffer(cases()).await;
}
