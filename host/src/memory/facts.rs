//! Facts: kept as somebody says them, ended, and looked up by what they are about and when they held.

use chrono::{DateTime, Utc};
use chrono_tz::Tz;
use serde::Serialize;
use serde_json::json;

use super::{
    MAX_FACT_CHARS, MAX_FACTS, Memory, MemoryError, fact_words,
    semantic::{self, Asked, Span, Statement, When},
};
use crate::{
    ids::{TurnId, UserId},
    store::{Fact, NewFact, StoreError, Turn, Written, storable},
};

/// Longest text that is looked through for facts, in characters.
const MAX_TEXT_CHARS: usize = 8 * MAX_FACT_CHARS;

/// Longest key of a fact, in characters.
const MAX_KEY_CHARS: usize = 100;

/// Facts that are looked through to find one.
const MAX_LOOKED_AT: i64 = 1_000;

/// How sure a fact is: what the owner wrote, what a person stated, what a skill says.
const BY_OWNER: f64 = 1.0;
const BY_PERSON: f64 = 0.9;
const BY_SKILL: f64 = 0.6;

/// Fewest characters by which a value is known again in a text.
const MIN_KNOWN_CHARS: usize = 2;

/// A message, and how it is to be read.
#[derive(Clone, Copy, Debug)]
pub struct Said<'a> {
    /// The person's own words, without what came with them.
    pub message: &'a str,
    /// In which dates are meant.
    pub zone: Tz,
    /// Who wrote it, where several share a conversation and its memory.
    pub from: Option<&'a str>,
}

/// What a message has changed in memory. It is stored when this exists.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Learnt {
    /// This is kept now, or was before.
    Kept(String),
    /// This is closed as no longer so.
    Ended(String),
}

/// What became of "that was before".
#[derive(Clone, Debug)]
pub enum Over {
    /// The text of what is closed.
    Ended(String),
    /// Several were talked about; it is not clear which one is meant.
    Which(Vec<Fact>),
    Nothing,
}

/// A question and the facts that held at the time that it asks about, the earliest first.
#[derive(Clone, Debug)]
pub struct Answered {
    pub asked: Asked,
    pub facts: Vec<Fact>,
}

/// Who says a fact, and in which turn.
#[derive(Clone, Copy)]
struct By<'a> {
    user: UserId,
    turn: Option<TurnId>,
    /// When that came in: what was forgotten since is not learnt from it.
    said_at: Option<DateTime<Utc>>,
    name: &'static str,
    confidence: f64,
    from: Option<&'a str>,
}

impl Memory {
    /// Keeps a fact that the owner writes down. An empty key is derived from the text.
    pub async fn remember(
        &self,
        user: UserId,
        key: &str,
        text: &str,
        turn: Option<TurnId>,
    ) -> Result<Written, MemoryError> {
        let said_at = self.came_in(turn).await?;
        let by = By { user, turn, said_at, name: "owner", confidence: BY_OWNER, from: None };
        self.keep_text(by, key, text).await
    }

    /// Keeps a fact that a skill says. What the person has written word for word in the turn is theirs; anything
    /// else never replaces what they said.
    pub async fn remember_for_skill(
        &self,
        user: UserId,
        key: &str,
        text: &str,
        turn: Option<TurnId>,
    ) -> Result<Written, MemoryError> {
        let own = match turn {
            Some(turn) => self.db.turn_messages(turn).await?.into_iter().find(|message| message.role == "user"),
            None => None,
        };
        let own = own.filter(|message| semantic::says(&message.content, text));
        let from = own.as_ref().and_then(|message| message.meta.0["from"].as_str());
        let (name, confidence) = if own.is_some() { ("user", BY_PERSON) } else { ("skill", BY_SKILL) };
        let said_at = self.came_in(turn).await?;
        self.keep_text(By { user, turn, said_at, name, confidence, from }, key, text).await
    }

