//! `POST /skills/{name}/call`: tries a skill and shows what came of it.

use axum::{extract::State, response::Response};
use std::{collections::BTreeMap, sync::Arc};

use super::{
    super::{
        super::{
            Backoffice,
            api::calls::CallAnswer,
            auth::CsrfForm,
            changes::CallRequest,
            error::{Kind, Problem, Result},
            extract::Path,
        },
        Page, html,
    },
    SkillPage, fields,
};

/// What came of trying a skill.
pub enum Tried {
    Answer(CallAnswer),
    Problem(Problem),
}

pub async fn call(
    State(backoffice): State<Arc<Backoffice>>,
    page: Page,
    Path(name): Path<String>,
    CsrfForm(form): CsrfForm<BTreeMap<String, String>>,
) -> Result<Response> {
    let row = backoffice.skill_row(&name).await?;
    let (_, manifest) = backoffice.chosen_version(&row).await?;
    let locale = page.locale.word().to_owned();
    let tried = match fields::input(&manifest, &form) {
        Ok(input) => {
            let key = form.get("key").filter(|key| !key.is_empty()).map(|key| format!("try:{key}"));
            let user = backoffice.person(None).await?;
            let request = CallRequest { skill: name.clone(), input, user, key, locale };
            match backoffice.call(request).await {
                Ok(outcome) => Tried::Answer(outcome.into()),
                Err(problem) if problem.kind == Kind::Internal => return Err(problem),
                Err(problem) => Tried::Problem(problem),
            }
        }
        Err(problem) => Tried::Problem(problem),
    };
    let mut page = SkillPage::of(&backoffice, page, &name).await?;
    page.fields = fields::of(&page.manifest, &form);
    page.tried = Some(tried);
    html(&page)
}
