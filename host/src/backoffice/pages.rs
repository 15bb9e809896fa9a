//! The pages. Each file has a page: its template's struct beside its handlers.

pub mod approvals;
pub mod budgets;
pub mod chat;
pub mod error;
pub mod job;
pub mod jobs;
pub mod language;
pub mod login;
pub mod memory;
mod page;
pub mod people;
mod plain;
pub mod settings;
pub mod setup;
pub mod skill;
pub mod skills;
pub mod telegram;
pub mod turn;
pub mod turns;
pub mod usage;

pub use page::{Flash, Page, html};
