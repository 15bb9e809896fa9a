//! The contract as TypeScript has it: `sdk/js/contract.d.ts` is made from `wit/v0`; `UPDATE_DOCS=1` writes it. The types
//! of the SDK, in `index.d.ts`, are made from those.

use std::{fmt::Write, iter::once};
use wit_parser::{Docs, Function, Interface, Resolve, Type, TypeDefKind, TypeId};

use crate::{harness::root, manifests::up_to_date};

#[test]
fn the_types_of_javascript_are_the_contracts() {
    let mut resolve = Resolve::default();
    resolve.push_dir(root().join("wit/v0")).unwrap();
    up_to_date("sdk/js/contract.d.ts", &Contract(&resolve).file());
}

/// A name of the contract in the SDK's types, and every namespace of it beside the types has functions of that name's.
#[test]
fn the_sdk_has_every_interface_and_takes_its_types_from_the_contract() {
    let mut resolve = Resolve::default();
    resolve.push_dir(root().join("wit/v0")).unwrap();
    let index = std::fs::read_to_string(root().join("sdk/js/index.d.ts")).unwrap();
    for (_, interface) in &resolve.interfaces {
        let name = interface.name.as_deref().unwrap();
        // What a skill exports, and the words that all share.
        if ["skill", "types"].contains(&name) {
            continue;
        }
        assert!(index.contains(&format!("export namespace {name} {{")), "index.d.ts has no namespace `{name}`");
        for (id, _) in types(interface).filter(|(id, _)| matches!(resolve.types[*id].kind, TypeDefKind::Record(_))) {
            let used = format!("contract.{name}.{}", upper(resolve.types[id].name.as_deref().unwrap()));
            // A request is given as arguments.
            assert!(used == "contract.http.Request" || index.contains(&used), "index.d.ts does not use `{used}`");
        }
    }
}

struct Contract<'a>(&'a Resolve);

fn types(interface: &Interface) -> impl Iterator<Item = (TypeId, &String)> {
    interface.types.iter().map(|(name, id)| (*id, name))
}

