//! What the owner changes while the host runs: some keys, each with its check. A value set here
//! goes before the one of the settings file; skills may set a key only where the owner opened it.

use chrono::{DateTime, Utc};
use serde::Serialize;
use std::collections::BTreeMap;

use crate::{
    clock::Clock,
    config::Config,
    prompts::{OF_SKILLS, Slots, Template, fill, fill_of_skill},
    store::{Db, StoreError, storable},
};

/// The values in force.
#[derive(Clone, Debug)]
pub struct Current {
    pub name: String,
    pub persona: String,
    pub time_zone: chrono_tz::Tz,
    /// "en" or "zh".
    pub locale: String,
    pub token_budget: u32,
    /// The texts of [`Template::ALL`], in that order.
    prompts: [String; Template::ALL.len()],
}

impl Current {
    /// What a model is told for a purpose. A text that cannot be filled, which no check lets in, gives way to
    /// the bundled one.
    pub fn prompt(&self, template: Template) -> String {
        let slots = Slots { name: &self.name, persona: &self.persona };
        let own = Template::ALL.into_iter().zip(&self.prompts).find(|(known, _)| *known == template);
        let filled = own.and_then(|(_, text)| fill(text, slots).ok());
        filled.or_else(|| fill(template.bundled(), slots).ok()).unwrap_or_default()
    }
}

/// One key as the page *Settings* shows it.
#[derive(Clone, Debug, Serialize)]
pub struct SettingView {
    pub key: &'static str,
    pub value: String,
    /// The value of the settings file, which holds when nothing is set here.
    pub default: String,
    pub set: bool,
    /// Whether skills may change it.
    pub open: bool,
}

#[derive(Debug, thiserror::Error)]
pub enum SettingError {
    #[error("there is no setting `{0}`; there are: {known}", known = KEYS.join(", "))]
    Unknown(String),
    #[error("bad value for `{key}`: {reason}")]
    Invalid { key: String, reason: String },
    #[error("`{0}` is not open to skills; the owner can open it on the page Settings")]
    Closed(String),
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// A day in somebody's zone, as `2026-11-26`.
pub fn day(at: DateTime<Utc>, zone: chrono_tz::Tz) -> String {
    at.with_timezone(&zone).format("%Y-%m-%d").to_string()
}

/// The keys beside those of templates.
const VALUES: [&str; 5] = ["name", "persona", "time_zone", "locale", "token_budget"];

/// Every key, in the order of the page: those of templates last.
pub const KEYS: [&str; COUNT] = {
    let (mut keys, mut at) = ([""; COUNT], 0);
    while at < COUNT {
        keys[at] = if at < VALUES.len() { VALUES[at] } else { Template::ALL[at - VALUES.len()].key() };
        at += 1;
    }
    keys
};

/// How many there are.
pub const COUNT: usize = VALUES.len() + Template::ALL.len();

/// Longest value of a key, in characters: a persona is part of every prompt.
const MAX_VALUE_CHARS: usize = 4000;
const TOO_LONG: &str = "longer than 4,000 characters";

/// What a text is tried with before it is kept.
const EXAMPLE: Slots<'static> = Slots { name: "Skillet", persona: "Be kind." };

#[derive(Clone, Debug)]
pub struct Settings {
    db: Db,
    clock: Clock,
    defaults: Vec<String>,
}

impl Settings {
    pub fn new(db: Db, clock: Clock, config: &Config) -> Self {
        let agent = &config.agent;
        let values = [
            agent.name.clone(),
            agent.persona.clone(),
            agent.time_zone.to_string(),
            agent.locale.clone(),
            config.gateway.token_budget.to_string(),
        ];
        let prompts = Template::ALL.map(|template| template.bundled().to_owned());
        Self { db, clock, defaults: values.into_iter().chain(prompts).collect() }
    }

    /// The same defaults over another database.
    pub fn over(&self, db: Db) -> Self {
        Self { db, ..self.clone() }
    }

    /// The values in force now.
    pub async fn current(&self) -> Result<Current, StoreError> {
        let [name, persona, time_zone, locale, token_budget, prompts @ ..] = self.list().await?.map(|one| one.value);
        let unreadable = |key: &str| StoreError::Corrupt(format!("setting {key}"));
        Ok(Current {
            name,
            persona,
            time_zone: time_zone.parse().map_err(|_| unreadable("time_zone"))?,
            locale,
            token_budget: token_budget.parse().map_err(|_| unreadable("token_budget"))?,
            prompts,
        })
    }

    /// Every key with its value.
    pub async fn list(&self) -> Result<[SettingView; COUNT], StoreError> {
        let rows: BTreeMap<String, _> =
            self.db.settings().await?.into_iter().map(|row| (row.key.clone(), row)).collect();
        let mut views = Vec::with_capacity(KEYS.len());
        for (key, default) in KEYS.into_iter().zip(&self.defaults) {
            let row = rows.get(key);
            let set = row.and_then(|row| row.value.as_ref()).map(|value| value.0.clone());
            views.push(SettingView {
                key,
                value: set.clone().unwrap_or_else(|| default.clone()),
                default: default.clone(),
                set: set.is_some(),
                open: row.is_some_and(|row| row.open),
            });
        }
        Ok(views.try_into().expect("one view per key"))
    }

