//! The guests, made from text and, the large ones, instruction by instruction: as components of the contract's
//! world with a manifest, or bare.

use anyhow::{Context, Result};
use skillet::skills::package::{self, Preview1};
use std::fmt::Write;
use wasm_encoder::{
    CodeSection, ConstExpr, ExportKind, ExportSection, Function, FunctionSection, GlobalSection, GlobalType, MemArg,
    MemorySection, MemoryType, Module, TypeSection, ValType,
};
use wit_component::{StringEncoding, embed_component_metadata};
use wit_parser::Resolve;

/// What every guest is called with.
pub const INPUT: &str = r#"{"city":"Oslo","days":3,"note":"about as long as a question is","unit":"C"}"#;

/// What it is checked against.
const SCHEMA: &str = concat!(
    r#"{ type = "object", required = ["city", "days"], additionalProperties = false, properties = { "#,
    r#"city = { type = "string", maxLength = 80 }, days = { type = "integer", minimum = 1, maximum = 16 }, "#,
    r#"note = { type = "string" }, unit = { enum = ["C", "F"] } } }"#,
);

/// Writes over 256 KiB.
pub const DIRTY: &str = "(memory.fill (i32.const 131072) (i32.const 7) (i32.const 262144))";

/// Computes for about a millisecond.
pub const COMPUTE: &str = "(local.set $n (i32.const 500000))
    (loop $on (br_if $on (local.tee $n (i32.sub (local.get $n) (i32.const 1)))))";

/// Never returns.
pub const SPIN: &str = "(loop $on (br $on))";

/// Says that it runs, and then waits for what the memory of its person has of "idle".
pub const WAIT: &str = "(call $report (i32.const 1) (i32.const 1) (i32.const 1024) (i32.const 4))
    (call $search (i32.const 1024) (i32.const 4) (i32.const 1) (i32.const 64))";

const WAIT_IMPORTS: &str = r#"
  (import "skillet:skill/progress@0.1.0" "report" (func $report (param i32 i32 i32 i32)))
  (import "skillet:skill/memory@0.1.0" "search" (func $search (param i32 i32 i32 i32)))"#;

/// The parameters of `run` in the contract, which is called with a record; and in the bare component, which is
/// called with a string.
const CALL: &str = "(param i32 i32 i32) (param $at i32) (param $length i32) (param i32 i32 i32 i32 i64)";
const STRING: &str = "(param $at i32) (param $length i32)";

const RUN: &str = "skillet:skill/skill@0.1.0#run";

/// A skill in the making: what its manifest says, and what its guest does before it returns its input.
pub struct Skill<'a> {
    pub name: &'a str,
    pub version: &'a str,
    /// More lines of the manifest.
    pub manifest: &'a str,
    pub work: &'a str,
}

impl<'a> Skill<'a> {
    pub fn new(name: &'a str, work: &'a str) -> Self {
        Self { name, version: "1.0.0", manifest: "", work }
    }

    pub fn component(&self) -> Result<Vec<u8>> {
        let imports = if self.work == WAIT { WAIT_IMPORTS } else { "" };
        self.packed(wat::parse_str(text(imports, "idle", RUN, CALL, self.work))?)
    }

    /// The same guest with a fixed answer.
    pub fn answering(&self, answer: &str) -> Result<Vec<u8>> {
        let bytes = answer.bytes().fold(String::new(), |mut text, byte| {
            let _ = write!(text, "\\{byte:02x}");
            text
        });
        let work = format!("(local.set $at (i32.const 1024)) (local.set $length (i32.const {}))", answer.len());
        self.packed(wat::parse_str(text("", &bytes, RUN, CALL, &work))?)
    }

    /// The echo among so many bytes of code that never runs.
    pub fn among(&self, bytes: usize) -> Result<Vec<u8>> {
        self.packed(ballast(bytes))
    }

    fn packed(&self, mut module: Vec<u8>) -> Result<Vec<u8>> {
        let mut resolve = Resolve::default();
        let contract = concat!(env!("CARGO_MANIFEST_DIR"), "/../wit/v0");
        let (contract, _) = resolve.push_dir(contract).map_err(|error| anyhow::anyhow!("{error:#}"))?;
        let world =
            resolve.select_world(&[contract], Some("skill-world")).map_err(|error| anyhow::anyhow!("{error:#}"))?;
        embed_component_metadata(&mut module, &resolve, world, StringEncoding::UTF8)
            .map_err(|error| anyhow::anyhow!("{error:#}"))?;
        let component = package::componentize(&module, Preview1::Wasi).context("a guest is no component")?;
        let Self { name, version, manifest, .. } = self;
        let manifest = format!(
            "name = \"{name}\"\nversion = \"{version}\"\ndescription = \"A skill of a benchmark.\"\n\
             input_schema = {SCHEMA}\noutput_schema = {{ type = \"object\" }}\n{manifest}"
        );
        Ok(package::embed_manifest(&component, &manifest))
    }
}

