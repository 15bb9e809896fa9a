//! The one wasmtime engine of the process, and the ticker that ends runs which overstay.

use std::{
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
    thread,
    time::{Duration, Instant},
};
use wasmtime::{
    Config, Enabled, Engine, EngineWeak, InstanceAllocationStrategy, OptLevel, PoolingAllocationConfig, WasmFeatures,
};

use super::limits::{INSTANCES, MAX_MEMORIES, TABLE_ELEMENTS, WASM_STACK_BYTES};

/// Time between two epochs.
pub const TICK: Duration = Duration::from_millis(10);

/// Bytes of a memory that stay mapped and are cleared between calls: what a usual call dirties.
const KEEP_RESIDENT: usize = 1 << 20;

/// Stack of a fiber; beyond the guest's part it is what host functions may use.
const FIBER_STACK_BYTES: usize = 2 << 20;

/// Core instances of one component, and elements of one table, as the pool counts them.
#[expect(clippy::cast_possible_truncation, reason = "both are some thousands at most")]
const PARTS: (u32, usize) = (INSTANCES as u32, TABLE_ELEMENTS as usize);

/// The settings that the compiling child and the running host must share.
fn base() -> Config {
    let mut config = Config::new();
    config
        .cranelift_opt_level(OptLevel::Speed)
        .consume_fuel(true)
        .epoch_interruption(true)
        .concurrency_support(false)
        // One frame tells a trap inside the guest from a refusal of what it returned.
        .wasm_backtrace_max_frames(std::num::NonZeroUsize::new(1))
        .max_wasm_stack(WASM_STACK_BYTES)
        .async_stack_size(FIBER_STACK_BYTES)
        .wasm_memory64(false)
        // The adapters between the parts of a component need it; a guest's own is refused before it compiles.
        .wasm_multi_memory(true)
        .wasm_relaxed_simd(false)
        .wasm_features(WasmFeatures::FUNCTION_REFERENCES, false);
    config
}

/// An engine that only compiles; it reserves no address space.
pub fn compiling() -> wasmtime::Result<Engine> {
    Engine::new(&base())
}

/// The engine that runs: `calls` instances at once, of `max_memory` bytes each.
pub fn running(calls: u32, max_memory: usize) -> wasmtime::Result<Engine> {
    let mut pool = PoolingAllocationConfig::new();
    pool.total_component_instances(calls)
        .total_core_instances(calls.saturating_mul(PARTS.0))
        .total_memories(calls.saturating_mul(MAX_MEMORIES))
        .total_tables(calls.saturating_mul(PARTS.0))
        .total_stacks(calls)
        .max_core_instances_per_component(PARTS.0)
        .max_memories_per_component(MAX_MEMORIES)
        .max_tables_per_component(PARTS.0)
        .max_memory_size(max_memory)
        .table_elements(PARTS.1)
        .linear_memory_keep_resident(KEEP_RESIDENT)
        .table_keep_resident(64 << 10)
        .max_unused_warm_slots(4)
        .pagemap_scan(Enabled::Auto);
    let mut config = base();
    config.allocation_strategy(InstanceAllocationStrategy::Pooling(pool));
    Engine::new(&config)
}

/// Advances the epoch while calls run, and sleeps while none do: an idle host does not tick.
#[derive(Debug)]
pub struct Ticker {
    running: Arc<AtomicUsize>,
    thread: thread::Thread,
}

/// Keeps the ticker going for as long as it is held.
#[derive(Debug)]
pub struct Ticking(Arc<AtomicUsize>);

impl Ticker {
    /// Starts the thread; it ends with the engine.
    pub fn start(engine: &Engine) -> std::io::Result<Self> {
        let running = Arc::new(AtomicUsize::new(0));
        let (counter, engine) = (running.clone(), engine.weak());
        let handle = thread::Builder::new().name("epochs".into()).spawn(move || tick(&counter, &engine))?;
        Ok(Self { running, thread: handle.thread().clone() })
    }

    /// Ticks from now until the returned guard is dropped.
    pub fn tick(&self) -> Ticking {
        if self.running.fetch_add(1, Ordering::SeqCst) == 0 {
            self.thread.unpark();
        }
        Ticking(self.running.clone())
    }
}

impl Drop for Ticking {
    fn drop(&mut self) {
        self.0.fetch_sub(1, Ordering::SeqCst);
    }
}

/// Longest sleep of an idle ticker, so that it notices when its engine is gone.
const IDLE: Duration = Duration::from_mins(1);

fn tick(running: &AtomicUsize, engine: &EngineWeak) {
    let mut next = Instant::now() + TICK;
    loop {
        if running.load(Ordering::SeqCst) == 0 {
            thread::park_timeout(IDLE);
            next = Instant::now() + TICK;
        }
        // An absolute schedule: one late wake-up does not shift the ticks after it.
        thread::sleep(next.saturating_duration_since(Instant::now()));
        next += TICK;
        match engine.upgrade() {
            Some(engine) => engine.increment_epoch(),
            None => return,
        }
    }
}

/// Epochs after which a run of `timeout` is over: one more than fits, since the first is partial.
pub fn epochs(timeout: Duration) -> u64 {
    u64::try_from(timeout.as_millis().div_ceil(TICK.as_millis())).unwrap_or(u64::MAX - 2) + 2
}
