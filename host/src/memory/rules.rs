//! What a person, or the owner, said about remembering: facts that every prompt has, memories that none
//! gets, topics that are neither learnt nor recalled.

use std::collections::HashSet;
use uuid::Uuid;

use super::{Memory, MemoryError, Recalled, forget, held_words, words};
use crate::{
    ids::UserId,
    store::{MemoryRule, RuleKind, StoreError, Words},
};

/// Facts that may be pinned, so that a prompt stays small.
pub const MAX_PINNED: i64 = 8;

/// Topics and muted memories of one person.
pub(super) const MAX_RULES: i64 = 500;

/// Characters of a topic.
pub const MAX_TOPIC_CHARS: usize = 100;

/// The rules of one person.
#[derive(Debug, Default)]
pub struct Rules {
    pinned: Vec<String>,
    muted: Vec<String>,
    /// What the muted facts say: what was said and summarised may hold it, too.
    muted_words: Words,
    /// The words of each topic, as search knows them.
    topics: Vec<HashSet<String>>,
}

impl Rules {
    fn new(rows: Vec<MemoryRule>) -> Self {
        let mut rules = Self::default();
        for row in rows {
            match row.kind {
                RuleKind::Pin => rules.pinned.push(row.subject),
                RuleKind::Mute => rules.muted.push(row.subject),
                RuleKind::Topic => rules.topics.push(words(&row.subject)),
            }
        }
        rules
    }

    /// Whether a text is about a topic that is excluded: it holds all words of one.
    pub fn excludes(&self, text: &str) -> bool {
        if self.topics.is_empty() {
            return false;
        }
        let held = held_words(text);
        self.topics.iter().any(|topic| !topic.is_empty() && topic.is_subset(&held))
    }

    /// Whether a memory may be brought into a prompt.
    pub fn allows(&self, memory: &Recalled) -> bool {
        let subject = if memory.is_fact() { memory.key.clone() } else { subject_of_episode(memory.id) };
        !self.muted.contains(&subject)
            && (memory.is_fact() || !self.muted_words.are_in(&memory.text))
            && !self.excludes(&format!("{} {}", memory.key, memory.text))
    }

    pub fn is_pinned(&self, key: &str) -> bool {
        self.pinned.iter().any(|pinned| pinned == key)
    }

    pub fn is_muted(&self, subject: &str) -> bool {
        self.muted.iter().any(|muted| muted == subject)
    }
}

/// What rules call an episode.
pub fn subject_of_episode(id: Uuid) -> String {
    format!("episode:{id}")
}

impl Memory {
    pub async fn rules(&self, user: UserId) -> Result<Rules, StoreError> {
        let mut rules = Rules::new(self.db.memory_rules(user).await?);
        let mut said = Vec::new();
        for key in &rules.muted {
            said.extend(self.db.current_fact(&self.clock, user, key).await?.map(|fact| forget::said_by(&fact)));
        }
        rules.muted_words = Words::new(said.iter().flatten().map(String::as_str));
        Ok(rules)
    }

    /// The topics that are excluded, as they were written.
    pub async fn topics(&self, user: UserId) -> Result<Vec<String>, StoreError> {
        let rules = self.db.memory_rules(user).await?.into_iter().filter(|rule| rule.kind == RuleKind::Topic);
        Ok(rules.map(|rule| rule.subject).collect())
    }

    /// Sets a rule, or takes it back.
    pub async fn rule(&self, user: UserId, kind: RuleKind, subject: &str, on: bool) -> Result<(), MemoryError> {
        let subject = subject.trim();
        if kind == RuleKind::Topic {
            if words(subject).is_empty() {
                return Err(MemoryError::Empty);
            }
            if subject.chars().count() > MAX_TOPIC_CHARS {
                return Err(MemoryError::LongTopic);
            }
        }
        if !on {
            self.db.drop_memory_rule(user, kind, subject).await?;
            return Ok(());
        }
        let most = if kind == RuleKind::Pin { MAX_PINNED } else { MAX_RULES };
        if self.db.set_memory_rule(&self.clock, user, kind, subject, most).await? {
            return Ok(());
        }
        Err(if kind == RuleKind::Pin { MemoryError::ManyPinned } else { MemoryError::ManyRules })
    }

    /// The pinned facts of a person, in the order of their keys.
    pub async fn pinned(&self, user: UserId, rules: &Rules) -> Result<Vec<Recalled>, StoreError> {
        let mut pinned = Vec::new();
        for key in &rules.pinned {
            pinned.extend(self.db.current_fact(&self.clock, user, key).await?.map(Recalled::pinned));
        }
        pinned.retain(|one| rules.allows(one));
        pinned.sort_by(|a, b| a.key.cmp(&b.key));
        Ok(pinned)
    }
}
