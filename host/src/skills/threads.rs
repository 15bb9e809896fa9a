//! The threads that run guests, and nothing else. Whatever a guest does, the threads that answer people, watch
//! timers and talk to the database and the network go on; what a guest asks of the host is done there too.

use std::{io, num::NonZero, panic, thread};
use tokio::runtime::{Builder, Handle, Runtime};
use tokio_util::task::AbortOnDropHandle;
use tracing::Instrument;

/// How far guests stand back when the machine has less time than everybody wants.
const NICENESS: i32 = 5;

/// Slices of guests after which a thread looks for what came from outside: a new call, or the end of one.
const LOOK_OUTSIDE: u32 = 8;

#[derive(Debug)]
pub struct Threads {
    handle: Handle,
    /// `None` once it is told to stop.
    runtime: Option<Runtime>,
}

impl Threads {
    /// Starts as many as the machine has cores.
    pub fn start() -> io::Result<Self> {
        let runtime = Builder::new_multi_thread()
            .worker_threads(thread::available_parallelism().map_or(1, NonZero::get))
            .thread_name("guests")
            .global_queue_interval(LOOK_OUTSIDE)
            .on_thread_start(stand_back)
            .enable_all()
            .build()?;
        Ok(Self { handle: runtime.handle().clone(), runtime: Some(runtime) })
    }

    /// Runs to its end here, or until whoever waits for it leaves.
    pub async fn run<T: Send + 'static>(&self, work: impl Future<Output = T> + Send + 'static) -> T {
        run_on(&self.handle, work).await
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
        // Waiting for the threads would block the one that drops this.
        if let Some(runtime) = self.runtime.take() {
            runtime.shutdown_background();
        }
    }
}

fn stand_back() {
    // Of this thread alone, on Linux. Without it guests only compete more.
    let _ = rustix::process::nice(NICENESS);
}
