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
        Arc, Mutex, PoisonError,
        atomic::{AtomicUsize, Ordering},
    },
    thread,
};
use tokio::{
    runtime::{Builder, Handle},
    task::JoinError,
};
use tokio_util::{
    sync::{CancellationToken, DropGuard},
    task::AbortOnDropHandle,
};
use tracing::Instrument;

/// How far guests stand back when the machine has less time than everybody wants.
#[cfg(target_os = "linux")]
const NICENESS: i32 = 7;

/// How long a guest keeps a core at a time when others want it, in nanoseconds. With the 3 ms that a kernel gives by
/// itself, what answers people waits as long for its turn.
#[cfg(target_os = "linux")]
const SLICE_NS: u64 = 500_000;

/// Slices of guests after which a thread looks for what came from outside: a new call, or the end of one.
const LOOK_OUTSIDE: u32 = 8;

#[derive(Debug)]
pub struct Threads {
    /// One at least.
    all: Vec<Guests>,
    /// Held while a thread is chosen: of two calls at once each gets its own.
    choosing: Mutex<()>,
    /// Dropped, it stops them. Waiting for that would block whoever drops this; each drops what it ran by itself.
    _stop: DropGuard,
}

/// One thread, and one beside it for work that does not pause.
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
        let guard = stop.clone().drop_guard();
        let count = thread::available_parallelism().map_or(1, NonZero::get);
        let all = (0..count).map(|_| Guests::start(stop.clone())).collect::<io::Result<_>>()?;
        Ok(Self { all, choosing: Mutex::default(), _stop: guard })
    }

    /// Runs to its end here, or until whoever waits for it leaves.
    pub async fn run<T: Send + 'static>(&self, work: impl Future<Output = T> + Send + 'static) -> T {
        let (guests, counted) = self.least();
        run_on(&guests.handle, async move {
            let _counted = counted;
            work.await
        })
        .await
    }

    /// Runs what never pauses beside the guests: those of its thread would stand still meanwhile.
    pub async fn run_beside<T: Send + 'static>(&self, work: impl FnOnce() -> T + Send + 'static) -> T {
        let (guests, counted) = self.least();
        let span = tracing::Span::current();
        let work = move || {
            let _counted = counted;
            span.in_scope(work)
        };
        ended(guests.handle.spawn_blocking(work).await).await
    }

    /// The thread with the fewest runs, of equals the first, and one more for it.
    fn least(&self) -> (&Guests, Counted) {
        let _choosing = self.choosing.lock().unwrap_or_else(PoisonError::into_inner);
        let mut least = &self.all[0];
        for guests in &self.all[1..] {
            if guests.runs.load(Ordering::Relaxed) < least.runs.load(Ordering::Relaxed) {
                least = guests;
            }
        }
        (least, Counted::new(&least.runs))
    }
}

impl Guests {
    fn start(stop: CancellationToken) -> io::Result<Self> {
        let runtime = Builder::new_current_thread()
            .global_queue_interval(LOOK_OUTSIDE)
            .max_blocking_threads(1)
            .thread_name("guests beside")
            .on_thread_start(stand_back)
            .enable_all()
            .build()?;
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
    ended(AbortOnDropHandle::new(threads.spawn(work.in_current_span())).await).await
}

/// What came of work on another thread.
async fn ended<T>(work: Result<T, JoinError>) -> T {
    match work.map_err(JoinError::try_into_panic) {
        Ok(done) => done,
        Err(Ok(reason)) => panic::resume_unwind(reason),
        // The process ends, and nobody waits for this any more.
        Err(Err(_)) => std::future::pending().await,
    }
}

/// Of this thread alone, on Linux. Where the system does not let it, guests only compete more.
#[cfg(target_os = "linux")]
fn stand_back() {
    let _ = rustix::process::nice(NICENESS);
    short_slices();
}

/// Elsewhere this would be said of the whole process.
#[cfg(not(target_os = "linux"))]
fn stand_back() {}

/// Leaves everything else of this thread's scheduling as it is. Kernels before 6.12 take it without effect.
#[cfg(target_os = "linux")]
#[expect(unsafe_code, reason = "no crate wraps these calls for the ordinary policy")]
fn short_slices() {
    let size = u32::try_from(size_of::<libc::sched_attr>()).unwrap_or_default();
    let mut attributes = libc::sched_attr {
        size,
        sched_policy: 0,
        sched_flags: 0,
        sched_nice: 0,
        sched_priority: 0,
        sched_runtime: 0,
        sched_deadline: 0,
        sched_period: 0,
    };
    // SAFETY: the kernel writes a structure of the size that it is told, which lives until then; 0 is this thread.
    let read = unsafe { libc::syscall(libc::SYS_sched_getattr, 0, &raw mut attributes, size, 0) };
    if read == 0 {
        attributes.sched_runtime = SLICE_NS;
        // SAFETY: the kernel reads a structure of the size that it names, which lives until then.
        unsafe { libc::syscall(libc::SYS_sched_setattr, 0, &raw const attributes, 0) };
    }
}
