//! A component without what nobody reads.

use std::mem;
use wasm_encoder::{ComponentSectionId, Encode};
use wasmparser::{Encoding, Parser, Payload};

/// The same component without the custom sections of its modules and components. Those that say which world a core
/// module is written against have done their work; the manifest is put in later.
pub fn strip(component: &[u8]) -> wasmparser::Result<Vec<u8>> {
    let mut stack: Vec<Vec<u8>> = Vec::new();
    let mut output = Vec::new();
    for payload in Parser::new(0).parse_all(component) {
        let payload = payload?;
        match &payload {
            Payload::Version { encoding, .. } => output.extend_from_slice(match encoding {
                Encoding::Component => &wasm_encoder::Component::HEADER,
                Encoding::Module => &wasm_encoder::Module::HEADER,
            }),
            Payload::ModuleSection { .. } | Payload::ComponentSection { .. } => stack.push(mem::take(&mut output)),
            Payload::End(_) => {
                let Some(mut parent) = stack.pop() else { break };
                let component = output.starts_with(&wasm_encoder::Component::HEADER);
                let id = if component { ComponentSectionId::Component } else { ComponentSectionId::CoreModule };
                parent.push(id as u8);
                output.encode(&mut parent);
                output = parent;
            }
            Payload::CustomSection(_) => {}
            _ => {
                if let Some((id, range)) = payload.as_section() {
                    output.push(id);
                    component[range].encode(&mut output);
                }
            }
        }
    }
    Ok(output)
}
