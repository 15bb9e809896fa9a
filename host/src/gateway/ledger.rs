//! Reserving and settling. Whatever becomes of a call, its reservation is settled: by the call itself, by
//! the guard's drop when the call is cut short, or by the sweep when its process is gone. Bookings that
//! come in together are written together.

use futures_util::FutureExt;
use std::{
    future::pending,
    panic::AssertUnwindSafe,
    sync::{
        Arc, Mutex, PoisonError,
        atomic::{AtomicUsize, Ordering},
    },
    time::{Duration, Instant},
};
use tokio::sync::{mpsc, oneshot};

use super::{GatewayError, Tokens, price::Price, tell::tell, tokens};
use crate::{
    clock::Clock,
    ids::HostId,
    store::{Db, ModelCallRecord, ModelCallStatus, NewReservation, Settlement, StoreError, logged},
    wake::Wake,
};

/// Bookings in one transaction at most.
const MAX_BATCH: usize = 256;

/// Attempts at booking an end; what fails all of them is left to the sweep.
const ATTEMPTS: u32 = 5;
const RETRY_PAUSE: Duration = Duration::from_millis(100);

/// How often reservations are looked for whose time is over.
const SWEEP_EVERY: Duration = Duration::from_mins(1);

/// Who hears whether a call is admitted.
type Admission = oneshot::Sender<Result<(), GatewayError>>;

type Asked = (NewReservation, Admission);

enum Post {
    Admit(Box<NewReservation>, Admission),
    Settle(Box<Settlement>, Option<oneshot::Sender<()>>),
    /// Answers when everything before it is booked.
    Flush(oneshot::Sender<()>),
}

/// Where calls are booked. Cloning shares the books.
#[derive(Clone)]
pub struct Ledger {
    posts: mpsc::UnboundedSender<Post>,
    /// What comes out at the other end, until somebody books it.
    inbox: Arc<Mutex<Option<mpsc::UnboundedReceiver<Post>>>>,
}

impl Default for Ledger {
    fn default() -> Self {
        let (posts, inbox) = mpsc::unbounded_channel();
        Self { posts, inbox: Arc::new(Mutex::new(Some(inbox))) }
    }
}

impl Ledger {
    /// Holds what a call may cost at most.
    pub async fn reserve(&self, new: NewReservation, price: Price) -> Result<Reservation, GatewayError> {
        let (answer, answered) = oneshot::channel();
        // Made before the answer is waited for: a caller who leaves meanwhile must not leave money behind.
        let mut reservation = Reservation {
            ledger: self.clone(),
            call: new.call.clone(),
            day: new.day.clone(),
            price,
            seen: String::new(),
            began: Instant::now(),
            first_token: None,
            stream: true,
            hidden: Arc::default(),
            state: State::Asked,
        };
        self.post(Post::Admit(Box::new(new), answer));
        let admitted = answered.await.unwrap_or_else(|_| Err(closed()));
        reservation.state = match &admitted {
            Ok(()) => State::Held,
            // It may be held all the same: the answer of the database was lost.
            Err(GatewayError::Store(_)) => State::Asked,
            Err(_) => State::Settled,
        };
        admitted.map(|()| reservation)
    }

    /// Books what needed no reservation.
    pub async fn book(&self, call: ModelCallRecord, day: String) {
        self.settle(Settlement { call, day, reserved: false }).await;
    }

    /// Books an end, and waits until that is written.
    async fn settle(&self, end: Settlement) {
        let (booked, wait) = oneshot::channel();
        self.post(Post::Settle(Box::new(end), Some(booked)));
        let _ = wait.await;
    }

    /// Waits until everything that was posted is booked.
    pub async fn flush(&self) {
        let (flushed, wait) = oneshot::channel();
        self.post(Post::Flush(flushed));
        let _ = wait.await;
    }

    fn post(&self, post: Post) {
        // A closed book answers nobody; whoever waits hears of it by that.
        let _ = self.posts.send(post);
    }

    /// Books what is posted, for ever. Only the first caller does; a second one waits in vain.
    pub async fn run(&self, db: Db, clock: Clock, host: HostId, wake: Arc<Wake>) {
        let inbox = self.inbox.lock().unwrap_or_else(PoisonError::into_inner).take();
        let Some(mut inbox) = inbox else { return pending().await };
        let books = Books { db, clock, host, wake };
        let mut sweep = tokio::time::interval(SWEEP_EVERY);
        sweep.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
        let mut posts = Vec::with_capacity(MAX_BATCH);
        let mut crowded = false;
        loop {
            tokio::select! {
                count = inbox.recv_many(&mut posts, MAX_BATCH) => {
                    if count == 0 {
                        return;
                    }
                    // Where several posted at once, those who are about to do so first: one transaction for all costs
                    // little more than for one. Else nobody is, and another thread would be woken for nothing.
                    if crowded || count > 1 {
                        tokio::task::yield_now().await;
                    }
                    while posts.len() < MAX_BATCH
                        && let Ok(post) = inbox.try_recv()
                    {
                        posts.push(post);
                    }
                    crowded = posts.len() > 1;
                    // Whatever is wrong with one batch, the next ones are booked.
                    if AssertUnwindSafe(books.book(&mut posts)).catch_unwind().await.is_err() {
                        tracing::error!("a batch could not be booked; the sweep will settle it");
                        posts.clear();
                    }
                }
                _ = sweep.tick() => books.sweep().await,
            }
        }
    }
}

