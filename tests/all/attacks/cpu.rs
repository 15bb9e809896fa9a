//! Time: loops of every kind, wherever they stand.

use futures_util::future::{join, join_all};
use serde_json::json;
use std::time::{Duration, Instant};

use super::{
    case::{Case, How, deed, ends, refused},
    fetch::Fetch,
    ground::{FETCH_S, Ground, fetcher},
    guest::{Bare, Body, runs, time_bomb},
};
use crate::harness::{guests, manifest::Manifest};

const FOR_EVER: &str = "(loop $on (br $on))";

/// Ends by the one or the other, whichever a machine reaches first.
const OVER: &[&str] = &["out-of-fuel", "timeout"];

fn little(manifest: Manifest) -> Manifest {
    manifest.timeout_s(5.0).limit("fuel", 50_000_000)
}

pub fn cases() -> Vec<Case> {
    vec![
        Case::new(
            "S1",
            "a loop without end, with more fuel than time",
            "it is cut while others are answered",
            How::Call(|m| runs(FOR_EVER, &m.timeout_s(0.2).limit("fuel", 2_000_000_000)), ends(&["timeout"])),
        )
        .also(&["skills::loops_do_not_hold_up_others"]),
        Case::new(
            "S5",
            "one call of 0.1 s among 40 of 10 s",
            "only the short one is cut, within 3 s; the others end with their outputs",
            deed!(short_among_long),
        ),
        Case::new(
            "S6",
            "calls that queue for longer than they may run",
            "waiting is not taken from their time: all three of 0.7 s and 2 s end well, one after the other",
            deed!(queueing_costs_no_time),
        ),
        Case::new(
            "S7",
            "`memory.copy` of 30 MB in a loop",
            "the instruction is paid for by its length",
            How::Call(
                |m| {
                    Body {
                memory: "1000",
                run: "(loop $on (memory.copy (i32.const 131072) (i32.const 131073) (i32.const 30000000)) (br $on))",
                ..Body::default()
            }.make(&m.limit("memory_mb", 64))
                },
                ends(OVER),
            ),
        ),
        Case::new(
            "S8",
            "a loop in a start function that begins well until it was uploaded; one in a resource's destructor",
            "limits are armed before anything of the guest runs: `out-of-fuel` or `timeout`, each within 3 s",
            deed!(loops_elsewhere),
        ),
        Case::new(
            "W1",
            "`(loop $l (br $l))`, with more time than fuel",
            "cut by its fuel",
            How::Call(|m| runs(FOR_EVER, &little(m)), ends(&["out-of-fuel"])),
        ),
        Case::new(
            "W2",
            "`(func $r (call $r))`",
            "a trap of the guest, not of the host",
            How::Call(
                |m| Body { fields: "(func $r (call $r))", run: "(call $r)", ..Body::default() }.make(&m),
                ends(&["trap"]).text("stack"),
            ),
        ),
        Case::new(
            "W3",
            "`(func $r (return_call $r))`",
            "a loop like any other",
            How::Call(
                |m| Body { fields: "(func $r (return_call $r))", run: "(call $r)", ..Body::default() }.make(&little(m)),
                ends(OVER),
            ),
        ),
        Case::new(
            "W4",
            "recursion with 16 parameters of 64 bits",
            "a trap of the guest, not of the host",
            How::Call(
                |m| {
                    Body {
                fields: "(func $r (param i64 i64 i64 i64 i64 i64 i64 i64 i64 i64 i64 i64 i64 i64 i64 i64)
                    (call $r (local.get 1) (local.get 2) (local.get 3) (local.get 4) (local.get 5) (local.get 6) (local.get 7)
                      (local.get 8) (local.get 9) (local.get 10) (local.get 11) (local.get 12) (local.get 13) (local.get 14)
                      (local.get 15) (local.get 0)))",
                run: "(call $r (i64.const 0) (i64.const 1) (i64.const 2) (i64.const 3) (i64.const 4) (i64.const 5) (i64.const 6)
                    (i64.const 7) (i64.const 8) (i64.const 9) (i64.const 10) (i64.const 11) (i64.const 12) (i64.const 13)
                    (i64.const 14) (i64.const 15))",
                ..Body::default()
            }.make(&m)
                },
                ends(&["trap"]).text("stack"),
            ),
        ),
        Case::new(
            "W5",
            "a loop in the start function",
            "it begins once at the upload, within its limits, and does not end",
            How::Upload(|m| guests::startloop(&little(m)), refused(&["does-not-link"], "does not begin")),
        ),
        Case::new(
            "W6",
            "a loop in `cabi_realloc`",
            "cut while the input is put in",
            How::Call(
                |m| Body { realloc: "(loop $on (br $on)) (i32.const 0)", ..Body::default() }.make(&little(m)),
                ends(OVER),
            ),
        ),
        Case::new(
            "W7",
            "a loop in the post-return function",
            "cut after the result was read, and the call fails",
            How::Call(|m| Body { post: FOR_EVER, ..Body::default() }.make(&little(m)), ends(OVER)),
        ),
        Case::new(
            "W21",
            "`memory.fill` of 66 MB in a loop",
            "the instruction is paid for by its length",
            How::Call(
                |m| {
                    Body {
                        memory: "17",
                        run: "(drop (memory.grow (i32.const 1000)))
                    (loop $on (memory.fill (i32.const 0) (i32.const 1) (i32.const 66000000)) (br $on))",
                        ..Body::default()
                    }
                    .make(&m.limit("memory_mb", 64))
                },
                ends(OVER),
            ),
        ),
        Case::new(
            "W34",
            "1 MB of log in a loop",
            "64 KiB of it are kept",
            How::Call(
                |m| {
                    Body {
                        imports: "(import \"skillet:skill/log@0.1.0\" \"write\" (func $log (param i32 i32 i32)))",
                        memory: "20",
                        run: "(memory.fill (i32.const 131072) (i32.const 97) (i32.const 1000000))
                    (loop $on (call $log (i32.const 1) (i32.const 131072) (i32.const 1000000)) (br $on))",
                        ..Body::default()
                    }
                    .make(&m)
                },
                ends(OVER).check(|answer| {
                    let lines = answer["log"].as_array().unwrap();
                    let bytes: usize = lines.iter().map(|line| line["message"].as_str().unwrap().len()).sum();
                    assert!(bytes < 66 << 10, "{bytes}");
                    assert!(lines.last().unwrap()["message"].as_str().unwrap().ends_with("more lines were dropped"));
                }),
            ),
        ),
        Case::new(
            "X9",
            "a guest that looks for what earlier ones left on the stack or in memory",
            "locals and memory are zero whenever a run begins: 50 runs one after the other",
            deed!(fresh_memory),
        )
        .lacks(
            "the native stack below a guest's frames is not cleared (`async_stack_zeroing` is off); \
             no instruction reads it, so that no guest can try.",
        ),
        Case::new(
            "X11",
            "100 runs that each dirty 900 KB of what they then check for zeroes",
            "each sees zeroes",
            deed!(zeroes),
        ),
    ]
}

