//! All skills, the upload, and the gallery.

pub mod gallery;

use askama::Template;
use axum::{
    extract::{Request, State},
    response::Response,
};
use std::sync::Arc;
use tower_sessions::Session;

use super::{
    super::{
        Backoffice,
        auth::Actor,
        component,
        error::{Kind, Result},
    },
    Flash, Page, html,
    plain::{self, Asked},
};
use crate::skills::manifest_of;
use crate::store::SkillRow;
use gallery::Offer;

#[derive(Template)]
#[template(path = "skills.html")]
struct SkillsPage {
    page: Page,
    cards: Vec<Card>,
    /// What can be installed.
    gallery: Vec<Offer>,
    max_mib: u32,
}

/// A skill at a glance.
struct Card {
    name: String,
    /// "active", "disabled" or "review".
    status: String,
    origin: String,
    version: String,
    description: String,
    asked: Vec<Asked>,
    /// A newer version that waits for the owner.
    waiting: Option<Waiting>,
}

struct Waiting {
    digest: String,
    version: String,
    asked: Vec<Asked>,
}

impl Card {
    async fn of(backoffice: &Backoffice, page: &Page, row: SkillRow) -> Result<Self> {
        let (version, manifest) = backoffice.chosen_version(&row).await?;
        let granted: Vec<_> =
            backoffice.db.grants(&row.name).await?.into_iter().map(|grant| (grant.capability, grant.scope.0)).collect();
        let newest = backoffice.db.versions(&row.name).await?.into_iter().next();
        let waiting = match newest.filter(|newest| newest.status == "review") {
            Some(newest) => {
                let asked = plain::asked(page, &manifest_of(&newest)?.asked(), &granted);
                Some(Waiting { asked, digest: newest.digest, version: newest.version })
            }
            None => None,
        };
        Ok(Self {
            status: if row.active_digest.is_none() { "review".to_owned() } else { row.status },
            name: row.name,
            origin: row.origin,
            version: version.version,
            asked: plain::asked(page, &manifest.asked(), &granted),
            description: manifest.description,
            waiting,
        })
    }
}

/// `GET /skills`
pub async fn list(State(backoffice): State<Arc<Backoffice>>, page: Page) -> Result<Response> {
    let mut cards = Vec::new();
    for row in backoffice.db.skills().await?.into_iter().filter(|row| row.status != "removed") {
        cards.push(Card::of(&backoffice, &page, row).await?);
    }
    // What waits for the owner comes first.
    cards.sort_by_key(|card| card.waiting.is_none());
    let gallery = gallery::offers(&backoffice, &page).await?;
    html(&SkillsPage { page, cards, gallery, max_mib: backoffice.config.skills.max_component_mib })
}

/// `POST /skills`: an upload without the script.
pub async fn upload(
    State(backoffice): State<Arc<Backoffice>>,
    actor: Actor,
    session: Session,
    request: Request,
) -> Result<Response> {
    let component = component::read_form(request, backoffice.max_component_bytes());
    let mut words = "done.skill_uploaded";
    let (outcome, to) = match backoffice.upload(&actor, component).await {
        Ok(uploaded) => {
            if uploaded.from_core_module {
                words = "done.core_module_uploaded";
            }
            let page =
                if uploaded.status == "review" { format!("/versions/{}", uploaded.digest) } else { String::new() };
            (Ok(()), format!("/skills/{}{page}", uploaded.name))
        }
        Err(problem) if problem.kind == Kind::Csrf => return Err(problem),
        Err(problem) => (Err(problem), "/skills".to_owned()),
    };
    Flash::after(&session, outcome, words, &to).await
}