fn closed() -> GatewayError {
    StoreError::Corrupt("the books of the gateway are closed".to_owned()).into()
}

/// Who writes what is posted.
struct Books {
    db: Db,
    clock: Clock,
    host: HostId,
    wake: Arc<Wake>,
}

impl Books {
    async fn book(&self, posts: &mut Vec<Post>) {
        let (mut asked, mut ends, mut waiting, mut last) = (Vec::new(), Vec::new(), Vec::new(), Vec::new());
        for post in posts.drain(..) {
            match post {
                // Whoever has left by now wants nothing.
                Post::Admit(_, answer) if answer.is_closed() => {}
                Post::Admit(new, answer) => asked.push((*new, answer)),
                Post::Settle(end, wait) => {
                    ends.push(*end);
                    waiting.extend(wait);
                }
                Post::Flush(wait) => last.push(wait),
            }
        }
        let (ends, asked) = self.together(ends, asked).await;
        // What comes back is there for those who ask.
        self.settle(ends).await;
        for wait in waiting {
            let _ = wait.send(());
        }
        self.admit(asked).await;
        for wait in last {
            let _ = wait.send(());
        }
    }

    /// Books ends and admits calls at once, where there are both; what it gives back is still to be done.
    async fn together(&self, ends: Vec<Settlement>, asked: Vec<Asked>) -> (Vec<Settlement>, Vec<Asked>) {
        if ends.is_empty() || asked.is_empty() {
            return (ends, asked);
        }
        let (calls, answers): (Vec<_>, Vec<_>) = asked.into_iter().unzip();
        let booked = self.db.book(&self.clock, self.host, &ends, &calls).await;
        if let Ok((true, _)) = booked {
            self.wake.jobs.notify_one();
        }
        match booked {
            Ok((_, true)) => {
                admit(answers);
                (Vec::new(), Vec::new())
            }
            Ok((_, false)) => (Vec::new(), calls.into_iter().zip(answers).collect()),
            Err(_) => (ends, calls.into_iter().zip(answers).collect()),
        }
    }

    async fn settle(&self, ends: Vec<Settlement>) {
        if ends.is_empty() {
            return;
        }
        for attempt in 1..=ATTEMPTS {
            match self.db.settle(&self.clock, &ends).await {
                Ok(jobs) => {
                    if jobs {
                        self.wake.jobs.notify_one();
                    }
                    return;
                }
                // One that the database refuses must not hold up the others.
                Err(_) if ends.len() > 1 => {
                    for end in ends {
                        Box::pin(self.settle(vec![end])).await;
                    }
                    return;
                }
                Err(error) if attempt == ATTEMPTS => {
                    let error = &error as &dyn std::error::Error;
                    tracing::error!(error, "a call could not be booked; the sweep will");
                }
                Err(_) => tokio::time::sleep(RETRY_PAUSE).await,
            }
        }
    }

    /// Admits all at once where there is room for all, else one after the other.
    async fn admit(&self, mut asked: Vec<Asked>) {
        if asked.len() > 1 {
            let (calls, answers): (Vec<_>, Vec<_>) = asked.into_iter().unzip();
            if let Ok(None) = self.db.admit(&self.clock, self.host, &calls).await {
                admit(answers);
                return;
            }
            asked = calls.into_iter().zip(answers).collect();
        }
        let mut told = false;
        for (call, answer) in asked {
            let admitted = match self.db.admit(&self.clock, self.host, &[call]).await {
                Ok(None) => Ok(()),
                Ok(Some(exhausted)) => {
                    let noted = self.db.note_full(&self.clock, &exhausted.key()).await;
                    logged("the owner could not be told of a budget", noted);
                    Err(GatewayError::Exhausted(Box::new(exhausted)))
                }
                Err(error) => Err(error.into()),
            };
            told |= matches!(admitted, Err(GatewayError::Exhausted(_)));
            let _ = answer.send(admitted);
        }
        if told {
            self.wake.jobs.notify_one();
        }
    }