impl Contract<'_> {
    fn file(&self) -> String {
        let mut text = "// Generated from the contract, and compared with it by a test. A result is what a function returns, or the\n\
            // error that it throws; an option is null where there is nothing.\n"
            .to_owned();
        let mut interfaces: Vec<&Interface> = self.0.interfaces.iter().map(|(_, interface)| interface).collect();
        interfaces.sort_by_key(|interface| (interface.name.as_deref() != Some("types"), interface.name.clone()));
        for interface in interfaces {
            text += "\n";
            docs(&mut text, "", &interface.docs);
            let _ = writeln!(text, "export namespace {} {{", interface.name.as_deref().unwrap());
            for (id, name) in types(interface) {
                self.definition(&mut text, interface, id, name);
            }
            for function in interface.functions.values() {
                self.function(&mut text, function);
            }
            text += "}\n";
        }
        text
    }

    fn definition(&self, text: &mut String, interface: &Interface, id: TypeId, name: &str) {
        let (definition, name) = (&self.0.types[id], upper(name));
        docs(text, "  ", &definition.docs);
        match &definition.kind {
            TypeDefKind::Record(record) => {
                let _ = writeln!(text, "  export interface {name} {{");
                for field in &record.fields {
                    docs(text, "    ", &field.docs);
                    let _ = writeln!(text, "    readonly {}: {};", lower(&field.name), self.name_of(&field.ty));
                }
                *text += "  }\n";
            }
            TypeDefKind::Enum(cases) => {
                let _ = writeln!(text, "  export type {name} =");
                let cases = cases.cases.iter().map(|case| (&case.docs, format!("'{}'", case.name)));
                alternatives(text, cases.collect());
            }
            TypeDefKind::Variant(variant) => {
                let _ = writeln!(text, "  export type {name} =");
                let cases = variant.cases.iter().map(|case| {
                    let value = case.ty.map(|ty| format!("; readonly val: {}", self.name_of(&ty))).unwrap_or_default();
                    (&case.docs, format!("{{ readonly tag: '{}'{value} }}", case.name))
                });
                alternatives(text, cases.collect());
            }
            TypeDefKind::Type(Type::Id(other)) if self.0.types[*other].owner != definition.owner => {
                // Taken over from another interface by its name.
                let _ = writeln!(text, "  export type {name} = {};", self.qualified(*other, interface));
            }
            kind => {
                let _ = writeln!(text, "  export type {name} = {};", self.kind(kind));
            }
        }
    }

    fn qualified(&self, id: TypeId, within: &Interface) -> String {
        let definition = &self.0.types[id];
        let name = upper(definition.name.as_deref().unwrap());
        let wit_parser::TypeOwner::Interface(owner) = definition.owner else { return name };
        let owner = self.0.interfaces[owner].name.as_deref().unwrap();
        if within.name.as_deref() == Some(owner) { name } else { format!("{owner}.{name}") }
    }

    fn function(&self, text: &mut String, function: &Function) {
        let throws = match function.result {
            Some(Type::Id(id)) => match &self.0.types[id].kind {
                TypeDefKind::Result(result) => result.err.map(|error| format!("Throws {}.", self.name_of(&error))),
                _ => None,
            },
            _ => None,
        };
        let said = function.docs.contents.iter().map(|said| said.trim().to_owned()).chain(throws);
        let said = said.collect::<Vec<_>>().join("\n");
        docs(text, "  ", &Docs { contents: (!said.is_empty()).then_some(said) });
        let params: Vec<String> = function
            .params
            .iter()
            .map(|param| format!("{}: {}", lower(&param.name), self.name_of(&param.ty)))
            .collect();
        let result = function.result.map_or("void".to_owned(), |ty| self.name_of(&ty));
        // A word of the language is no name of a function, but may be exported as one.
        let name = lower(&function.name);
        if name == "delete" {
            let _ = writeln!(
                text,
                "  function delete_({}): {result};\n  export {{ delete_ as delete }};",
                params.join(", ")
            );
        } else {
            let _ = writeln!(text, "  export function {name}({}): {result};", params.join(", "));
        }
    }

    fn name_of(&self, ty: &Type) -> String {
        match ty {
            Type::Bool => "boolean".to_owned(),
            Type::String | Type::Char => "string".to_owned(),
            Type::Id(id) => match &self.0.types[*id] {
                one if one.name.is_some() => upper(one.name.as_deref().unwrap()),
                one => self.kind(&one.kind),
            },
            Type::ErrorContext => panic!("the contract has no asynchronous functions"),
            _ => "number".to_owned(),
        }
    }

    fn kind(&self, kind: &TypeDefKind) -> String {
        match kind {
            TypeDefKind::Type(ty) => self.name_of(ty),
            TypeDefKind::Option(ty) => format!("{} | null", self.name_of(ty)),
            TypeDefKind::List(Type::U8) => "Uint8Array".to_owned(),
            TypeDefKind::List(ty) => match self.name_of(ty) {
                one if one.contains(' ') && !one.starts_with('[') => format!("({one})[]"),
                one => format!("{one}[]"),
            },
            TypeDefKind::Tuple(tuple) => {
                format!("[{}]", tuple.types.iter().map(|ty| self.name_of(ty)).collect::<Vec<_>>().join(", "))
            }
            TypeDefKind::Result(result) => result.ok.map_or("void".to_owned(), |ty| self.name_of(&ty)),
            kind => panic!("the contract has had no {} so far", kind.as_str()),
        }
    }
}

fn alternatives(text: &mut String, cases: Vec<(&Docs, String)>) {
    let last = cases.len() - 1;
    for (at, (said, case)) in cases.into_iter().enumerate() {
        docs(text, "    ", said);
        let _ = writeln!(text, "    | {case}{}", if at == last { ";" } else { "" });
    }
}

fn docs(text: &mut String, indent: &str, docs: &Docs) {
    let Some(said) = docs.contents.as_deref().map(str::trim).filter(|said| !said.is_empty()) else { return };
    let lines: Vec<&str> = said.lines().map(str::trim).collect();
    match &lines[..] {
        [line] => {
            let _ = writeln!(text, "{indent}/** {line} */");
        }
        lines => {
            let _ = writeln!(text, "{indent}/**");
            for line in lines {
                let _ = writeln!(text, "{}", format!("{indent} * {line}").trim_end());
            }
            let _ = writeln!(text, "{indent} */");
        }
    }
}

/// `run-at-ms` as `runAtMs`.
fn lower(name: &str) -> String {
    let mut words = name.split('-');
    once(words.next().unwrap_or_default().to_owned()).chain(words.map(capitalised)).collect()
}

/// `new-job` as `NewJob`.
fn upper(name: &str) -> String {
    name.split('-').map(capitalised).collect()
}

fn capitalised(word: &str) -> String {
    let mut letters = word.chars();
    letters.next().map(|first| first.to_ascii_uppercase().to_string() + letters.as_str()).unwrap_or_default()
}
