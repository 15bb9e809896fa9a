//! What may be spent, what models cost, and whether they answer.

mod form;
pub mod gauge;

use askama::Template;
use axum::{extract::State, response::Response};
use std::{collections::BTreeMap, sync::Arc};
use tower_sessions::Session;
use uuid::Uuid;

use super::{
    super::{
        Backoffice,
        api::models::{ModelTestView, SetUpModel, price_list},
        auth::{Actor, CsrfForm},
        error::Result,
        extract::Path,
    },
    Flash, Page, html,
};
use crate::ids::CounterId;
use form::{BudgetRow, Choice, PriceRow};
use gauge::BudgetCard;

#[derive(Template)]
#[template(path = "budgets.html")]
struct BudgetsPage {
    page: Page,
    cards: Vec<BudgetCard>,
    rows: Vec<BudgetRow>,
    /// Whom a budget may be about.
    subjects: Vec<Choice>,
    prices: Vec<PriceRow>,
    tiers: Vec<TierModels>,
}

/// A tier, its models, and what came of a test just now.
struct TierModels {
    tier: &'static str,
    models: Vec<SetUpModel>,
    tested: Option<ModelTestView>,
}

impl BudgetsPage {
    async fn of(backoffice: &Backoffice, page: Page, mut tested: Option<(String, ModelTestView)>) -> Result<Self> {
        let list = price_list(backoffice).await?;
        let prices = form::price_rows(&list);
        let mut tiers: Vec<TierModels> = Vec::new();
        for tier in ["small", "large", "embedding"] {
            let tested = tested.take_if(|(of, _)| of == tier).map(|(_, test)| test);
            tiers.push(TierModels { tier, models: Vec::new(), tested });
        }
        for model in list.models {
            if let Some(tier) = tiers.iter_mut().find(|tier| tier.tier == model.tier) {
                tier.models.push(model);
            }
        }
        let budgets = backoffice.db.budgets().await?;
        let subjects = form::subjects(backoffice, &page, &budgets).await?;
        Ok(Self {
            cards: gauge::cards(backoffice, &page).await?,
            rows: form::budget_rows(&budgets),
            subjects,
            prices,
            tiers,
            page,
        })
    }
}

/// `GET /budgets`
pub async fn show(State(backoffice): State<Arc<Backoffice>>, page: Page) -> Result<Response> {
    html(&BudgetsPage::of(&backoffice, page, None).await?)
}

/// `POST /budgets`: all of them at once.
pub async fn set(
    State(backoffice): State<Arc<Backoffice>>,
    actor: Actor,
    session: Session,
    CsrfForm(fields): CsrfForm<BTreeMap<String, String>>,
) -> Result<Response> {
    let outcome = match form::budgets(&fields) {
        Ok(orders) => backoffice.set_budgets(&actor, &orders).await,
        Err(problem) => Err(problem),
    };
    Flash::after(&session, outcome, "done.settings_saved", "/budgets").await
}

/// `POST /budgets/counters/{counter}`: adds to a limit that is used up.
pub async fn extend(
    State(backoffice): State<Arc<Backoffice>>,
    actor: Actor,
    session: Session,
    Path(id): Path<Uuid>,
    CsrfForm(()): CsrfForm<()>,
) -> Result<Response> {
    let outcome = backoffice.extend_budget(&actor, CounterId(id)).await.map(drop);
    Flash::after(&session, outcome, "done.budget_extended", "/budgets").await
}

/// `POST /budgets/prices`: all of the owner's at once.
pub async fn set_prices(
    State(backoffice): State<Arc<Backoffice>>,
    actor: Actor,
    session: Session,
    CsrfForm(fields): CsrfForm<BTreeMap<String, String>>,
) -> Result<Response> {
    let outcome = backoffice.set_prices(&actor, &form::prices(&fields)).await;
    Flash::after(&session, outcome, "done.settings_saved", "/budgets#prices").await
}

/// `POST /budgets/models/{tier}`: asks its model for one word; the page that answers shows what came of it.
pub async fn test(
    State(backoffice): State<Arc<Backoffice>>,
    actor: Actor,
    page: Page,
    Path(tier): Path<String>,
    CsrfForm(()): CsrfForm<()>,
) -> Result<Response> {
    let test = backoffice.test_model(&actor, &tier).await?;
    html(&BudgetsPage::of(&backoffice, page, Some((tier, test.into()))).await?)
}
