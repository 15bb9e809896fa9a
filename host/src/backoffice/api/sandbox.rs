//! The sandbox: its limits as they were tried at start, and what runs in it.

use axum::{Json, extract::State};
use serde::Serialize;
use std::sync::Arc;
use utoipa::ToSchema;

use super::super::Backoffice;
use crate::skills::Probed;

#[derive(Serialize, ToSchema)]
pub struct Sandbox {
    /// Each limit with a tiny hostile guest; a host whose limits do not bite does not serve.
    pub probes: Vec<ProbeView>,
    pub load: Load,
}

#[derive(Serialize, ToSchema)]
pub struct ProbeView {
    /// The limit, by its key in a manifest.
    pub limit: &'static str,
    /// What the guest did about it.
    pub tried: &'static str,
    pub took_us: u64,
    /// What it did in place of stopping, if it did not bite.
    pub fault: Option<String>,
}

/// Calls of all skills in this process.
#[derive(Serialize, ToSchema)]
pub struct Load {
    pub running: usize,
    pub waiting: usize,
    /// How many may run, and how many may wait.
    pub max_running: u32,
    pub max_waiting: usize,
}

impl Load {
    pub fn of(backoffice: &Backoffice) -> Self {
        let (running, waiting) = backoffice.skills.load();
        let settings = &backoffice.config.skills;
        Self { running, waiting, max_running: settings.max_calls, max_waiting: settings.max_queue }
    }
}

impl From<&Probed> for ProbeView {
    fn from(probed: &Probed) -> Self {
        let Probed { limit, tried, took_us, fault } = probed.clone();
        Self { limit, tried, took_us, fault }
    }
}

/// How the sandbox fares.
#[utoipa::path(get, path = "/api/v1/sandbox", tag = "skills", responses((status = 200, body = Sandbox)))]
pub async fn show(State(backoffice): State<Arc<Backoffice>>) -> Json<Sandbox> {
    let probes = backoffice.probed.iter().map(ProbeView::from).collect();
    Json(Sandbox { probes, load: Load::of(&backoffice) })
}
