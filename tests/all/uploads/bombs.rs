//! Components that are small to send and large to compile.

use skillet::skills::package;
use std::{collections::BTreeSet, fs, path::Path};
use wasm_encoder::{
    BlockType, CodeSection, Component, ComponentExportKind, ComponentExportSection, ComponentInstanceSection,
    ComponentSection, ComponentTypeSection, ComponentValType, Function, FunctionSection, InstanceSection,
    MemorySection, MemoryType, Module, ModuleArg, ModuleSection, NestedComponentSection, PrimitiveValType, TypeSection,
    ValType,
};

use crate::harness::{guests, manifest::Manifest};

pub struct Bomb {
    pub name: &'static str,
    pub component: Vec<u8>,
    /// What its refusal says, one of these.
    pub says: Vec<&'static str>,
}

/// What the limits of the compiling process say when one bites.
const LIMITS: [&str; 3] = ["MiB of memory", "of processor time", "took longer than"];

/// The compile bombs that were measured against the compiler, and what they turn into under the caps.
pub fn all() -> Vec<Bomb> {
    let one = |name, component, says: &'static str| Bomb { name, component, says: vec![says] };
    let limited = |name, component| Bomb { name, component, says: LIMITS.to_vec() };
    vec![
        one("900,000 empty functions", within(&functions(900_000, 0)), "core functions, 100000 at most"),
        one("20,000 calls of 500 parameters", within(&calls(20_000, 500)), "500 parameters"),
        one("200 functions of 50,000 locals", within(&functions(200, 49_999)), "49999 locals in one function"),
        one("1 function of 7 MB", within(&body(&straight(7_600_000), 1)), "bytes in one function"),
        one("20 br_tables of 300,000 targets", within(&body(&branches(20, 300_000), 1)), "bytes in one function"),
        one("1,000 nested components", nested(1_000), "inside one another"),
        one("1,000 core instances of one module", instances(1_000), "core instances"),
        one("tuple types doubling 40 times", tuples(40), "type size"),
        one("a br_table of 300,000 targets", within(&body(&branches(1, 300_000), 1)), "br_table"),
        limited("if/else ladder, 50,000 deep in values", within(&body(&ladder(50_000), 1))),
        limited("instances doubling 28 times", doubling(28)),
    ]
}

/// A good skill with a large part that is under every cap and takes many seconds to compile.
pub fn slow() -> Vec<u8> {
    within(&body(&straight(1_000_000), 20))
}

/// The names of the compiled files that a host keeps.
pub fn artefacts(data_dir: &Path) -> BTreeSet<String> {
    let entries = fs::read_dir(data_dir.join("cache")).unwrap();
    let names = entries.map(|entry| entry.unwrap().file_name().into_string().unwrap());
    names.filter(|name| name != "lock").collect()
}

/// A good skill that has the module besides, so that nothing but compiling finds fault with it.
fn within(module: &Module) -> Vec<u8> {
    let mut component = guests::echo(&Manifest::new("bomb"));
    ModuleSection(module).append_to_component(&mut component);
    component
}

/// The same with a component.
fn with_component(inner: &Component) -> Vec<u8> {
    let mut component = guests::echo(&Manifest::new("bomb"));
    NestedComponentSection(inner).append_to_component(&mut component);
    component
}

fn functions(count: u32, locals: u32) -> Module {
    let mut function = Function::new([(locals, ValType::I64)]);
    if locals > 7 {
        function.instructions().loop_(BlockType::Empty).local_get(7).i64_eqz().br_if(0).end();
    }
    function.instructions().end();
    body(&function, count)
}

/// A module of one memory and so many functions of this body.
fn body(function: &Function, count: u32) -> Module {
    let mut types = TypeSection::new();
    types.ty().function([], []);
    let (mut declared, mut code) = (FunctionSection::new(), CodeSection::new());
    for _ in 0..count {
        declared.function(0);
        code.function(function);
    }
    module(&types, &declared, &code)
}

