//! Wake-ups: hints that there is work. The sweeps of those who wait are the truth.
//!
//! A bell rings in this process at once. Where several processes share a database, the store carries
//! the rings to the others, and theirs here.

use std::sync::{
    Arc,
    atomic::{AtomicBool, Ordering},
};
use tokio::sync::{Notify, futures::Notified};

/// One bell per kind of work; ringing one that nobody waits at is remembered once.
#[derive(Debug)]
pub struct Wake {
    /// A message waits for its turn.
    pub turns: Bell,
    /// A job was made, or may run earlier.
    pub jobs: Bell,
    /// A message is to be sent to Telegram.
    pub outbox: Bell,
    /// Skills, their versions, grants or settings have changed.
    pub skills: Bell,
    /// A turn was asked to stop. Everybody who waits at this one hears it, and it is not remembered.
    pub stops: Bell,
    /// An update of Telegram waits to be worked on. Whoever keeps updates also works on them.
    pub updates: Notify,
    /// Rings when one of the bells is to be heard elsewhere.
    away: Arc<Notify>,
    /// Whether what rings elsewhere is heard here.
    shared: AtomicBool,
}

/// A bell that is heard in every process of the host.
#[derive(Debug)]
pub struct Bell {
    name: &'static str,
    here: Notify,
    /// Whether a ring is still to be carried to others.
    owed: AtomicBool,
    away: Arc<Notify>,
}

impl Default for Wake {
    fn default() -> Self {
        let away = Arc::new(Notify::new());
        let bell = |name| Bell { name, here: Notify::new(), owed: AtomicBool::new(false), away: away.clone() };
        Self {
            turns: bell("turns"),
            jobs: bell("jobs"),
            outbox: bell("outbox"),
            skills: bell("skills"),
            stops: bell("stops"),
            updates: Notify::new(),
            away,
            shared: AtomicBool::new(false),
        }
    }
}

impl Bell {
    /// Wakes one who waits here, or the next one who will, and owes the ring to other processes.
    pub fn notify_one(&self) {
        self.here.notify_one();
        self.owe();
    }

    /// Wakes everybody who waits here, and owes the ring to other processes.
    pub fn notify_waiters(&self) {
        self.here.notify_waiters();
        self.owe();
    }

    /// Resolves when the bell rings.
    pub fn notified(&self) -> Notified<'_> {
        self.here.notified()
    }

    fn owe(&self) {
        self.owed.store(true, Ordering::Release);
        self.away.notify_one();
    }
}

impl Wake {
    fn bells(&self) -> [&Bell; 5] {
        [&self.turns, &self.jobs, &self.outbox, &self.skills, &self.stops]
    }

    /// Waits until there is a ring that others have not heard.
    pub async fn owes(&self) {
        self.away.notified().await;
    }

    /// The names of the bells that others are to hear; each is owed no more.
    pub fn take_owed(&self) -> Vec<&'static str> {
        let owed = self.bells().into_iter().filter(|bell| bell.owed.swap(false, Ordering::AcqRel));
        owed.map(|bell| bell.name).collect()
    }

    /// Rings here what has rung elsewhere; a name that this version does not know is passed over.
    pub fn ring_here(&self, name: &str) {
        if let Some(bell) = self.bells().into_iter().find(|bell| bell.name == name) {
            if bell.name == self.stops.name { bell.here.notify_waiters() } else { bell.here.notify_one() }
        }
    }

    /// Rings everything here: nobody knows what was missed.
    pub fn ring_all_here(&self) {
        for bell in self.bells() {
            self.ring_here(bell.name);
        }
    }

    /// Says whether what rings elsewhere is heard here from now on.
    pub fn hear_others(&self, heard: bool) {
        self.shared.store(heard, Ordering::Release);
    }

    /// Whether what rings elsewhere is heard here: a sweep may then take its time.
    pub fn hears_others(&self) -> bool {
        self.shared.load(Ordering::Acquire)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use futures_util::FutureExt;

    #[test]
    fn a_ring_is_remembered_once_and_owed_once() {
        let wake = Wake::default();
        assert!(wake.jobs.notified().now_or_never().is_none());
        wake.jobs.notify_one();
        wake.jobs.notify_one();
        assert!(wake.jobs.notified().now_or_never().is_some());
        assert!(wake.jobs.notified().now_or_never().is_none());
        assert!(wake.owes().now_or_never().is_some());
        assert_eq!(wake.take_owed(), ["jobs"]);
        assert!(wake.take_owed().is_empty());
    }

    #[test]
    fn what_rang_elsewhere_is_not_sent_back() {
        let wake = Wake::default();
        wake.ring_here("outbox");
        wake.ring_here("of the year 3000");
        assert!(wake.outbox.notified().now_or_never().is_some());
        assert!(wake.take_owed().is_empty() && wake.owes().now_or_never().is_none());
        wake.ring_all_here();
        assert!(wake.skills.notified().now_or_never().is_some() && wake.turns.notified().now_or_never().is_some());
        assert!(wake.stops.notified().now_or_never().is_none(), "a stop is for those who run now");
    }
}
