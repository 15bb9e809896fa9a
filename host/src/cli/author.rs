//! What an author does on their own machine, without a host: a folder from a template, a component from the folder,
//! and the component tried under the limits of a host.

mod build;
mod language;
mod new;
mod report;
mod sdk;
mod stage;
mod steps;
mod trial;
mod watch;

pub use build::{BuildOptions, ToolFailed, build, built_file, numbered};
pub use language::Language;
pub use new::new_skill;
pub use report::CaseReport;
pub use sdk::manifest_schema;
pub use steps::Steps;
pub use trial::{RunOptions, check, run, test};
pub use watch::watch;