    /// The value of one key.
    pub async fn value(&self, key: &str) -> Result<SettingView, SettingError> {
        let at = position(key)?;
        Ok(self.list().await?[at].clone())
    }

    /// Sets a value for the owner. An empty prompt is the one that ships with the host.
    pub async fn set(&self, key: &str, value: &str) -> Result<(), SettingError> {
        let value = match Template::of_key(key) {
            Some(template) if value.trim().is_empty() => template.bundled().to_owned(),
            _ => storable(value),
        };
        check(key, &value)?;
        Ok(self.db.set_setting(&self.clock, key, &value).await?)
    }

    /// Sets a value for a skill, if the owner has opened the key.
    pub async fn set_open(&self, key: &str, value: &str) -> Result<(), SettingError> {
        if !self.value(key).await?.open {
            return Err(SettingError::Closed(key.to_owned()));
        }
        let value = storable(value);
        check(key, &value)?;
        if self.db.set_open_setting(&self.clock, key, &value).await? {
            Ok(())
        } else {
            Err(SettingError::Closed(key.to_owned()))
        }
    }

    /// What the owner has a skill's instructions to models put into; `None` where that is nothing but they.
    pub async fn skill_prompt(&self, skill: &str) -> Result<Option<String>, StoreError> {
        let key = skill_key(skill);
        let row = self.db.settings().await?.into_iter().find(|row| row.key == key);
        Ok(row.and_then(|row| row.value).map(|value| value.0).filter(|text| text != OF_SKILLS))
    }

    /// Sets that text; an empty one is the one that ships with the host.
    pub async fn set_skill_prompt(&self, skill: &str, text: &str) -> Result<(), SettingError> {
        let text = if text.trim().is_empty() { OF_SKILLS.to_owned() } else { storable(text) };
        let invalid = |reason: String| SettingError::Invalid { key: "prompt".to_owned(), reason };
        if text.chars().count() > MAX_VALUE_CHARS {
            return Err(invalid(TOO_LONG.to_owned()));
        }
        if let Err(error) = fill_of_skill(&text, EXAMPLE, "Sum it up.") {
            let slots = "{{ instructions }}, {{ name }} and {{ persona }}";
            return Err(invalid(format!("the text has the slots {slots}; {error}")));
        }
        Ok(self.db.set_setting(&self.clock, &skill_key(skill), &text).await?)
    }

    /// What a model is told that a skill asks with these instructions.
    pub async fn told_by(&self, skill: &str, instructions: String) -> Result<String, StoreError> {
        let Some(text) = self.skill_prompt(skill).await? else { return Ok(instructions) };
        let Current { name, persona, .. } = self.current().await?;
        // A text that cannot be filled, which no check lets in, gives way to what the skill says.
        Ok(fill_of_skill(&text, Slots { name: &name, persona: &persona }, &instructions).unwrap_or(instructions))
    }

    /// Opens a key to skills, or closes it.
    pub async fn open(&self, key: &str, open: bool) -> Result<(), SettingError> {
        position(key)?;
        Ok(self.db.open_setting(&self.clock, key, open).await?)
    }
}

/// The key of a skill's text, which is none of [`KEYS`].
fn skill_key(skill: &str) -> String {
    format!("prompt_of_skill.{skill}")
}

fn position(key: &str) -> Result<usize, SettingError> {
    KEYS.iter().position(|known| *known == key).ok_or_else(|| SettingError::Unknown(key.to_owned()))
}

fn check(key: &str, value: &str) -> Result<(), SettingError> {
    position(key)?;
    let invalid = |reason: &str| Err(SettingError::Invalid { key: key.to_owned(), reason: reason.to_owned() });
    if value.chars().count() > MAX_VALUE_CHARS {
        return invalid(TOO_LONG);
    }
    match key {
        "name" if value.trim().is_empty() => invalid("a name is needed"),
        "time_zone" if value.parse::<chrono_tz::Tz>().is_err() => {
            invalid("not an IANA time zone, such as Asia/Shanghai")
        }
        "locale" if !matches!(value, "en" | "zh") => invalid("either en or zh"),
        "token_budget" if !value.parse::<u32>().is_ok_and(|tokens| (1000..=1_000_000).contains(&tokens)) => {
            invalid("a number from 1000 to 1000000")
        }
        key => match Template::of_key(key) {
            Some(_) if value.trim().is_empty() => invalid("a model must be told something"),
            Some(_) => match fill(value, EXAMPLE) {
                Ok(_) => Ok(()),
                Err(error) => invalid(&format!("the text has the slots {{{{ name }}}} and {{{{ persona }}}}; {error}")),
            },
            None => Ok(()),
        },
    }
}
