//! Skillet: a self-hosted AI agent whose skills are WebAssembly components.
pub mod clock;
pub mod config;
pub mod ids;
pub mod store;
pub mod memory;
pub mod settings;
pub mod skills;
pub mod agent;
