//! The reference: a bare host that does what every host must do for a fresh, limited call, and nothing else. And
//! what the limits cost code that runs.

use anyhow::Result;
use std::{
    hint::black_box,
    time::{Duration, Instant},
};
use wasmtime::{
    Config, Engine, InstanceAllocationStrategy, PoolingAllocationConfig, Store, StoreLimitsBuilder,
    component::{Component, ComponentExportIndex, InstancePre, Linker},
};

pub use wasmtime::StoreLimits;

use crate::{
    guests,
    table::{Bound, Measured, Table, Times, heading},
};

const MEMORY_BYTES: usize = 64 << 20;
const TABLE_ELEMENTS: usize = 20_000;

/// Core instances of a small component.
const PARTS: u32 = 4;

/// Samples of each kernel with each engine, taken in turn.
const KERNEL_SAMPLES: usize = 60;

/// An engine, a component, and the place of its export.
pub struct Bare {
    engine: Engine,
    pre: InstancePre<StoreLimits>,
    run: ComponentExportIndex,
}

impl Bare {
    pub fn new(guest: &str) -> wasmtime::Result<Self> {
        let (engine, pre) = ready(&engine(true)?, guest)?;
        let run = pre.component().get_export_index(None, "run");
        let run = run.ok_or_else(|| wasmtime::Error::msg("the guest has no `run`"))?;
        Ok(Self { engine, pre, run })
    }

    /// A fresh store and instance, one call, and the end of both.
    pub fn call(&self) -> wasmtime::Result<Duration> {
        let began = Instant::now();
        {
            let mut store = store(&self.engine, 8);
            store.set_fuel(500_000_000)?;
            store.set_epoch_deadline(1_000_000);
            let instance = self.pre.instantiate(&mut store)?;
            let run = instance.get_typed_func::<(&str,), (Result<String, String>,)>(&mut store, self.run)?;
            let (output,) = run.call(&mut store, (guests::INPUT,))?;
            assert_eq!(black_box(output).as_deref(), Ok(guests::INPUT));
        }
        Ok(began.elapsed())
    }
}

/// What fuel and epochs cost two kinds of code.
pub fn metering(table: &mut Table) -> Result<()> {
    heading("Code with fuel and epochs");
    for (kernel, n) in [("loop", 1_000_000), ("calls", 24)] {
        let (mut with, mut without) = (kernel_of(true, kernel)?, kernel_of(false, kernel)?);
        let (mut slow, mut fast) = (Vec::new(), Vec::new());
        for _ in 0..KERNEL_SAMPLES {
            fast.push(without(n)?);
            slow.push(with(n)?);
        }
        let (slow, fast) = (Times::new(slow), Times::new(fast));
        let versus = format!("{kernel}: without fuel and epochs");
        table.micros(&versus, &fast);
        table.micros(&format!("{kernel}: with fuel and epochs"), &slow);
        let name = format!("{kernel}: with fuel and epochs / without");
        let [ratio, _] = table.ratios(&name, &slow, fast.p50(), &versus);
        table.target("11", &format!("fuel and epochs on running code, {kernel}"), Measured(ratio, "x"), Bound::Told);
    }
    Ok(())
}

/// A kernel in an instance that stays, timed.
fn kernel_of(metered: bool, name: &str) -> Result<impl FnMut(u32) -> Result<Duration>> {
    let (mut store, kernel) = kernel_in(metered, name).map_err(plain)?;
    Ok(move |n| {
        let began = Instant::now();
        black_box(kernel.call(&mut store, (n,)).map_err(plain)?);
        Ok(began.elapsed())
    })
}

type Kernel = wasmtime::component::TypedFunc<(u32,), (u32,)>;

fn kernel_in(metered: bool, name: &str) -> wasmtime::Result<(Store<StoreLimits>, Kernel)> {
    let (engine, pre) = ready(&engine(metered)?, include_str!("kernels.wat"))?;
    let mut store = store(&engine, 8);
    if metered {
        store.set_fuel(u64::MAX / 2)?;
        store.set_epoch_deadline(1_000_000);
    }
    let instance = pre.instantiate(&mut store)?;
    let kernel = instance.get_typed_func(&mut store, name)?;
    Ok((store, kernel))
}

fn ready(engine: &Engine, guest: &str) -> wasmtime::Result<(Engine, InstancePre<StoreLimits>)> {
    let component = wat::parse_str(guest).map_err(|error| wasmtime::Error::msg(error.to_string()))?;
    let component = Component::from_binary(engine, &component)?;
    Ok((engine.clone(), Linker::new(engine).instantiate_pre(&component)?))
}

/// A store for a component of so many parts.
pub fn store(engine: &Engine, parts: usize) -> Store<StoreLimits> {
    let limits = StoreLimitsBuilder::new()
        .memory_size(MEMORY_BYTES)
        .table_elements(TABLE_ELEMENTS)
        .instances(parts)
        .memories(parts)
        .tables(parts)
        .build();
    let mut store = Store::new(engine, limits);
    store.limiter(|limits| limits);
    store
}

/// The reference's engine with places for components of so many parts.
pub fn engine_for(parts: u32) -> wasmtime::Result<Engine> {
    pooled(true, parts)
}

fn engine(metered: bool) -> wasmtime::Result<Engine> {
    pooled(metered, PARTS)
}

fn pooled(metered: bool, parts: u32) -> wasmtime::Result<Engine> {
    let mut pool = PoolingAllocationConfig::new();
    pool.total_component_instances(64)
        .total_core_instances(64 * parts)
        .total_memories(128)
        .total_tables(64 * parts)
        .total_stacks(64)
        .max_memory_size(MEMORY_BYTES)
        .table_elements(TABLE_ELEMENTS)
        .linear_memory_keep_resident(64 << 10)
        .table_keep_resident(64 << 10)
        .max_unused_warm_slots(16);
    let mut config = Config::new();
    config
        .consume_fuel(metered)
        .epoch_interruption(metered)
        .concurrency_support(false)
        .wasm_backtrace_max_frames(None)
        .allocation_strategy(InstanceAllocationStrategy::Pooling(pool));
    Engine::new(&config)
}

#[expect(clippy::needless_pass_by_value, reason = "made for `map_err`")]
pub fn plain(error: wasmtime::Error) -> anyhow::Error {
    anyhow::anyhow!("{error:#}")
}
