//! The tests of Skillet as a whole: real databases, real components, the real binary.
//!
//! `harness` holds what tests are made with; every other module is a subject. A store test is
//! written once and runs on SQLite and on Postgres (`both!`).
#![expect(clippy::unwrap_used, reason = "a failed unwrap is a failed test")]

mod anthropic;
mod attacks;
mod authors;
mod budgets;
mod chat;
mod conformance;
mod crash;
mod embedder;
mod forgetting;
mod gallery;
mod gateway;
mod guests;
mod guides;
mod harness;
mod hosts;
mod later;
mod layering;
mod manifests;
mod memories;
mod memory;
mod model;
mod models;
mod parity;
mod prompts;
mod recall;
mod reminders;
mod safety;
mod serve;
mod settings;
mod skills;
mod spans;
mod store;
mod structured;
mod telegram;
mod triggers;
mod types;
mod uploads;
mod versions;
mod working;
