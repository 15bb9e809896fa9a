//! Forgetting: finds what a person means, and has it erased wherever it stands.
//!
//! A fact takes along its statement, its value and every earlier value of its key. What is left behind
//! are hashes: whatever was said until then does not teach it again. A message that comes in later may,
//! since then the person says it anew.

use chrono::{DateTime, Utc};
use std::collections::{BTreeSet, HashSet};
use unicode_normalization::UnicodeNormalization;

use super::{MAX_FACTS, Memory, held_words, segment, semantic, words};
use crate::{
    ids::{ConversationId, EpisodeId, FactId, TurnId, UserId},
    store::{Erased, Erasure, Fact, StoreError, Turn, Words},
};

/// A value of so few characters is found in too many texts that have nothing to do with it: then only the
/// statement is erased. Han characters say more.
const SHORTEST_VALUE: usize = 3;
const SHORTEST_HAN_VALUE: usize = 2;

/// What a wish comes to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Target {
    /// Every fact of these keys.
    Keys(Vec<String>),
    /// One turn.
    Turn(TurnId),
    /// An episode that belongs to no turn.
    Episode(EpisodeId),
    /// Words wherever they stand, with the facts that hold them.
    Words(String),
    /// Several keys could be meant.
    Unclear(Vec<String>),
}

impl Memory {
    /// What words of a person could mean to forget; `None` when nothing that is remembered fits.
    /// `all`: everything that has to do with them.
    pub async fn meant(&self, user: UserId, text: &str, all: bool) -> Result<Option<Target>, StoreError> {
        let facts = self.db.facts(user, true, MAX_FACTS).await?;
        let told = semantic::facts_of(text, &self.when(chrono_tz::Tz::UTC));
        if let Some(told) = told.into_iter().find(|told| facts.iter().any(|fact| fact.key == told.key)) {
            return Ok(Some(Target::Keys(vec![told.key])));
        }
        let name = bare(text);
        if all {
            return Ok(Some(Target::Words(name.to_owned())));
        }
        if let Some(fact) = facts.iter().find(|fact| fact.key == name.to_lowercase()) {
            return Ok(Some(Target::Keys(vec![fact.key.clone()])));
        }
        let asked = words(text);
        // What a fact is called says more than what it says.
        let keys = keys_that_hold(&facts, &asked, |fact| format!("{} {}", fact.key, semantic::aliases(&fact.key)));
        let keys = if keys.is_empty() { keys_that_hold(&facts, &asked, |fact| fact.value_text.clone()) } else { keys };
        // Who names nobody means himself.
        let own: Vec<String> = keys.iter().filter(|key| !key.contains('.')).cloned().collect();
        let keys = if own.is_empty() { keys } else { own };
        Ok(match keys.len() {
            0 => None,
            1 => Some(Target::Keys(keys)),
            _ => Some(Target::Unclear(keys)),
        })
    }

    /// What was last spoken about in a conversation before a turn: the facts that its message taught or its
    /// reply told, else the turn itself.
    pub async fn last_subject(
        &self,
        user: UserId,
        conversation: ConversationId,
        before: TurnId,
    ) -> Result<Option<Target>, StoreError> {
        let Some(turn) = self.db.turn_before(conversation, before).await? else { return Ok(None) };
        let facts = self.db.facts(user, true, MAX_FACTS).await?;
        let keys = |told: &dyn Fn(&Fact) -> bool| -> Vec<String> {
            let keys: BTreeSet<String> = facts.iter().filter(|fact| told(fact)).map(|fact| fact.key.clone()).collect();
            keys.into_iter().collect()
        };
        let taught = keys(&|fact| fact.source_turn_id == Some(turn.id));
        if !taught.is_empty() {
            return Ok(Some(Target::Keys(taught)));
        }
        let said = self.db.turn_messages(turn.id).await?;
        let reply = said.into_iter().find(|said| said.role == "assistant").map(|said| said.content).unwrap_or_default();
        let told = keys(&|fact| reply.contains(&fact.value_text));
        Ok(Some(match told.len() {
            0 => Target::Turn(turn.id),
            1 => Target::Keys(told),
            _ => Target::Unclear(told),
        }))
    }

    /// Forgets what a wish came to. What is unclear is left as it is.
    pub async fn forget(&self, user: UserId, target: &Target) -> Result<Erased, StoreError> {
        let facts = self.db.facts(user, true, MAX_FACTS).await?;
        let erased = match target {
            Target::Keys(keys) => self.erase_facts(user, &facts, keys, None).await,
            Target::Turn(turn) => {
                let hashes = vec![self.hash(user, "turn", &turn.to_string())];
                let erasure = Erasure { turns: vec![*turn], hashes, ..nothing(user) };
                self.db.erase(&self.clock, &erasure).await
            }
            Target::Episode(episode) => {
                let erasure = Erasure { episodes: vec![*episode], ..nothing(user) };
                self.db.erase(&self.clock, &erasure).await
            }
            Target::Words(text) => {
                let words = Words::new([text.as_str()]);
                let holding = facts.iter().filter(|fact| words.are_in(&fact.value_text) || words.are_in(&fact.key));
                let keys: BTreeSet<String> = holding.map(|fact| fact.key.clone()).collect();
                self.erase_facts(user, &facts, &keys.into_iter().collect::<Vec<_>>(), Some(text)).await
            }
            Target::Unclear(_) => Ok(Erased::default()),
        };
        // Also what was found lately holds the words.
        self.found.drop_all();
        erased
    }