/// The same guest as `run: func(input: string) -> result<string, string>`, with nothing of the contract.
pub fn bare(work: &str) -> String {
    let module = text("", "idle", "run", STRING, work).replacen("(module", "(core module $guest", 1);
    format!(
        r#"(component
          {module}
          (core instance $guest (instantiate $guest))
          (func (export "run") (param "input" string) (result (result string (error string)))
            (canon lift (core func $guest "run") (memory (core memory $guest "memory"))
              (realloc (core func $guest "cabi_realloc")))))"#
    )
}

fn text(imports: &str, data: &str, name: &str, parameters: &str, work: &str) -> String {
    include_str!("guest.wat")
        .replace("(;imports;)", imports)
        .replace("(;text;)", data)
        .replace("(;name;)", name)
        .replace("(;parameters;)", parameters)
        .replace("(;work;)", work)
}

/// A core module of about so many bytes: functions of a kilobyte of arithmetic, memory and calls, and an echo.
fn ballast(bytes: usize) -> Vec<u8> {
    let (mut types, mut functions, mut code) = (TypeSection::new(), FunctionSection::new(), CodeSection::new());
    types.ty().function([ValType::I32; 2], [ValType::I32]);
    types.ty().function([ValType::I32; 4], [ValType::I32]);
    let call = [[ValType::I32; 9].as_slice(), &[ValType::I64]].concat();
    types.ty().function(call, [ValType::I32]);
    let mut seed = Seed(bytes as u64 | 1);
    let mut ballast = 0;
    while code.byte_len() < bytes {
        code.function(&function(ballast, &mut seed));
        functions.function(0);
        ballast += 1;
    }
    let mut allocate = Function::new([(1, ValType::I32)]);
    allocate.instructions().global_get(0).local_tee(4).local_get(3).i32_add().i32_const(7).i32_add();
    allocate.instructions().i32_const(-8).i32_and().global_set(0).local_get(4).end();
    code.function(&allocate);
    functions.function(1);
    let mut echo = Function::new([]);
    let word = |offset| MemArg { offset, align: 2, memory_index: 0 };
    echo.instructions().i32_const(16).i32_const(0).i32_store(word(0));
    echo.instructions().i32_const(16).local_get(3).i32_store(word(4));
    echo.instructions().i32_const(16).local_get(4).i32_store(word(8)).i32_const(16).end();
    code.function(&echo);
    functions.function(2);

    let (mut memories, mut globals, mut exports) = (MemorySection::new(), GlobalSection::new(), ExportSection::new());
    memories.memory(MemoryType { minimum: 17, maximum: None, memory64: false, shared: false, page_size_log2: None });
    let next = GlobalType { val_type: ValType::I32, mutable: true, shared: false };
    globals.global(next, &ConstExpr::i32_const(65_536));
    exports.export("memory", ExportKind::Memory, 0);
    exports.export("cabi_realloc", ExportKind::Func, ballast);
    exports.export(RUN, ExportKind::Func, ballast + 1);
    let mut module = Module::new();
    module.section(&types).section(&functions).section(&memories).section(&globals).section(&exports).section(&code);
    module.finish()
}

/// The `at`-th function of a kilobyte; it may call any one before it.
fn function(at: u32, seed: &mut Seed) -> Function {
    const LOCALS: u32 = 6;
    let mut function = Function::new([(LOCALS - 2, ValType::I32)]);
    while function.byte_len() < 1_000 {
        let mut code = function.instructions();
        let (to, from) = (seed.below(LOCALS), seed.below(LOCALS));
        let cell = MemArg { offset: seed.below(4_096).into(), align: 2, memory_index: 0 };
        match seed.below(5) {
            0 => code.local_get(to).local_get(from).i32_add().i32_const(seed.number()).i32_xor().local_set(to),
            1 => code.local_get(from).i32_const(0xfffc).i32_and().i32_load(cell).local_get(to).i32_mul().local_set(to),
            2 => code.local_get(from).i32_const(0xfffc).i32_and().local_get(to).i32_store(cell),
            3 if at > 0 => code.local_get(to).local_get(from).call(seed.below(at)).local_set(to),
            _ => code.local_get(from).i32_const(seed.number()).i32_rotl().i32_popcnt().local_set(to),
        };
    }
    function.instructions().local_get(0).end();
    function
}

/// Numbers without a pattern, the same ones each time.
struct Seed(u64);

impl Seed {
    fn next(&mut self) -> u32 {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        u32::try_from(self.0 >> 32).unwrap_or_default()
    }

    fn number(&mut self) -> i32 {
        self.next().cast_signed()
    }

    fn below(&mut self, bound: u32) -> u32 {
        self.next() % bound
    }
}
