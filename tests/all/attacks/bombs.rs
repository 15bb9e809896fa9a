//! Bombs for the compiler and the validator: little to send, and much to do.

use futures_util::future::join;
use skillet::skills::package;
use std::{
    cell::Cell,
    fmt::Write,
    time::{Duration, Instant},
};

use super::{
    case::{Case, REFUSAL, deed, refused},
    ground::{Ground, problem},
    guest::{compiles, whole},
};
use crate::harness::manifest::Manifest;

/// The settings' limit on the compiling child.
const COMPILE_S: u64 = 10;

/// What somebody else's call and page may take while something compiles.
const RESPONSIVE: Duration = Duration::from_secs(2);

pub fn cases() -> Vec<Case> {
    vec![
        Case::new(
            "S25",
            "bombs for the compiler: blocks 300,000 deep, 900,000 functions, a ladder of 50,000 \
             values, a million locals, calls of 500 parameters, `br_table` of 300,000 targets, a \
             function of 1.5 MB, 9,000 values live at once",
            "each is refused with its reason, or compiled, within the compiler's 10 s + 3 s; calls \
             and pages answer meanwhile within 2 s",
            deed!(compile_bombs),
        )
        .also(&[
            "uploads::bombs_are_refused_with_their_reason_while_others_are_answered",
            "uploads::the_share_of_the_processor_has_an_end",
            "host::skills::package::structure::tests::every_cap_lets_its_number_pass_and_no_more",
        ]),
        Case::new(
            "S30",
            "1,000 components inside one another; a tuple doubled 40 times; 90,000 segments",
            "refused or taken within 5 s, under the child's limits",
            deed!(validator_bombs),
        ),
    ]
}

#[tokio::test]
async fn what_would_take_long_is_cut() {
    let seconds = COMPILE_S.to_string();
    let ground = Ground::start(&[("SKILLET__SKILLS__COMPILE_TIMEOUT_S", &seconds)]).await;
    ground.suffer(cases()).await;
}

/// Bombs: the name of the skill, what its module holds, and whether it has to be refused.
fn bombs() -> Vec<(&'static str, String, bool)> {
    let blocks = format!("(func {} {})", "block ".repeat(300_000), "end ".repeat(300_000));
    let ladder = (0..50_000).fold(String::from("(func (param i32) i32.const 0 "), |mut all, n| {
        let _ = write!(all, "local.get 0 if (result i32) i32.const {n} else local.get 0 end i32.add ");
        all
    }) + "drop)";
    let many = "i64 ".repeat(49_999);
    let locals = format!("(func (local {many}) (loop $l (br_if $l (i64.eqz (local.get 7)))))").repeat(20);
    let (parameters, arguments) = ("i64 ".repeat(500), "local.get 7 ".repeat(500));
    let calls = format!("(func $f (param {parameters}) {})", (arguments + "call $f ").repeat(100));
    let table = format!("(func (param i32) block local.get 0 br_table {} end)", "0 ".repeat(300_001));
    let straight =
        format!("(func (param i32) {})", "local.get 0 i32.const 77777777 i32.xor local.set 0 ".repeat(150_000));
    let each = |code: fn(usize) -> String| (0..9_000).map(code).collect::<String>();
    let live = format!(
        "(func (local {}) (loop $l {} {} (br_if $l (i32.load (i32.const 0)))))",
        "i32 ".repeat(9_000),
        each(|n| format!("(local.set {n} (i32.load offset={} (i32.const 0)))", n * 4)),
        each(|n| format!("(i32.store offset={} (i32.const 0) (local.get {}))", n * 4, 8_999 - n)),
    );
    vec![
        ("bomb_blocks", blocks, false),
        ("bomb_functions", "(func)".repeat(900_000), true),
        ("bomb_ladder", ladder, false),
        ("bomb_locals", locals, true),
        ("bomb_calls", calls, true),
        ("bomb_table", table, true),
        ("bomb_straight", straight, true),
        ("bomb_live", live, false),
    ]
}

async fn compile_bombs(ground: &Ground) {
    for (name, fields, must_fail) in bombs() {
        let component = compiles(&fields, &Manifest::new(name));
        let began = Instant::now();
        let uploading = async {
            let answer = ground.host.upload(component).await;
            (answer, began.elapsed())
        };
        let done = Cell::new(false);
        let looking = async {
            let mut slowest = Duration::ZERO;
            while !done.get() {
                let began = Instant::now();
                ground.assert_well().await;
                slowest = slowest.max(began.elapsed());
            }
            slowest
        };
        let ((answer, took), slowest) = join(
            async {
                let uploaded = uploading.await;
                done.set(true);
                uploaded
            },
            looking,
        )
        .await;
        let kinds = ["compile-limit", "compile-timeout", "does-not-compile"];
        let (kind, detail) = problem(&answer);
        let good = answer.status.is_success() && !must_fail || kinds.contains(&kind) && !detail.is_empty();
        assert!(good, "{name}: {answer:?}");
        assert!(took < Duration::from_secs(COMPILE_S + 3), "{name} took {took:?}: {answer:?}");
        assert!(slowest < RESPONSIVE, "{name}: somebody waited for {slowest:?}");
    }
}

/// Components inside one another.
fn nested(depth: usize) -> Vec<u8> {
    let header = [0, b'a', b's', b'm', 0x0d, 0, 1, 0];
    let mut inner = header.to_vec();
    for _ in 0..depth {
        let mut outer = header.to_vec();
        // A section of components, with its length in five bytes.
        outer.push(4);
        for shift in [0, 7, 14, 21, 28] {
            let more = if shift < 28 { 0x80 } else { 0 };
            outer.push(u8::try_from((inner.len() >> shift) & 0x7f).unwrap() | more);
        }
        outer.extend(inner);
        inner = outer;
    }
    inner
}

async fn validator_bombs(ground: &Ground) {
    let manifest = Manifest::new("nested");
    let nested = package::embed_manifest(&nested(1_000), &manifest.toml());
    ground.upload_is_refused(nested, &refused(&["compile-limit"], "inside")).await;
    let mut doubled = String::from("(component (type $t0 u32)");
    for n in 1..=40 {
        let _ = write!(doubled, "(type $t{n} (tuple $t{0} $t{0}))", n - 1);
    }
    doubled += "(import \"f\" (func (param \"x\" $t40))))";
    ground.upload_is_refused(whole(&doubled, &manifest), &refused(&["invalid-component"], "size")).await;
    let segments = (0..90_000).fold(String::new(), |mut all, n| {
        let _ = write!(all, "(data (i32.const {}) \"abc\")", 1024 + (n * 7) % 60_000);
        all
    });
    let began = Instant::now();
    let answer = ground.host.upload(compiles(&segments, &Manifest::new("segments"))).await;
    assert!(answer.status.is_success() || problem(&answer).0 == "compile-limit", "{answer:?}");
    assert!(began.elapsed() < REFUSAL, "{:?}", began.elapsed());
}
