//! What the nights have folded in a person's memory.

use axum::extract::State;
use chrono::{DateTime, Utc};
use serde::Serialize;
use std::sync::Arc;
use utoipa::ToSchema;
use uuid::Uuid;

use super::{
    super::{
        Backoffice,
        auth::Actor,
        error::Result,
        extract::{Path, Query},
    },
    Done, OfUser,
};
use crate::{
    ids::{FoldingId, UserId},
    store::StoreError,
};

/// Nights that are shown.
const MAX_FOLDINGS: i64 = 60;

#[derive(Serialize, ToSchema)]
pub struct Foldings {
    /// Newest first; a night that changed nothing is not among them.
    pub foldings: Vec<FoldingView>,
}

#[derive(Serialize, ToSchema)]
pub struct FoldingView {
    pub id: Uuid,
    pub created_at: DateTime<Utc>,
    /// When it was taken back.
    pub undone_at: Option<DateTime<Utc>>,
    pub made: Vec<MadeView>,
    pub closed: Vec<ClosedView>,
}

/// A summary that was made.
#[derive(Serialize, ToSchema)]
pub struct MadeView {
    pub id: Uuid,
    /// "day" or "month".
    pub span: &'static str,
    /// Empty once it is gone.
    pub text: String,
}

/// A fact that was closed, since another one says the same.
#[derive(Serialize, ToSchema)]
pub struct ClosedView {
    pub id: Uuid,
    /// Empty once it is gone.
    pub text: String,
    pub kept: Uuid,
}

/// What the nights have changed; the page shows the same.
pub async fn of(backoffice: &Backoffice, user: UserId) -> std::result::Result<Vec<FoldingView>, StoreError> {
    let db = &backoffice.db;
    let mut foldings = Vec::new();
    for folding in db.foldings(user, MAX_FOLDINGS).await? {
        let (mut made, mut closed) = (Vec::new(), Vec::new());
        for (id, span, _) in &folding.changes.0.made {
            let text = db.episode(*id).await?.map(|episode| episode.summary_text).unwrap_or_default();
            made.push(MadeView { id: id.0, span: span.word(), text });
        }
        for (id, kept) in &folding.changes.0.closed {
            let text = db.fact(*id).await?.map(|fact| fact.value_text).unwrap_or_default();
            closed.push(ClosedView { id: id.0, text, kept: kept.0 });
        }
        let (created_at, undone_at) = (folding.created_at, folding.undone_at);
        foldings.push(FoldingView { id: folding.id.0, created_at, undone_at, made, closed });
    }
    Ok(foldings)
}

/// What the nights have folded in a person's memory.
#[utoipa::path(get, path = "/api/v1/memories/foldings", tag = "memory", params(OfUser), responses((status = 200, body = Foldings)))]
pub async fn list(
    State(backoffice): State<Arc<Backoffice>>,
    Query(whose): Query<OfUser>,
) -> Result<axum::Json<Foldings>> {
    let user = backoffice.known_person(whose.user.as_deref()).await?;
    Ok(axum::Json(Foldings { foldings: of(&backoffice, user.id).await? }))
}

/// Takes a folding back: its summaries go, and facts that it closed hold again. The next nights do not repeat it.
#[utoipa::path(
    post,
    path = "/api/v1/memories/foldings/{id}/undo",
    tag = "memory",
    params(("id" = Uuid, Path)),
    responses((status = 200, body = Done), (status = 404, body = super::ProblemDocument))
)]
pub async fn undo(
    State(backoffice): State<Arc<Backoffice>>,
    actor: Actor,
    Path(id): Path<Uuid>,
) -> Result<axum::Json<Done>> {
    backoffice.undo_folding(&actor, FoldingId(id)).await?;
    Ok(Done::ok())
}