    /// Keeps the stable facts that a message states by itself, closes those that it says to be over, and says
    /// what came of it.
    pub async fn learn(&self, turn: &Turn, said: Said<'_>) -> Result<Vec<Learnt>, MemoryError> {
        let mut learnt = Vec::new();
        let by = By {
            user: turn.user_id,
            turn: Some(turn.id),
            said_at: Some(turn.created_at),
            name: "user",
            confidence: BY_PERSON,
            from: said.from,
        };
        for statement in semantic::read(said.message, &self.when(said.zone)) {
            let text = statement.text.clone();
            if statement.ended {
                let key = key_of(said.from, &statement.key);
                let closed = self.db.close_fact(&self.clock, by.user, &key, &statement.meaning).await?;
                learnt.extend(closed.map(|fact| Learnt::Ended(fact.value_text)));
                continue;
            }
            match self.keep(by, statement).await {
                Ok(_) => learnt.push(Learnt::Kept(text)),
                // What came before it is kept.
                Err(MemoryError::Store(error)) => return Err(MemoryError::Store(error)),
                Err(refusal) => tracing::debug!(%refusal, "a statement was not kept"),
            }
        }
        learnt.dedup();
        Ok(learnt)
    }

    /// Closes the fact that was talked about last, if a message says that it is over. `talked` are the texts of
    /// the conversation that may name it, the newest first.
    pub async fn end_last(&self, user: UserId, message: &str, talked: &[&str]) -> Result<Over, StoreError> {
        if !semantic::ends_last(message) {
            return Ok(Over::Nothing);
        }
        let facts = self.known(user, MAX_LOOKED_AT).await?;
        for text in talked {
            let whole: Vec<&Fact> = facts.iter().filter(|fact| text.contains(&fact.value_text)).collect();
            let named = if whole.is_empty() { facts.iter().filter(|fact| names(text, fact)).collect() } else { whole };
            match named.as_slice() {
                [] => {}
                [fact] => {
                    let closed = self.db.close_fact(&self.clock, user, &fact.key, &fact.meaning).await?;
                    return Ok(closed.map_or(Over::Nothing, |fact| Over::Ended(fact.value_text)));
                }
                several => return Ok(Over::Which(several.iter().map(|fact| (*fact).clone()).collect())),
            }
        }
        Ok(Over::Nothing)
    }

    /// What is held to be so of a person now, the newest first.
    pub async fn known(&self, user: UserId, limit: i64) -> Result<Vec<Fact>, StoreError> {
        self.db.current_facts(&self.clock, user, limit).await
    }

    /// What held at some moment of a stretch of time, as far as is known now; the earliest first.
    pub async fn facts_at(&self, user: UserId, span: Span) -> Result<Vec<Fact>, StoreError> {
        self.db.facts_between(user, (span.from, span.to), MAX_LOOKED_AT).await
    }

    /// Answers the questions of a message that name what is known under a key: "where did I live in February?".
    /// A part that only names another time goes on with the message `before`.
    pub async fn answers(
        &self,
        user: UserId,
        said: Said<'_>,
        before: Option<&str>,
    ) -> Result<Vec<Answered>, StoreError> {
        let mut answered = Vec::new();
        for asked in semantic::asked(said.message, before, &self.when(said.zone)) {
            let key = key_of(said.from, &asked.key);
            let facts = match asked.at {
                Some(span) => self.facts_at(user, span).await?,
                None => self.known(user, MAX_LOOKED_AT).await?,
            };
            let of_key =
                |fact: &Fact| fact.key == key || fact.key.strip_prefix(&key).is_some_and(|rest| rest.starts_with(':'));
            answered.push(Answered { asked, facts: facts.into_iter().filter(of_key).collect() });
        }
        Ok(answered)
    }

    async fn came_in(&self, turn: Option<TurnId>) -> Result<Option<DateTime<Utc>>, StoreError> {
        let Some(turn) = turn else { return Ok(None) };
        Ok(self.db.turn(turn).await?.map(|turn| turn.created_at))
    }

    pub(super) fn when(&self, zone: Tz) -> When {
        When { now: self.clock.now(), zone }
    }

