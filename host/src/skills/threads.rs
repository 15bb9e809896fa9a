//! The threads that run guests, and nothing else. Whatever a guest does, the threads that answer people, watch
//! timers and talk to the database and the network go on; what a guest asks of the host is done there too.
//!
//! A run stays on the thread that took it up, and a call that finds all of them idle comes to the same one as the
//! call before: its memory is still in that core's caches. Where runs move between threads a call takes up to
//! three times as long.

use std::{
    io,
    num::NonZero,
    panic,
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
    thread,
};
use tokio::runtime::{Builder, Handle};
use tokio_util::{sync::CancellationToken, task::AbortOnDropHandle};
use tracing::Instrument;

/// How far guests stand back when the machine has less time than everybody wants.
const NICENESS: i32 = 5;

/// Slices of guests after which a thread looks for what came from outside: a new call, or the end of one.
const LOOK_OUTSIDE: u32 = 8;

#[derive(Debug)]
pub struct Threads {
    all: Vec<Guests>,
    stop: CancellationToken,
}

/// One thread.
#[derive(Debug)]
struct Guests {
    handle: Handle,
    /// Runs that it has now.
    runs: Arc<AtomicUsize>,
}

/// Counts a run for as long as it is there.
struct Counted(Arc<AtomicUsize>);

impl Threads {
    /// Starts as many as the machine has cores.
    pub fn start() -> io::Result<Self> {
        let stop = CancellationToken::new();
        let count = thread::available_parallelism().map_or(1, NonZero::get);
        let all = (0..count).map(|_| Guests::start(stop.clone())).collect::<io::Result<_>>()?;
        Ok(Self { all, stop })
    }

    /// Runs to its end here, or until whoever waits for it leaves.
    pub async fn run<T: Send + 'static>(&self, work: impl Future<Output = T> + Send + 'static) -> T {
        // There is one at least; of equals the first is taken.
        let least = self.all.iter().min_by_key(|guests| guests.runs.load(Ordering::Relaxed));
        let Some(guests) = least else { return work.await };
        let counted = Counted::new(&guests.runs);
        run_on(&guests.handle, async move {
            let _counted = counted;
            work.await
        })
        .await
    }
}

impl Guests {
    fn start(stop: CancellationToken) -> io::Result<Self> {
        let runtime = Builder::new_current_thread().global_queue_interval(LOOK_OUTSIDE).enable_all().build()?;
        let handle = runtime.handle().clone();
        thread::Builder::new().name("guests".into()).spawn(move || {
            stand_back();
            runtime.block_on(stop.cancelled());
        })?;
        Ok(Self { handle, runs: Arc::default() })
    }
}

impl Counted {
    fn new(runs: &Arc<AtomicUsize>) -> Self {
        runs.fetch_add(1, Ordering::Relaxed);
        Self(runs.clone())
    }
}

impl Drop for Counted {
    fn drop(&mut self) {
        self.0.fetch_sub(1, Ordering::Relaxed);
    }
}

/// Runs something to its end on other threads, or until whoever waits for it leaves; a panic comes here.
pub async fn run_on<T: Send + 'static>(threads: &Handle, work: impl Future<Output = T> + Send + 'static) -> T {
    // What is logged there belongs to the same trace.
    match AbortOnDropHandle::new(threads.spawn(work.in_current_span())).await {
        Ok(done) => done,
        Err(error) => match error.try_into_panic() {
            Ok(reason) => panic::resume_unwind(reason),
            // The process ends, and nobody waits for this any more.
            Err(_) => std::future::pending().await,
        },
    }
}

impl Drop for Threads {
    fn drop(&mut self) {
        // Waiting for the threads would block the one that drops this; each drops what it ran by itself.
        self.stop.cancel();
    }
}

fn stand_back() {
    // Of this thread alone, on Linux. Without it guests only compete more.
    let _ = rustix::process::nice(NICENESS);
}
