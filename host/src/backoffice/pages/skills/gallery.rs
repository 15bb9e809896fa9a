//! What ships with the host and is not installed.

use axum::{extract::State, response::Response};
use std::sync::Arc;
use tower_sessions::Session;

use super::super::{
    super::{
        Backoffice,
        auth::{Actor, CsrfForm},
        error::Result,
        extract::Path,
    },
    Flash, Page,
    plain::{self, Asked},
};
use crate::skills::Shipped;

/// A skill that can be installed, at a glance.
pub struct Offer {
    pub name: String,
    pub version: String,
    pub description: String,
    pub size: u64,
    /// What is granted when it is installed.
    pub asked: Vec<Asked>,
    /// Secrets that the owner has to set before all of it works.
    pub secrets: Vec<String>,
    pub needs_approval: bool,
}

impl Offer {
    /// `None` for a file that is no skill.
    fn of(page: &Page, shipped: &Shipped) -> Option<Self> {
        let manifest = shipped.manifest.as_ref()?;
        Some(Self {
            name: manifest.name.clone(),
            version: manifest.version.clone(),
            description: manifest.description.clone(),
            size: shipped.size,
            asked: plain::asked(page, &manifest.asked(), &[]),
            secrets: manifest.secrets.iter().map(|secret| secret.name.clone()).collect(),
            needs_approval: manifest.needs_approval,
        })
    }
}

pub async fn offers(backoffice: &Backoffice, page: &Page) -> Result<Vec<Offer>> {
    let shipped = backoffice.skills.gallery().await?;
    Ok(shipped.iter().filter_map(|one| Offer::of(page, one)).collect())
}

/// `POST /gallery/{name}`
pub async fn install(
    State(backoffice): State<Arc<Backoffice>>,
    actor: Actor,
    session: Session,
    Path(name): Path<String>,
    CsrfForm(()): CsrfForm<()>,
) -> Result<Response> {
    let outcome = backoffice.install(&actor, &name).await.map(drop);
    let there = backoffice.db.skill(&name).await?.is_some_and(|row| row.status != "removed");
    let to = if there { format!("/skills/{name}") } else { "/skills#gallery".to_owned() };
    Flash::after(&session, outcome, "done.skill_installed", &to).await
}
