//! What is remembered of a person: looked at, searched, added to, changed, forgotten, taken along.

mod changes;

pub use changes::{change, export, forget_words, import, topics, undo, write};

use askama::Template;
use axum::{extract::State, response::Response};
use chrono::TimeDelta;
use serde::Deserialize;
use std::sync::Arc;

use super::{
    super::{
        Backoffice,
        api::foldings::{self, FoldingView},
        error::Result,
        extract::Query,
    },
    Page, html,
};
use crate::{
    memory::{Recalled, Rules, subject_of_episode},
    store::{Episode, Fact, User},
};

const MAX_FACTS: i64 = 500;
const MAX_EPISODES: i64 = 200;
const MAX_FOUND: usize = 20;

/// Days without a use after which a fact is one that nobody needs.
const IDLE_DAYS: i64 = 60;

#[derive(Template)]
#[template(path = "memory.html")]
struct MemoryPage {
    page: Page,
    people: Vec<User>,
    person: User,
    question: String,
    found: Option<Vec<Recalled>>,
    /// What holds, the pinned first.
    current: Vec<Line>,
    /// What holds no more and was replaced by nothing.
    past: Vec<Line>,
    episodes: Vec<Episode>,
    /// What the nights have changed, newest first.
    foldings: Vec<FoldingView>,
    topics: Vec<String>,
    rules: Rules,
    /// Current facts, and those of them that nobody needed for a while.
    facts: i64,
    idle: i64,
}

/// A key with what it stood for in the course of time.
struct Line {
    fact: Fact,
    /// Newest first.
    earlier: Vec<Fact>,
    pinned: bool,
    muted: bool,
}

#[derive(Deserialize)]
pub struct Look {
    user: Option<String>,
    #[serde(default)]
    q: String,
}

/// `GET /memory`
pub async fn show(State(backoffice): State<Arc<Backoffice>>, page: Page, Query(look): Query<Look>) -> Result<Response> {
    let (db, memory) = (&backoffice.db, &backoffice.memory);
    let person = backoffice.known_person(look.user.as_deref()).await?;
    let question = look.q.trim().to_owned();
    let found = if question.is_empty() { None } else { Some(memory.search(person.id, &question, MAX_FOUND).await?) };
    let rules = memory.rules(person.id).await?;
    let (current, past) = lines(db.facts(person.id, true, MAX_FACTS).await?, &rules);
    let (facts, idle) = db.idle_facts(person.id, page.now - TimeDelta::days(IDLE_DAYS)).await?;
    html(&MemoryPage {
        people: db.users().await?,
        question,
        found,
        current,
        past,
        episodes: db.episodes(person.id, MAX_EPISODES).await?,
        foldings: foldings::of(&backoffice, person.id).await?,
        topics: memory.topics(person.id).await?,
        rules,
        facts,
        idle,
        person,
        page,
    })
}

/// Facts, newest first, by their keys: those that hold something now, and the others.
fn lines(facts: Vec<Fact>, rules: &Rules) -> (Vec<Line>, Vec<Line>) {
    let mut lines: Vec<Line> = Vec::new();
    for fact in facts {
        match lines.iter_mut().find(|line| line.fact.key == fact.key) {
            // The one that holds comes first, whenever it was recorded.
            Some(line) if fact.valid_to.is_none() => line.earlier.insert(0, std::mem::replace(&mut line.fact, fact)),
            Some(line) => line.earlier.push(fact),
            None => lines.push(Line {
                pinned: rules.is_pinned(&fact.key),
                muted: rules.is_muted(&fact.key),
                earlier: Vec::new(),
                fact,
            }),
        }
    }
    lines.sort_by_key(|line| !line.pinned);
    lines.into_iter().partition(|line| line.fact.valid_to.is_none())
}

impl MemoryPage {
    fn is_muted(&self, episode: &Episode) -> bool {
        self.rules.is_muted(&subject_of_episode(episode.id.0))
    }

    /// Whether a memory that was found would not get into a prompt.
    fn is_kept_out(&self, found: &Recalled) -> bool {
        !self.rules.allows(found)
    }
}
