//! Calls a plugin of Extism that returns its input, in the three ways there are, with a limit of time, of fuel and of
//! memory. Prints one line of JSON: a list of rows in the form of the benchmark's file.

use anyhow::{Context, Result, ensure};
use extism::{CompiledPlugin, Manifest, Plugin, PluginBuilder, Wasm};
use std::{
    hint::black_box,
    time::{Duration, Instant},
};

/// The engine's version, as the manifest of this package pins it.
const PEER: &str = "Extism 1.30";

/// Samples of each way, and how many come before them.
const REUSED: usize = 20_000;
const FROM_COMPILED: usize = 4_000;
const FROM_BYTES: usize = 100;

const FUEL: u64 = 500_000_000;
const PAGES: u32 = 1_024;

const PLUGIN: &str = r#"(module
  (import "extism:host/env" "input_offset" (func $offset (result i64)))
  (import "extism:host/env" "input_length" (func $length (result i64)))
  (import "extism:host/env" "output_set" (func $output (param i64 i64)))
  (memory (export "memory") 17)
  (data (i32.const 1024) "idle")
  (func (export "run") (result i32)
    (call $output (call $offset) (call $length))
    (i32.const 0)))"#;

fn main() -> Result<()> {
    let input = std::env::args().nth(1).context("the input is missing")?;
    let wasm = wat::parse_str(PLUGIN)?;
    let compiled = builder(&wasm).compile()?;
    let mut kept = Plugin::new_from_compiled(&compiled)?;
    let rows = [
        sample("plugin reused", REUSED, || call(&mut kept, &input))?,
        sample("new plugin per call from a compiled plugin", FROM_COMPILED, || fresh(&compiled, &input))?,
        sample("new plugin per call from bytes", FROM_BYTES, || call(&mut builder(&wasm).build()?, &input))?,
    ];
    println!("{}", serde_json::Value::from(rows.to_vec()));
    Ok(())
}

fn builder(wasm: &[u8]) -> PluginBuilder<'static> {
    let manifest = Manifest::new([Wasm::data(wasm)]).with_timeout(Duration::from_secs(5)).with_memory_max(PAGES);
    PluginBuilder::new(manifest).with_cache_disabled().with_fuel_limit(FUEL)
}

fn fresh(compiled: &CompiledPlugin, input: &str) -> Result<()> {
    call(&mut Plugin::new_from_compiled(compiled)?, input)
}

fn call(plugin: &mut Plugin, input: &str) -> Result<()> {
    let output = plugin.call::<&str, &str>("run", input)?;
    ensure!(black_box(output) == input, "the plugin returned something else");
    Ok(())
}

/// Times one way, its end included.
fn sample(way: &str, count: usize, mut call: impl FnMut() -> Result<()>) -> Result<serde_json::Value> {
    let mut samples = Vec::with_capacity(count);
    for round in 0..count + count / 10 {
        let began = Instant::now();
        call()?;
        if round >= count / 10 {
            samples.push(began.elapsed());
        }
    }
    samples.sort_unstable();
    let at = |percent: usize| samples[(count - 1) * percent / 100].as_secs_f64() * 1e6;
    Ok(serde_json::json!({
        "name": format!("{PEER}: {way}"), "value": at(50), "unit": "us", "p50": at(50), "p99": at(99), "n": count,
        "versus": null,
    }))
}