    async fn keep_text(&self, by: By<'_>, key: &str, text: &str) -> Result<Written, MemoryError> {
        let text = storable(text.trim());
        if text.is_empty() {
            return Err(MemoryError::Empty);
        }
        // Before it is looked at any further; what is said in several facts may be longer than one.
        if text.chars().count() > MAX_TEXT_CHARS {
            return Err(MemoryError::TooLong);
        }
        // Dates of the owner's page and of skills are rare, and a day's difference in them harmless.
        let when = self.when(Tz::UTC);
        let key = fact_key(key);
        let mut first = None;
        if !key.is_empty() {
            return self.keep(by, semantic::fact_under(&key, &text, &when)).await;
        }
        for statement in semantic::facts_of(&text, &when) {
            let written = self.keep(by, statement).await?;
            first.get_or_insert(written);
        }
        first.ok_or(MemoryError::Empty)
    }

    async fn keep(&self, by: By<'_>, statement: Statement) -> Result<Written, MemoryError> {
        if statement.text.chars().count() > MAX_FACT_CHARS {
            return Err(MemoryError::TooLong);
        }
        if self.db.count_facts(by.user).await? >= MAX_FACTS {
            return Err(MemoryError::Full);
        }
        let key = self.key_for(by, &statement).await?;
        let text = match by.from {
            Some(from) => format!("{from}: {}", statement.text),
            None => statement.text,
        };
        if self.rules(by.user).await?.excludes(&format!("{key} {text}")) {
            return Err(MemoryError::Excluded);
        }
        let forgettings = match by.said_at {
            Some(said_at) => {
                let forgettings = self.db.forgettings(by.user).await?;
                if self.was_forgotten(by.user, (&key, &text, &statement.value), said_at).await? {
                    return Err(MemoryError::Forgotten);
                }
                Some(forgettings)
            }
            None => None,
        };
        let fact = NewFact {
            user: by.user,
            words: fact_words(&key, &text),
            key,
            value_text: text,
            value_json: json!({ "value": statement.value }),
            meaning: statement.meaning,
            class: statement.class,
            since: statement.since,
            expires_at: statement.expires,
            source_turn: by.turn,
            said_by: by.name,
            confidence: by.confidence,
            forgettings,
        };
        self.db.write_fact(&self.clock, &fact).await.map_err(|error| match error {
            StoreError::SaidOtherwise => MemoryError::SaidOtherwise,
            StoreError::EnoughForATurn => MemoryError::EnoughForATurn,
            error => MemoryError::Store(error),
        })
    }

    /// The key of a statement; one that holds beside what is known gets a key of its own.
    async fn key_for(&self, by: By<'_>, statement: &Statement) -> Result<String, StoreError> {
        let key = key_of(by.from, &statement.key);
        if !statement.adds {
            return Ok(key);
        }
        let known = self.known(by.user, MAX_LOOKED_AT).await?;
        let other = known.iter().any(|fact| fact.key == key && fact.meaning != statement.meaning);
        Ok(if other { cut(&format!("{key}:{}", statement.meaning)) } else { key })
    }
}

/// A key as it is kept; where several share a memory, with whose it is.
fn key_of(from: Option<&str>, key: &str) -> String {
    match from {
        Some(from) => cut(&format!("{}.{key}", from.to_lowercase().replace(['.', ':'], " "))),
        None => cut(key),
    }
}

/// A key that somebody wrote, as it is kept.
pub(super) fn fact_key(key: &str) -> String {
    cut(&storable(&key.trim().to_lowercase()))
}

/// No longer than an index takes.
fn cut(key: &str) -> String {
    key.chars().take(MAX_KEY_CHARS).collect()
}

/// Whether a text names the value of a fact.
fn names(text: &str, fact: &Fact) -> bool {
    let value = fact.value_json.0["value"].as_str().unwrap_or_default();
    value.chars().count() >= MIN_KNOWN_CHARS && text.contains(value)
}
