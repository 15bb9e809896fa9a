//! How much there is of everything in a component, counted before anything is made of it. A few kilobytes
//! can stand for minutes of compiling; these caps refuse the cheap tricks at once and by name, and the limits
//! of the compiling child hold against the rest.
//!
//! Beside each cap stands the most that a real guest was found to have: Go with its `net/http`,
//! `QuickJS`, `StarlingMonkey`, or Python with its standard library.

use wasmparser::{CompositeInnerType, Instance, Parser, Payload, SubType};

use super::PackageError;

/// Core functions, over all modules; Python has 13,489. Against modules of empty functions: three bytes each,
/// and some kilobytes of the compiler's memory.
const MAX_FUNCTIONS: u64 = 100_000;

/// Bytes of one function's body; Python's interpreter loop has 426,843. Against one huge function: what the
/// compiler spends on a body grows faster than the body.
const MAX_BODY_BYTES: u64 = 1 << 20;

/// Locals of one function; Python has 271. Against locals declared by the ten thousand in two bytes.
const MAX_LOCALS: u64 = 10_000;

/// Locals over all functions; `StarlingMonkey` has 51,830. Against the same trick, spread out.
const MAX_ALL_LOCALS: u64 = 2_000_000;

/// Parameters and results of one function type; Python has 19. Against calls that each move hundreds of values.
const MAX_SIGNATURE: u64 = 255;

/// Core modules; Python has 38. Against thousands of small ones, each compiled with its own tables.
const MAX_MODULES: u64 = 64;

/// Components inside the component; `QuickJS` has 23. Against the same with components.
const MAX_COMPONENTS: u64 = 100;

/// Modules and components inside one another; `QuickJS` has 3. Against recursion on the stack of whoever walks them.
const MAX_DEPTH: u64 = 32;

/// Core instances that the component makes; Python has 38. Against one module instantiated a thousand times.
const MAX_INSTANCES: u64 = 64;

/// Imports and exports of components; `QuickJS` has 211. Against pages and checks of endless lists.
const MAX_COMPONENT_NAMES: u64 = 1_000;

/// Imports and exports of core modules; Python has 6,843. Against the same inside.
const MAX_CORE_NAMES: u64 = 20_000;

/// Bytes of custom sections; Python has 415,627. Against ballast that is stored with every version and never runs.
const MAX_CUSTOM_BYTES: u64 = 8 << 20;

/// What was counted so far.
#[derive(Default)]
struct Counts {
    functions: u64,
    locals: u64,
    modules: u64,
    components: u64,
    depth: u64,
    instances: u64,
    component_names: u64,
    core_names: u64,
    custom_bytes: u64,
}

/// Walks the component once and stops at the first cap it goes over. How many core instances it makes.
pub fn scan(component: &[u8]) -> Result<u64, PackageError> {
    let mut counts = Counts::default();
    for payload in Parser::new(0).parse_all(component) {
        let payload = payload?;
        counts.add(&payload)?;
        // The parser, and the validator with it, takes the end of the file for the end of what is inside.
        if let Payload::ModuleSection { unchecked_range: inside, .. }
        | Payload::ComponentSection { unchecked_range: inside, .. } = payload
            && inside.end > component.len()
        {
            let reason = format!("what is inside ends at byte {}", inside.end);
            return Err(PackageError::Invalid { offset: component.len(), reason });
        }
    }
    Ok(counts.instances)
}

impl Counts {
    fn add(&mut self, payload: &Payload<'_>) -> Result<(), PackageError> {
        match payload {
            Payload::ModuleSection { .. } => {
                self.modules += 1;
                self.depth += 1;
            }
            Payload::ComponentSection { .. } => {
                self.components += 1;
                self.depth += 1;
            }
            Payload::End(_) => self.depth = self.depth.saturating_sub(1),
            Payload::TypeSection(section) => {
                for group in section.clone() {
                    group?.types().try_for_each(signature)?;
                }
            }
            Payload::FunctionSection(section) => self.functions += u64::from(section.count()),
            Payload::CodeSectionEntry(body) => self.body(body)?,
            Payload::InstanceSection(section) => {
                for instance in section.clone() {
                    self.instances += u64::from(matches!(instance?, Instance::Instantiate { .. }));
                }
            }
            Payload::ImportSection(section) => self.core_names += u64::from(section.count()),
            Payload::ExportSection(section) => self.core_names += u64::from(section.count()),
            Payload::ComponentImportSection(section) => self.component_names += u64::from(section.count()),
            Payload::ComponentExportSection(section) => self.component_names += u64::from(section.count()),
            Payload::CustomSection(section) => self.custom_bytes += section.data().len() as u64,
            _ => {}
        }
        self.check()
    }

    fn body(&mut self, body: &wasmparser::FunctionBody<'_>) -> Result<(), PackageError> {
        under("bytes in one function", body.range().len() as u64, MAX_BODY_BYTES)?;
        let mut locals = 0;
        for group in body.get_locals_reader()? {
            locals += u64::from(group?.0);
        }
        self.locals += locals;
        under("locals in one function", locals, MAX_LOCALS)
    }

    fn check(&self) -> Result<(), PackageError> {
        under("core functions", self.functions, MAX_FUNCTIONS)?;
        under("locals", self.locals, MAX_ALL_LOCALS)?;
        under("core modules", self.modules, MAX_MODULES)?;
        under("components inside", self.components, MAX_COMPONENTS)?;
        under("modules and components inside one another", self.depth, MAX_DEPTH)?;
        under("core instances", self.instances, MAX_INSTANCES)?;
        under("imports and exports of components", self.component_names, MAX_COMPONENT_NAMES)?;
        under("imports and exports of core modules", self.core_names, MAX_CORE_NAMES)?;
        under("bytes of custom sections", self.custom_bytes, MAX_CUSTOM_BYTES)
    }
}

fn signature(kind: &SubType) -> Result<(), PackageError> {
    let CompositeInnerType::Func(function) = &kind.composite_type.inner else { return Ok(()) };
    under("parameters or results of one function", function.params().len() as u64, MAX_SIGNATURE)?;
    under("parameters or results of one function", function.results().len() as u64, MAX_SIGNATURE)
}

fn under(what: &'static str, count: u64, max: u64) -> Result<(), PackageError> {
    if count > max { Err(PackageError::TooMuch { what: what.into(), count, max }) } else { Ok(()) }
}

#[cfg(test)]
mod tests;
