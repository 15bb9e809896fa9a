//! A skill that was built against `wit/v0` runs on a host of a later minor version: one that is generated here, whose
//! contract has everything of today's under its own number, an interface more, and behaves as its own.

use std::{
    collections::BTreeMap,
    fs,
    sync::{Arc, Mutex},
};
use wasmtime::{
    Config, Engine, Result, Store, bail,
    component::{Component, Linker, Val},
};
use wit_parser::{Resolve, WorldId, WorldItem};

use crate::harness::root;

const TODAY: &str = "@0.1.0";
const LATER: &str = "@0.1.9";
const ADDED: &str = "package skillet:skill@0.1.9; interface later { more: func() -> string; }";

const NOW_MS: u64 = 1_795_000_000_000;

/// What the later host keeps and was told.
#[derive(Clone, Debug, Default, PartialEq)]
struct Kept {
    values: BTreeMap<String, Val>,
    lines: Vec<String>,
}

/// The contract as a later minor version has it, and its world.
fn contract() -> (Resolve, WorldId) {
    let folder = tempfile::tempdir().unwrap();
    for file in fs::read_dir(root().join("wit/v0")).unwrap().flatten() {
        let text = fs::read_to_string(file.path()).unwrap();
        assert!(text.contains(TODAY), "{} is of another version", file.path().display());
        let text = text.replace(TODAY, LATER).replace("import log;", "import later;\n  import log;");
        fs::write(folder.path().join(file.file_name()), text).unwrap();
    }
    fs::write(folder.path().join("later.wit"), ADDED).unwrap();
    let mut resolve = Resolve::default();
    let (package, _) = resolve.push_dir(folder.path()).unwrap();
    let world = resolve.select_world(&[package], Some("skill-world")).unwrap();
    (resolve, world)
}

/// Lends every function of the contract, by its own number only.
fn linker(engine: &Engine, kept: &Arc<Mutex<Kept>>) -> Linker<()> {
    let (resolve, world) = contract();
    let mut linker = Linker::new(engine);
    let mut lent = 0;
    for item in resolve.worlds[world].imports.values() {
        let WorldItem::Interface { id, .. } = item else { continue };
        let interface = resolve.id_of(*id).unwrap();
        assert!(interface.ends_with(LATER), "{interface}");
        let mut instance = linker.instance(&interface).unwrap();
        for function in resolve.interfaces[*id].functions.keys() {
            let name = format!("{}.{function}", interface.trim_end_matches(LATER).trim_start_matches("skillet:skill/"));
            let kept = Arc::clone(kept);
            instance.func_new(function, move |_, _, given, results| answer(&kept, &name, given, results)).unwrap();
            lent += 1;
        }
    }
    assert!(lent > 20, "only {lent} functions are lent");
    linker
}

/// What the later host does when a skill asks.
fn answer(kept: &Mutex<Kept>, name: &str, given: &[Val], results: &mut [Val]) -> Result<()> {
    let mut kept = kept.lock().unwrap();
    match (name, given) {
        ("log.write", [Val::Enum(level), Val::String(message)]) => kept.lines.push(format!("{level}: {message}")),
        ("clock.now-ms", []) => results[0] = Val::U64(NOW_MS),
        ("kv.get", [Val::String(key)]) => {
            let value = kept.values.get(key).cloned().map(Box::new);
            results[0] = Val::Result(Ok(Some(Box::new(Val::Option(value)))));
        }
        ("kv.set", [Val::String(key), value]) => {
            kept.values.insert(key.clone(), value.clone());
            results[0] = Val::Result(Ok(None));
        }
        _ => bail!("nobody should ask for {name} with {given:?}"),
    }
    Ok(())
}

/// One call, in an instance of its own.
async fn call(engine: &Engine, linker: &Linker<()>, skill: &Component, input: &str) -> String {
    let mut store = Store::new(engine, ());
    let instance = linker.instantiate_async(&mut store, skill).await.unwrap();
    let exported = format!("skillet:skill/skill{LATER}");
    let interface = instance.get_export_index(&mut store, None, &exported).expect("it exports what a later host calls");
    let function = instance.get_export_index(&mut store, Some(&interface), "run").unwrap();
    let run = instance.get_func(&mut store, function).unwrap();
    let text = |text: &str| Val::String(text.to_owned());
    let call = Val::Record(vec![
        ("id".to_owned(), text("01980000-0000-7000-8000-000000000000")),
        ("attempt".to_owned(), Val::U32(1)),
        ("input".to_owned(), text(input)),
        ("locale".to_owned(), text("zh-CN")),
        ("time-zone".to_owned(), text("Asia/Shanghai")),
        ("deadline-ms".to_owned(), Val::U64(5_000)),
    ]);
    let mut results = [Val::Bool(false)];
    run.call_async(&mut store, &[call], &mut results).await.unwrap();
    match results {
        [Val::Result(Ok(Some(output)))] => match *output {
            Val::String(output) => output,
            other => panic!("{other:?}"),
        },
        [Val::Result(Err(Some(failure)))] => format!("{failure:?}"),
        other => panic!("{other:?}"),
    }
}

/// A skill of the conformance table, which can do one thing of every kind.
async fn runs(language: &str) {
    let path = root().join("target/conformance").join(language).with_extension("wasm");
    let component =
        fs::read(&path).unwrap_or_else(|error| panic!("{}: {error}; run `make conformance`", path.display()));
    let engine = Engine::new(&Config::new()).unwrap();
    let skill = Component::from_binary(&engine, &component).unwrap();
    let imports: Vec<String> = skill.component_type().imports(&engine).map(|(name, _)| name.to_owned()).collect();
    assert!(imports.iter().any(|name| name == "skillet:skill/kv@0.1.0"), "it is not of today: {imports:?}");

    let kept = Arc::<Mutex<Kept>>::default();
    let linker = linker(&engine, &kept);
    let call = async |input: &str| call(&engine, &linker, &skill, input).await;
    let same = |output: String| serde_json::from_str::<serde_json::Value>(&output).unwrap_or_else(|_| output.into());
    assert_eq!(same(call(r#"{"do":"kv_set","key":"tea","value":"绿茶"}"#).await), serde_json::json!({}));
    assert_eq!(same(call(r#"{"do":"kv_get","key":"tea"}"#).await), serde_json::json!({ "value": "绿茶" }));
    assert_eq!(same(call(r#"{"do":"clock"}"#).await), serde_json::json!({ "now_ms": NOW_MS }));
    assert_eq!(same(call(r#"{"do":"log","level":"warn","text":"hot"}"#).await), serde_json::json!({}));
    let failure = call(r#"{"do":"fail","kind":"denied","text":"no tea"}"#).await;
    assert!(failure.contains("denied") && failure.contains("no tea"), "{failure}");
    let about: serde_json::Value = serde_json::from_str(&call(r#"{"do":"call"}"#).await).unwrap();
    assert_eq!((&about["locale"], &about["deadline_ms"]), (&"zh-CN".into(), &5_000.into()));
    assert_eq!(kept.lock().unwrap().lines, ["warn: hot"]);
}

#[tokio::test]
async fn a_skill_of_today_in_rust_runs_on_a_later_minor_version() {
    runs("rust").await;
}

#[tokio::test]
async fn a_skill_of_today_in_c_runs_on_a_later_minor_version() {
    runs("c").await;
}