    /// Forgets a fact with every value that its key ever had; `None` when there is no such fact.
    pub async fn forget_fact(&self, id: FactId) -> Result<Option<Erased>, StoreError> {
        let Some(fact) = self.db.fact(id).await? else { return Ok(None) };
        self.forget(fact.user_id, &Target::Keys(vec![fact.key])).await.map(Some)
    }

    /// Forgets an episode with everything said in its turn; `None` when there is no such episode. Facts that
    /// the turn taught are facts of their own and stay.
    pub async fn forget_episode(&self, id: EpisodeId) -> Result<Option<Erased>, StoreError> {
        let Some(episode) = self.db.episode(id).await? else { return Ok(None) };
        let target = episode.turn_id.map_or(Target::Episode(id), Target::Turn);
        self.forget(episode.user_id, &target).await.map(Some)
    }

    async fn erase_facts(
        &self,
        user: UserId,
        facts: &[Fact],
        keys: &[String],
        also: Option<&str>,
    ) -> Result<Erased, StoreError> {
        let (gone, rest): (Vec<&Fact>, Vec<&Fact>) = facts.iter().partition(|fact| keys.contains(&fact.key));
        let (mut texts, mut hashes) = (Vec::new(), Vec::new());
        texts.extend(also);
        for fact in gone {
            texts.push(&fact.value_text);
            hashes.push(self.hash(user, "text", &fact.value_text));
            let Some(value) = fact.value_json.0["value"].as_str() else { continue };
            hashes.push(self.hash(user, &about(&fact.key), value));
            let alone = Words::new([value]);
            // What another fact says too is not only this one's to take along.
            if is_telling(value) && !rest.iter().any(|other| alone.are_in(&other.value_text)) {
                texts.push(value);
                hashes.push(self.hash(user, "value", value));
            }
        }
        let erasure = Erasure { words: Words::new(texts), keys: keys.to_vec(), hashes, ..nothing(user) };
        self.db.erase(&self.clock, &erasure).await
    }

    /// Whether a fact was forgotten after it was said.
    pub(super) async fn was_forgotten(
        &self,
        user: UserId,
        (key, text, value): (&str, &str, &str),
        said_at: DateTime<Utc>,
    ) -> Result<bool, StoreError> {
        let hashes =
            [self.hash(user, "text", text), self.hash(user, &about(key), value), self.hash(user, "value", value)];
        self.db.was_forgotten(user, &hashes, said_at).await
    }

    /// Whether a turn was forgotten as a whole.
    pub(super) async fn is_forgotten(&self, turn: &Turn) -> Result<bool, StoreError> {
        let hash = self.hash(turn.user_id, "turn", &turn.id.to_string());
        self.db.was_forgotten(turn.user_id, &[hash], turn.created_at).await
    }

    /// A hash that tells nothing without the key of this host, of words that differ only in case, width,
    /// space and punctuation.
    fn hash(&self, user: UserId, about: &str, text: &str) -> String {
        let plain: String = text.nfkc().flat_map(char::to_lowercase).filter(|c| c.is_alphanumeric()).collect();
        let mut hasher = blake3::Hasher::new_keyed(&self.key);
        for part in [user.0.as_bytes().as_slice(), about.as_bytes(), plain.as_bytes()] {
            hasher.update(&(part.len() as u64).to_be_bytes()).update(part);
        }
        hasher.finalize().to_hex()[..32].to_owned()
    }
}

/// The keys of facts of which a text holds all the words.
fn keys_that_hold(facts: &[Fact], words: &HashSet<String>, text: impl Fn(&Fact) -> String) -> Vec<String> {
    let holding = facts.iter().filter(|fact| !words.is_empty() && words.is_subset(&held_words(&text(fact))));
    let keys: BTreeSet<String> = holding.map(|fact| fact.key.clone()).collect();
    keys.into_iter().collect()
}

/// What a hash of a key's value is about.
fn about(key: &str) -> String {
    format!("key {key}")
}

/// An erasure of nothing yet.
fn nothing(user: UserId) -> Erasure<'static> {
    Erasure {
        user,
        words: Words::new([]),
        keys: Vec::new(),
        turns: Vec::new(),
        episodes: Vec::new(),
        hashes: Vec::new(),
        index: &segment::index_words,
    }
}

/// A name without whose it is.
fn bare(text: &str) -> &str {
    let text = text.trim();
    let whose = ["my ", "our ", "我们的", "我的"]
        .into_iter()
        .find(|whose| text.get(..whose.len()).is_some_and(|head| head.eq_ignore_ascii_case(whose)));
    text[whose.map_or(0, str::len)..].trim()
}

/// The statement of a fact, and its value where that says enough by itself.
pub(super) fn said_by(fact: &Fact) -> Vec<String> {
    let value = fact.value_json.0["value"].as_str().filter(|value| is_telling(value));
    [Some(fact.value_text.as_str()), value].into_iter().flatten().map(str::to_owned).collect()
}

/// Whether a value says enough to be looked for everywhere.
fn is_telling(value: &str) -> bool {
    let said = value.chars().filter(|c| c.is_alphanumeric()).count();
    let han = value.chars().filter(|c| segment::is_han(*c)).count();
    said >= SHORTEST_VALUE || han >= SHORTEST_HAN_VALUE
}
