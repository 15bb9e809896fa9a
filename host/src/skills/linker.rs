//! The bindings of `wit/v0`, and the linker that lends its interfaces.

use wasmtime::{
    Engine,
    component::{HasSelf, Linker},
};

use super::{host::CallState, wide};

mod bindings {
    wasmtime::component::bindgen!({
        path: "../wit/v0",
        world: "skill-world",
        imports: { default: async | trappable },
        exports: { default: async },
        additional_derives: [serde::Serialize, serde::Deserialize],
    });
}

pub use bindings::{
    SkillWorldPre,
    exports::skillet::skill::skill::{Call, Failure as GuestFailure},
    skillet::skill::{
        clock, config, http, jobs, kv, llm, log, memory, messages, progress, random, settings, skills, types,
    },
};

/// The interfaces that this host lends, and the capability that each belongs to; without one it
/// is lent to every skill.
pub const LENT: [(&str, Option<&str>); 14] = [
    ("skillet:skill/types", None),
    ("skillet:skill/log", None),
    ("skillet:skill/clock", None),
    ("skillet:skill/random", None),
    ("skillet:skill/progress", None),
    ("skillet:skill/kv", Some("kv")),
    ("skillet:skill/settings", Some("settings")),
    ("skillet:skill/memory", Some("memory")),
    ("skillet:skill/config", Some("config")),
    ("skillet:skill/messages", Some("messages")),
    ("skillet:skill/jobs", Some("jobs")),
    ("skillet:skill/llm", Some("llm")),
    ("skillet:skill/http", Some("http")),
    ("skillet:skill/skills", Some("skills")),
];

/// Everything that is lent: our interfaces, and those of WASI that a component may bring along.
pub fn lent() -> impl Iterator<Item = &'static (&'static str, Option<&'static str>)> {
    LENT.iter().chain(wide::WIDE.iter())
}

/// A linker with everything that is lent. Whether a capability was granted is asked at each call.
pub fn linker(engine: &Engine) -> wasmtime::Result<Linker<CallState>> {
    let mut linker = Linker::new(engine);
    types::add_to_linker::<_, HasSelf<CallState>>(&mut linker, |state| state)?;
    log::add_to_linker::<_, HasSelf<CallState>>(&mut linker, |state| state)?;
    clock::add_to_linker::<_, HasSelf<CallState>>(&mut linker, |state| state)?;
    random::add_to_linker::<_, HasSelf<CallState>>(&mut linker, |state| state)?;
    progress::add_to_linker::<_, HasSelf<CallState>>(&mut linker, |state| state)?;
    kv::add_to_linker::<_, HasSelf<CallState>>(&mut linker, |state| state)?;
    settings::add_to_linker::<_, HasSelf<CallState>>(&mut linker, |state| state)?;
    memory::add_to_linker::<_, HasSelf<CallState>>(&mut linker, |state| state)?;
    config::add_to_linker::<_, HasSelf<CallState>>(&mut linker, |state| state)?;
    messages::add_to_linker::<_, HasSelf<CallState>>(&mut linker, |state| state)?;
    jobs::add_to_linker::<_, HasSelf<CallState>>(&mut linker, |state| state)?;
    llm::add_to_linker::<_, HasSelf<CallState>>(&mut linker, |state| state)?;
    http::add_to_linker::<_, HasSelf<CallState>>(&mut linker, |state| state)?;
    skills::add_to_linker::<_, HasSelf<CallState>>(&mut linker, |state| state)?;
    wide::add_to_linker(&mut linker)?;
    Ok(linker)
}

/// An import's interface without its version: `skillet:skill/kv@0.1.0` is `skillet:skill/kv`.
pub fn unversioned(import: &str) -> &str {
    import.split('@').next().unwrap_or(import)
}