#[tokio::test]
async fn limits_of_time_hold() {
    let ground = Ground::start(&[("SKILLET__SKILLS__MAX_CALLS", "48")]).await;
    ground.suffer(cases()).await;
}

async fn loops_elsewhere(ground: &Ground) {
    let destructor = Bare {
        before: "(core module $lasting (func (export \"drop\") (param i32) (loop $on (br $on))))
            (core instance $lasting (instantiate $lasting))
            (alias core export $lasting \"drop\" (core func $last))
            (type $thing (resource (rep i32) (dtor (core func $last))))
            (core func $new (canon resource.new $thing)) (core func $drop (canon resource.drop $thing))
            (core instance $host (export \"new\" (func $new)) (export \"drop\" (func $drop)))"
            .into(),
        imports: "(import \"host\" \"new\" (func $new (param i32) (result i32)))
            (import \"host\" \"drop\" (func $drop (param i32)))"
            .into(),
        with: "(with \"host\" (instance $host))".into(),
        run: "(call $drop (call $new (i32.const 1)))".into(),
        ..Bare::default()
    };
    let until = Duration::from_secs(2);
    let planted = Instant::now();
    ground.install(time_bomb(until, &Manifest::new("time_bomb").timeout_s(1.0))).await;
    ground.install(destructor.make(&Manifest::new("destructor").timeout_s(1.0))).await;
    tokio::time::sleep(until.saturating_sub(planted.elapsed())).await;
    for name in ["time_bomb", "destructor"] {
        let began = Instant::now();
        let answer = ground.call(name, &json!({})).await;
        assert!(OVER.contains(&answer["failure"]["kind"].as_str().unwrap_or_default()), "{answer:#}");
        assert!(began.elapsed() < Duration::from_secs(3), "{answer:#}");
    }
}

async fn short_among_long(ground: &Ground) {
    let count = "(local $n i32)
        (loop $on (br_if $on (i32.lt_u (local.tee $n (i32.add (local.get $n) (i32.const 1))) (i32.const 10000000))))";
    ground.install(runs(count, &Manifest::new("long").timeout_s(10.0))).await;
    let short = Manifest::new("short").timeout_s(0.1).limit("fuel", 2_000_000_000);
    ground.install(guests::spin(&short)).await;
    let input = json!({});
    let long = join_all((0..40).map(|_| ground.call("long", &input)));
    let short = async {
        let began = Instant::now();
        (ground.call("short", &input).await, began.elapsed())
    };
    let (long, (short, took)) = join(long, short).await;
    assert_eq!(short["failure"]["kind"], "timeout", "{short:#}");
    assert!(took < Duration::from_secs(3), "{took:?}");
    for answer in long {
        assert_eq!(answer["output"], input, "{answer:#}");
    }
}

async fn queueing_costs_no_time(ground: &Ground) {
    let manifest = fetcher("queueing", &[ground.server.host()]).set("can_parallel", &json!(false));
    ground.install(super::guest::fetch(&manifest)).await;
    let input = Fetch::get(ground.server.url("/wait/700")).input();
    let began = Instant::now();
    let answers = join_all((0..3).map(|_| ground.call("queueing", &input))).await;
    for answer in answers {
        assert!(answer["output"].is_string(), "{answer:#}");
    }
    assert!(began.elapsed().as_secs_f64() > FETCH_S, "the last one waited for less than it may run");
}

async fn fresh_memory(ground: &Ground) {
    let body = Body {
        fields: "(global $seen (mut i32) (i32.const 0))",
        run: "(local $a i64) (local $b i32)
            (if (i32.or (i64.ne (local.get $a) (i64.const 0)) (i32.or (local.get $b) (global.get $seen))) (then unreachable))
            (if (i32.load (i32.const 40000)) (then unreachable))
            (global.set $seen (i32.const 1)) (local.set $a (i64.const -1)) (local.set $b (i32.const -1))
            (i32.store (i32.const 40000) (i32.const -1))",
        ..Body::default()
    };
    ground.install(body.make(&Manifest::new("fresh"))).await;
    for _ in 0..50 {
        let answer = ground.call("fresh", &json!({})).await;
        assert_eq!(answer["output"], json!({}), "{answer:#}");
    }
}

async fn zeroes(ground: &Ground) {
    let body = Body {
        memory: "17",
        run: "(local $at i32)
            (local.set $at (i32.const 131072))
            (loop $on
              (if (i64.ne (i64.load (local.get $at)) (i64.const 0)) (then unreachable))
              (br_if $on (i32.lt_u (local.tee $at (i32.add (local.get $at) (i32.const 8))) (i32.const 1114112))))
            (memory.fill (i32.const 131072) (i32.const 255) (i32.const 983040))",
        ..Body::default()
    };
    ground.install(body.make(&Manifest::new("zeroes"))).await;
    let input = json!({});
    for _ in 0..10 {
        for answer in join_all((0..10).map(|_| ground.call("zeroes", &input))).await {
            assert_eq!(answer["output"], input, "{answer:#}");
        }
    }
}
