use super::*;
use wasm_encoder::{
    CodeSection, Component, ComponentExportKind, ComponentExportSection, CustomSection, ExportKind, ExportSection,
    Function, FunctionSection, InstanceSection, Module, ModuleArg, ModuleSection, NestedComponentSection, TypeSection,
    ValType,
};

/// A component of one module.
fn holding(module: &Module) -> Vec<u8> {
    let mut component = Component::new();
    component.section(&ModuleSection(module));
    component.finish()
}

/// A module of so many functions with so many locals each, and one body of so many bytes more.
fn module(functions: u32, locals: u32, bytes: usize) -> Module {
    let mut types = TypeSection::new();
    types.ty().function([], []);
    let mut declared = FunctionSection::new();
    let mut code = CodeSection::new();
    for at in 0..functions {
        declared.function(0);
        let mut body = Function::new([(locals, ValType::I32)]);
        for _ in 0..if at == 0 { bytes } else { 0 } {
            body.instructions().nop();
        }
        body.instructions().end();
        code.function(&body);
    }
    let mut module = Module::new();
    module.section(&types).section(&declared).section(&code);
    module
}

fn signature_of(parameters: usize, results: usize) -> Vec<u8> {
    let mut types = TypeSection::new();
    types.ty().function(vec![ValType::I64; parameters], vec![ValType::I64; results]);
    let mut module = Module::new();
    module.section(&types);
    holding(&module)
}

fn nested(depth: usize) -> Vec<u8> {
    let mut inner = Component::new();
    for _ in 0..depth {
        let mut outer = Component::new();
        outer.section(&NestedComponentSection(&inner));
        inner = outer;
    }
    inner.finish()
}

/// A component of so many modules, components, core instances, names and bytes in a custom section.
fn wide(modules: usize, components: usize, instances: usize, names: usize, bytes: usize) -> Vec<u8> {
    let mut component = Component::new();
    for _ in 0..modules {
        component.section(&ModuleSection(&Module::new()));
    }
    for _ in 0..components {
        component.section(&NestedComponentSection(&Component::new()));
    }
    let mut made = InstanceSection::new();
    for _ in 0..instances {
        made.instantiate::<[(&str, ModuleArg); 0], &str>(0, []);
    }
    component.section(&made);
    let mut exports = ComponentExportSection::new();
    for at in 0..names {
        exports.export(format!("e{at}"), ComponentExportKind::Module, 0, None);
    }
    component.section(&exports);
    component.section(&CustomSection { name: "ballast".into(), data: vec![0; bytes].into() });
    component.finish()
}

fn core_names(count: u32) -> Vec<u8> {
    let mut exports = ExportSection::new();
    for at in 0..count {
        exports.export(&at.to_string(), ExportKind::Func, 0);
    }
    let mut module = Module::new();
    module.section(&exports);
    holding(&module)
}

#[test]
fn every_cap_lets_its_number_pass_and_no_more() {
    let cases: [(&str, Vec<u8>, Vec<u8>); 12] = [
        ("core functions", holding(&module(100_000, 0, 0)), holding(&module(100_001, 0, 0))),
        // The body has its list of locals and its end besides.
        ("bytes in one function", holding(&module(1, 0, (1 << 20) - 10)), holding(&module(1, 0, 1 << 20))),
        ("locals in one function", holding(&module(1, 10_000, 0)), holding(&module(1, 10_001, 0))),
        ("locals", holding(&module(200, 10_000, 0)), holding(&module(201, 10_000, 0))),
        ("parameters or results", signature_of(255, 1), signature_of(256, 1)),
        ("parameters or results", signature_of(1, 255), signature_of(1, 256)),
        ("core modules", wide(64, 0, 0, 0, 0), wide(65, 0, 0, 0, 0)),
        ("components inside", wide(0, 100, 0, 0, 0), wide(0, 101, 0, 0, 0)),
        ("inside one another", nested(32), nested(33)),
        ("core instances", wide(1, 0, 64, 0, 0), wide(1, 0, 65, 0, 0)),
        ("exports of components", wide(1, 0, 0, 1_000, 0), wide(1, 0, 0, 1_001, 0)),
        ("custom sections", wide(0, 0, 0, 0, 8 << 20), wide(0, 0, 0, 0, (8 << 20) + 1)),
    ];
    for (what, most, more) in cases.into_iter().chain([("of core modules", core_names(20_000), core_names(20_001))]) {
        assert!(scan(&most).is_ok(), "{what}");
        let refused = scan(&more).unwrap_err();
        assert!(matches!(refused, PackageError::TooMuch { .. }), "{refused:?}");
        assert!(refused.to_string().contains(what), "{refused}");
    }
}