fn module(types: &TypeSection, declared: &FunctionSection, code: &CodeSection) -> Module {
    let mut memories = MemorySection::new();
    memories.memory(MemoryType { minimum: 1, maximum: None, memory64: false, shared: false, page_size_log2: None });
    let mut module = Module::new();
    module.section(types).section(declared).section(&memories).section(code);
    module
}

fn straight(bytes: usize) -> Function {
    let mut function = Function::new([(1, ValType::I32)]);
    let mut value = 0;
    while function.byte_len() < bytes {
        function.instructions().local_get(0).i32_const(value).i32_xor().local_set(0);
        value += 1;
    }
    function.instructions().end();
    function
}

fn calls(count: usize, parameters: u32) -> Module {
    let mut function = Function::new([]);
    for _ in 0..count {
        if function.byte_len() > 7_500_000 {
            break;
        }
        for at in 0..parameters {
            function.instructions().local_get(at % 120);
        }
        function.instructions().call(0);
    }
    function.instructions().end();
    let mut types = TypeSection::new();
    types.ty().function(vec![ValType::I64; parameters as usize], []);
    let (mut declared, mut code) = (FunctionSection::new(), CodeSection::new());
    declared.function(0);
    code.function(&function);
    module(&types, &declared, &code)
}

fn branches(tables: usize, targets: usize) -> Function {
    let mut function = Function::new([(1, ValType::I32)]);
    for _ in 0..tables {
        function.instructions().block(BlockType::Empty).local_get(0).br_table(vec![0; targets], 0).end();
    }
    function.instructions().end();
    function
}

fn ladder(steps: i32) -> Function {
    let mut function = Function::new([(1, ValType::I32)]);
    function.instructions().i32_const(0);
    for step in 0..steps {
        let mut code = function.instructions();
        code.local_get(0).if_(BlockType::Result(ValType::I32)).i32_const(step).else_().local_get(0).end().i32_add();
    }
    function.instructions().drop().end();
    function
}

fn nested(depth: usize) -> Vec<u8> {
    let mut inner = Component::new();
    for _ in 0..depth {
        let mut outer = Component::new();
        outer.section(&NestedComponentSection(&inner));
        inner = outer;
    }
    with_component(&inner)
}

fn instances(count: usize) -> Vec<u8> {
    let mut component = Component::new();
    component.section(&ModuleSection(&Module::new()));
    let mut made = InstanceSection::new();
    for _ in 0..count {
        made.instantiate::<[(&str, ModuleArg); 0], &str>(0, []);
    }
    component.section(&made);
    with_component(&component)
}

fn tuples(doublings: u32) -> Vec<u8> {
    let mut types = ComponentTypeSection::new();
    types.defined_type().primitive(PrimitiveValType::U32);
    for at in 0..doublings {
        let half = ComponentValType::Type(at);
        types.defined_type().tuple([half, half]);
    }
    let mut component = Component::new();
    component.section(&types);
    with_component(&component)
}

/// Each component makes two instances of the one inside it; the innermost has a module.
fn doubling(levels: usize) -> Vec<u8> {
    let mut inner = Component::new();
    inner.section(&ModuleSection(&functions(1, 0)));
    let mut made = InstanceSection::new();
    made.instantiate::<[(&str, ModuleArg); 0], &str>(0, []);
    inner.section(&made);
    for _ in 0..levels {
        let mut outer = Component::new();
        outer.section(&NestedComponentSection(&inner));
        let mut made = ComponentInstanceSection::new();
        for _ in 0..2 {
            made.instantiate::<[(&str, ComponentExportKind, u32); 0], &str>(0, []);
        }
        outer.section(&made);
        inner = outer;
    }
    // By its name, an instance is a skill; it is only linked after it was compiled.
    let mut exports = ComponentExportSection::new();
    exports.export("skillet:skill/skill@0.1.0", ComponentExportKind::Instance, 0, None);
    inner.section(&exports);
    package::embed_manifest(&inner.finish(), &Manifest::new("bomb").toml())
}
