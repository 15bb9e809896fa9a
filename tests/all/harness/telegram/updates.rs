//! The queue of updates: handed out until an offset confirms them.

use serde_json::{Value, json};
use std::{
    collections::{BTreeMap, BTreeSet},
    time::Instant,
};

/// How far beyond the newest update an offset may lie before it is taken for one of an older numbering.
const FAR_AHEAD: i64 = 10;

/// Kinds of updates that come only when asked for.
const ON_REQUEST: [&str; 3] = ["chat_member", "message_reaction", "message_reaction_count"];

#[derive(Debug)]
struct Entry {
    id: i64,
    update: Value,
    /// Handed out whatever the offset, as long as it has not been.
    forced: bool,
    handed_out: bool,
}

/// Updates in the order in which they are handed out.
#[derive(Debug)]
pub struct Queue {
    next: i64,
    entries: Vec<Entry>,
    allowed: Vec<String>,
    /// The poll that came last; all older ones end.
    pub newest_poll: u64,
    /// Every update that there was, for doing it again.
    known: BTreeMap<i64, Value>,
    confirmed: BTreeSet<i64>,
    handed_out: BTreeMap<i64, Vec<Instant>>,
}

impl Default for Queue {
    fn default() -> Self {
        Self {
            next: 500_000_001,
            entries: Vec::new(),
            allowed: Vec::new(),
            newest_poll: 0,
            known: BTreeMap::new(),
            confirmed: BTreeSet::new(),
            handed_out: BTreeMap::new(),
        }
    }
}

impl Queue {
    /// The number of the next update.
    pub fn number_from(&mut self, next: i64) {
        self.next = next;
    }

    pub fn next_id(&mut self) -> i64 {
        self.next += 1;
        self.next - 1
    }

    /// Adds an update; one without an `update_id` gets the next.
    pub fn push(&mut self, mut update: Value) -> i64 {
        let id = update["update_id"].as_i64().unwrap_or_else(|| self.next_id());
        update["update_id"] = json!(id);
        self.add(id, update, false);
        id
    }

    /// Hands out an update again, also one that is confirmed or lies below the offset.
    pub fn push_again(&mut self, id: i64) {
        let update = self.known.get(&id).cloned().unwrap_or_else(|| panic!("there was no update {id}"));
        self.add(id, update, true);
    }

    fn add(&mut self, id: i64, update: Value, forced: bool) {
        let wanted = |kind: &str| match self.allowed.as_slice() {
            [] => !ON_REQUEST.contains(&kind),
            allowed => allowed.iter().any(|allowed| allowed == kind),
        };
        let kinds = update.as_object().into_iter().flat_map(|fields| fields.keys());
        if kinds.filter(|key| *key != "update_id").all(|kind| wanted(kind)) {
            self.known.insert(id, update.clone());
            self.entries.push(Entry { id, update, forced, handed_out: false });
        }
    }

    /// Which kinds of updates come from now on.
    pub fn allow(&mut self, kinds: Value) {
        if let Ok(kinds) = serde_json::from_value(kinds) {
            self.allowed = kinds;
        }
    }

    /// Forgets what an offset confirms; returns the offset from which updates are handed out.
    pub fn confirm(&mut self, offset: i64) -> i64 {
        if offset < 0 {
            let kept = usize::try_from(-offset).unwrap_or(usize::MAX);
            let first = self.entries.len().saturating_sub(kept);
            self.confirmed.extend(self.entries.drain(..first).map(|entry| entry.id));
            return 0;
        }
        if offset > self.next + FAR_AHEAD {
            return 0;
        }
        let is_confirmed = |entry: &Entry| entry.id < offset && (!entry.forced || entry.handed_out);
        self.confirmed.extend(self.entries.iter().filter(|entry| is_confirmed(entry)).map(|entry| entry.id));
        self.entries.retain(|entry| !is_confirmed(entry));
        offset
    }

    /// The next updates, which stay until they are confirmed.
    pub fn hand_out(&mut self, offset: i64, limit: usize) -> Vec<Value> {
        let mut updates = Vec::new();
        for entry in self.entries.iter_mut().filter(|entry| entry.forced || entry.id >= offset).take(limit) {
            entry.handed_out = true;
            self.handed_out.entry(entry.id).or_default().push(Instant::now());
            updates.push(entry.update.clone());
        }
        updates
    }

    /// When an update was handed out, each time.
    pub fn handed_out(&self, id: i64) -> &[Instant] {
        self.handed_out.get(&id).map_or(&[], Vec::as_slice)
    }

    pub fn is_confirmed(&self, id: i64) -> bool {
        self.confirmed.contains(&id) && !self.entries.iter().any(|entry| entry.id == id)
    }

    pub fn pending(&self) -> Vec<i64> {
        self.entries.iter().map(|entry| entry.id).collect()
    }
}
