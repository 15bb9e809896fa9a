//! A problem as a page, and `GET /problems/{slug}`, which `type` of a problem document points to.

use askama::Template;
use axum::response::{IntoResponse, Response};

use super::{
    super::{
        assets,
        error::{Kind, Problem, Result},
        extract::Path,
        locale::Locale,
    },
    Page, html,
};

#[derive(Template)]
#[template(path = "error.html")]
struct ErrorPage<'a> {
    locale: Locale,
    status: u16,
    title: String,
    detail: &'a str,
    style: String,
    icon: String,
}

#[derive(Template)]
#[template(path = "problem.html")]
struct ExplainPage {
    page: Page,
    slug: &'static str,
    status: u16,
}

/// The page of a failure.
pub fn page(locale: Locale, problem: &Problem) -> Result<Response> {
    let title = locale.text(&format!("problem.{}", problem.kind.slug())).into_owned();
    let status = problem.kind.status();
    let page = ErrorPage {
        locale,
        status: status.as_u16(),
        title,
        detail: &problem.detail,
        style: assets::address("app.css"),
        icon: assets::address("icon.svg"),
    };
    Ok((status, html(&page)?).into_response())
}

/// What a kind of problem means.
pub async fn explain(page: Page, Path(slug): Path<String>) -> Result<Response> {
    let kind = Kind::ALL.iter().find(|kind| kind.slug() == slug);
    let kind = kind.ok_or_else(|| Problem::new(Kind::NotFound, "There is no such kind of problem."))?;
    html(&ExplainPage { page, slug: kind.slug(), status: kind.status().as_u16() })
}