    async fn sweep(&self) {
        match self.db.settle_lost(&self.clock, None).await {
            Ok(0) => {}
            Ok(count) => tracing::warn!(count, "calls that never ended were booked at their estimate"),
            Err(error) => tracing::error!(error = &error as &dyn std::error::Error, "reservations were not swept"),
        }
    }
}

fn admit(all: Vec<Admission>) {
    for one in all {
        let _ = one.send(Ok(()));
    }
}

#[derive(PartialEq, Eq)]
enum State {
    /// On its way to the books: whether it is held is not known.
    Asked,
    Held,
    Settled,
}

/// Money and tokens that are held for one attempt. Dropped, it settles for what was seen until then.
pub struct Reservation {
    ledger: Ledger,
    call: ModelCallRecord,
    day: String,
    price: Price,
    /// The words that have come.
    seen: String,
    began: Instant,
    first_token: Option<Duration>,
    /// Whether the answer is seen as it comes. One that is not may have been made whole before it was cut off.
    stream: bool,
    /// Bytes of what came beside words.
    hidden: Arc<AtomicUsize>,
    state: State,
}

impl Reservation {
    /// Notes words of the answer.
    pub fn saw(&mut self, text: &str) {
        self.first_token.get_or_insert_with(|| self.began.elapsed());
        self.seen.push_str(text);
    }

    pub fn has_seen(&self) -> bool {
        self.first_token.is_some()
    }

    /// The model is asked now; whether its answer comes in a stream, and where what is beside its words is
    /// counted.
    pub fn begin(&mut self, stream: bool, hidden: Arc<AtomicUsize>) {
        (self.began, self.stream, self.hidden) = (Instant::now(), stream, hidden);
    }

    /// Tokens of output that were seen; all that were held for where nothing can be seen.
    fn output_seen(&self) -> i64 {
        if !self.stream {
            return self.call.output_tokens;
        }
        let hidden = i64::try_from(self.hidden.load(Ordering::Relaxed) / BYTES_OF_HIDDEN).unwrap_or(i64::MAX);
        i64::from(tokens::count(&self.seen)).saturating_add(hidden).min(self.call.output_tokens)
    }

    /// Settles, and waits until that is booked.
    pub async fn settle(mut self, end: impl FnOnce(&mut ModelCallRecord), used: Used) -> ModelCallRecord {
        end(&mut self.call);
        self.fill(used);
        let end = self.take_end();
        self.ledger.settle(end).await;
        self.call.clone()
    }

    /// The end as it is booked; a reservation has one.
    fn take_end(&mut self) -> Settlement {
        self.state = State::Settled;
        Settlement { call: self.call.clone(), day: std::mem::take(&mut self.day), reserved: true }
    }

    /// Tokens and cost as far as they are known.
    fn fill(&mut self, used: Used) {
        let (tokens, estimated) = match used {
            Used::Reported(tokens) => (tokens, false),
            Used::Counted(tokens) => (tokens, true),
            Used::Seen => {
                let (input, output) = (self.call.input_tokens, self.output_seen());
                (Tokens { input, output, ..Tokens::default() }, true)
            }
            Used::Nothing => (Tokens::default(), false),
        };
        let call = &mut self.call;
        (call.input_tokens, call.output_tokens) = (tokens.input, tokens.output);
        (call.cached_tokens, call.cache_write_tokens) = (tokens.cached, tokens.cache_write);
        // An estimate is never dearer than what was held for it.
        let cost = self.price.cost(&tokens);
        call.cost_micros = if estimated { cost.min(call.cost_micros) } else { cost };
        call.estimated = estimated;
        let millis = |duration: Duration| i64::try_from(duration.as_millis()).unwrap_or(i64::MAX);
        call.first_token_ms = self.first_token.map(millis);
        call.latency_ms = millis(self.began.elapsed());
    }
}

/// Bytes of arguments or thoughts that make a token.
const BYTES_OF_HIDDEN: usize = 3;

/// What is known of the tokens of an attempt.
#[derive(Clone, Copy, Debug)]
pub enum Used {
    /// The provider said so.
    Reported(Tokens),
    /// The answer is whole, and we counted.
    Counted(Tokens),
    /// The input, and the words that came.
    Seen,
    /// The model was never asked.
    Nothing,
}

impl Drop for Reservation {
    fn drop(&mut self) {
        if self.state == State::Settled {
            return;
        }
        self.call.status = ModelCallStatus::Cancelled;
        self.call.error = Some("whoever asked has left".to_owned());
        // What was on its way to the books has not been sent to any model.
        self.fill(if self.state == State::Held { Used::Seen } else { Used::Nothing });
        tell(&self.call);
        let end = self.take_end();
        self.ledger.post(Post::Settle(Box::new(end), None));
    }
}
