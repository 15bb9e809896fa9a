//! What WASI tells a run, beside the calls of our own interfaces: kept while it runs, and told again in a replay.

use base64::{Engine, prelude::BASE64_STANDARD};
use rand::{SeedableRng, rngs::StdRng};
use serde::{Deserialize, Serialize};
use std::{
    collections::VecDeque,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::{Duration, Instant},
};
use wasmtime_wasi::{HostMonotonicClock, HostWallClock};

use super::super::{
    egress::Incoming,
    host::CallState,
    tape::{MAX_TAPE_BYTES, Tape},
};
use crate::clock::Clock;

/// Readings of one clock that are kept; a run that looks more often cannot be replayed.
const MAX_READINGS: usize = 10_000;

#[derive(Debug, Default, Serialize, Deserialize)]
struct Told {
    /// All random numbers follow from it.
    seed: [u8; 32],
    /// Nanoseconds since 1970, and since the run first asked for WASI.
    wall: VecDeque<u64>,
    monotonic: VecDeque<u64>,
    exchanges: VecDeque<Exchange>,
    /// Bytes of the exchanges that are kept.
    #[serde(skip)]
    bytes: usize,
    #[serde(skip)]
    too_long: bool,
}

impl Told {
    fn count(&mut self, bytes: usize) {
        self.bytes += bytes;
        self.too_long |= self.bytes > MAX_TAPE_BYTES;
    }
}

#[derive(Debug, Serialize, Deserialize)]
struct Exchange {
    /// Method and address.
    asked: String,
    answer: Result<Kept, NoAnswer>,
}

#[derive(Debug, Serialize, Deserialize)]
struct Kept {
    status: u16,
    headers: Vec<(String, Vec<u8>)>,
    /// In base64.
    body: String,
}

/// Why a request of `wasi:http` has no answer, as the guest learns it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum NoAnswer {
    Denied,
    Invalid,
    Timeout,
    TooLarge,
    Unreachable,
    /// The recorded run ended before its answer came.
    Unanswered,
    /// A replay asks for something else than the recorded run did.
    Diverged,
}

/// One for a run, shared by its clocks and its way to the network.
#[derive(Clone)]
pub struct Teller {
    told: Arc<Mutex<Told>>,
    again: bool,
    clock: Clock,
    began: Instant,
}

impl Teller {
    pub fn new(state: &mut CallState) -> Self {
        let before = state.tape.aside().and_then(|told| serde_json::from_str(&told).ok());
        let again = before.is_some();
        let told = before.unwrap_or_else(|| Told { seed: rand::random(), ..Told::default() });
        let clock = state.services.clock.clone();
        Self { told: Arc::new(Mutex::new(told)), again, clock, began: Instant::now() }
    }

    pub fn random(&self) -> StdRng {
        StdRng::from_seed(self.told().seed)
    }

    /// What a recorded run was answered to its next request; `None` where this run has to ask.
    pub fn answered(&self, asked: &str) -> Option<Result<Incoming, NoAnswer>> {
        if !self.again {
            return None;
        }
        let next = self.told().exchanges.pop_front().filter(|exchange| exchange.asked == asked);
        Some(next.map_or(Err(NoAnswer::Diverged), |exchange| exchange.answer.and_then(Kept::incoming)))
    }

    /// Keeps a request in the order in which they are made; where its answer belongs.
    pub fn begin(&self, asked: String) -> usize {
        let mut told = self.told();
        told.count(asked.len());
        if told.too_long {
            // Half a recording cannot be played.
            told.exchanges = VecDeque::new();
            return usize::MAX;
        }
        told.exchanges.push_back(Exchange { asked, answer: Err(NoAnswer::Unanswered) });
        told.exchanges.len() - 1
    }

    /// Keeps the answer to a request.
    pub fn keep(&self, place: usize, answer: Result<&Incoming, NoAnswer>) {
        let mut told = self.told();
        told.count(answer.as_ref().map_or(0, |answer| answer.body.len()));
        if told.too_long {
            told.exchanges = VecDeque::new();
        } else if let Some(exchange) = told.exchanges.get_mut(place) {
            exchange.answer = answer.map(Kept::of);
        }
    }

    /// Adds to the recording what was told.
    pub fn close(self, tape: &mut Tape) {
        let told = self.told();
        if told.too_long { tape.give_up() } else { tape.keep_aside(&*told) }
    }

    fn told(&self) -> MutexGuard<'_, Told> {
        self.told.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The reading of a clock: as recorded while there is a recording of it, then as it is.
    fn reading(&self, of: fn(&mut Told) -> &mut VecDeque<u64>, now: u64) -> u64 {
        let mut told = self.told();
        if self.again {
            return of(&mut told).pop_front().unwrap_or(now);
        }
        let readings = of(&mut told);
        if readings.len() < MAX_READINGS {
            readings.push_back(now);
        } else {
            told.too_long = true;
        }
        now
    }
}

impl HostWallClock for Teller {
    fn resolution(&self) -> Duration {
        Duration::from_micros(1)
    }

    fn now(&self) -> Duration {
        let now = self.clock.now().timestamp_nanos_opt().and_then(|now| u64::try_from(now).ok());
        Duration::from_nanos(self.reading(|told| &mut told.wall, now.unwrap_or(0)))
    }
}

impl HostMonotonicClock for Teller {
    fn resolution(&self) -> u64 {
        1
    }

    fn now(&self) -> u64 {
        let now = u64::try_from(self.began.elapsed().as_nanos()).unwrap_or(u64::MAX);
        self.reading(|told| &mut told.monotonic, now)
    }
}

impl Kept {
    fn of(answer: &Incoming) -> Self {
        Self { status: answer.status, headers: answer.headers.clone(), body: BASE64_STANDARD.encode(&answer.body) }
    }

    fn incoming(self) -> Result<Incoming, NoAnswer> {
        let body = BASE64_STANDARD.decode(self.body).map_err(|_| NoAnswer::Diverged)?;
        Ok(Incoming { status: self.status, headers: self.headers, body, bytes_out: 0, bytes_in: 0 })
    }
}
