//! Skillet: a self-hosted AI agent whose skills are WebAssembly components.
//!
//! ```text
//! main > cli > app > { backoffice, scheduler } > agent > { gateway, skills, memory } > store > { ids, clock }
//! ```
//!
//! `agent` takes a message and gives a reply. `gateway` is the one door to models, `skills` the one
//! place that runs components, `memory` what lasts beyond a turn, `store` the one place that speaks
//! SQL. `app` builds the parts and starts their tasks.

pub mod agent;
pub mod app;
pub mod backoffice;
pub mod cli;
pub mod clock;
pub mod config;
pub mod gateway;
pub mod ids;
pub mod kept;
pub mod memory;
pub mod prompts;
pub mod schedule;
pub mod scheduler;
pub mod settings;
pub mod skills;
pub mod store;
pub mod telegram;
pub mod telemetry;
pub mod wake;

rust_i18n::i18n!("locales", fallback = "en");
