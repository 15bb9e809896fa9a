//! The bot: how it fares, who asks to talk to it, what it could not send.

use askama::Template;
use axum::{extract::State, response::Response};
use serde::Deserialize;
use std::sync::Arc;
use tower_sessions::Session;
use uuid::Uuid;

use super::{
    super::{
        Backoffice,
        api::{
            pairings::{PairingView, pairings},
            telegram::{self, TelegramView, UnsentView},
        },
        auth::{Actor, CsrfForm},
        error::{Kind, Problem, Result},
        extract::Path,
    },
    Flash, Page, html,
};
use crate::{
    ids::{OutboxId, PairingId},
    store::{Chat, Role},
    telegram::Who,
};

/// Requests shown that are no longer open.
const PAST: usize = 10;

#[derive(Template)]
#[template(path = "telegram.html")]
struct TelegramPage {
    page: Page,
    bot: TelegramView,
    /// Requests that wait for the owner, then some that do not.
    open: Vec<PairingView>,
    past: Vec<PairingView>,
    chats: Vec<Place>,
    unsent: Vec<UnsentView>,
}

/// A chat, and who stands behind it.
struct Place {
    chat: Chat,
    person: String,
    /// Whether its conversation has a page: only the owner's have.
    own: bool,
}

/// `GET /telegram`
pub async fn show(State(backoffice): State<Arc<Backoffice>>, page: Page) -> Result<Response> {
    let people = backoffice.db.users().await?;
    let chats = backoffice.db.chats().await?.into_iter().map(|chat| {
        let person = people.iter().find(|user| user.id == chat.user_id);
        Place {
            person: person.map(|user| user.name.clone()).unwrap_or_default(),
            own: person.is_some_and(|user| user.role == Role::Owner),
            chat,
        }
    });
    let chats = chats.collect();
    let (open, mut past): (Vec<_>, Vec<_>) =
        pairings(&backoffice).await?.into_iter().partition(|pairing| pairing.status == "pending");
    past.truncate(PAST);
    let bot = telegram::state(&backoffice).await?;
    html(&TelegramPage { page, bot, open, past, chats, unsent: telegram::unsent(&backoffice).await? })
}

#[derive(Deserialize)]
pub struct Decision {
    /// "owner", "member" or "deny".
    action: String,
    #[serde(default)]
    name: String,
}

/// `POST /telegram/pairings/{pairing}`
pub async fn decide(
    State(backoffice): State<Arc<Backoffice>>,
    actor: Actor,
    session: Session,
    Path(id): Path<Uuid>,
    CsrfForm(form): CsrfForm<Decision>,
) -> Result<Response> {
    let id = PairingId(id);
    let (outcome, done) = match form.action.as_str() {
        "owner" => (backoffice.approve_pairing(&actor, id, Who::Owner).await.map(drop), "done.pairing_approved"),
        "member" => {
            let who = Who::Member(Some(form.name));
            (backoffice.approve_pairing(&actor, id, who).await.map(drop), "done.pairing_approved")
        }
        "deny" => (backoffice.deny_pairing(&actor, id).await, "done.pairing_denied"),
        _ => return Err(Problem::new(Kind::InvalidForm, "A request is approved or denied.")),
    };
    Flash::after(&session, outcome, done, "/telegram").await
}

/// `POST /telegram/outbox/{message}`: sends it again.
pub async fn resend(
    State(backoffice): State<Arc<Backoffice>>,
    actor: Actor,
    session: Session,
    Path(id): Path<Uuid>,
    CsrfForm(()): CsrfForm<()>,
) -> Result<Response> {
    let outcome = backoffice.resend(&actor, OutboxId(id)).await;
    Flash::after(&session, outcome, "done.resent", "/telegram#unsent").await
}
