//! Every limit, tried once at start on a tiny hostile guest. A host whose limits do not bite does
//! not serve.

mod queues;

use futures_util::{StreamExt, stream};
use serde::Serialize;
use std::{
    sync::Arc,
    time::{Duration, Instant},
};

use super::{
    Caller, FailureKind, Limits, Skills, digest,
    host::{CallState, Services},
    linker::Call,
    root::Root,
    sandbox::Run,
};

const LIMITS: &[u8] = include_bytes!(concat!(env!("OUT_DIR"), "/limits.wasm"));
const HANDLES: &[u8] = include_bytes!(concat!(env!("OUT_DIR"), "/handles.wasm"));
const START: &[u8] = include_bytes!(concat!(env!("OUT_DIR"), "/start.wasm"));
const PARKED: &[u8] = include_bytes!(concat!(env!("OUT_DIR"), "/parked.wasm"));
const MEMORIES: &[u8] = include_bytes!(concat!(env!("OUT_DIR"), "/memories.wasm"));

/// Guests that are components by themselves.
const BARE: [&[u8]; 4] = [HANDLES, START, PARKED, MEMORIES];

/// Limits of a probe: small, so that each is reached at once; but for the time, since a busy machine is no fault of theirs.
const SMALL: Limits = Limits {
    memory_bytes: 1 << 20,
    fuel: 5_000_000,
    timeout: Duration::from_secs(2),
    output_bytes: 1_000,
    log_lines: 10,
    log_bytes: 5_000,
    host_calls: 100,
    host_call_bytes: 10_000,
    table_elements: 1_000,
    instances: 16,
    handles: 100,
    concurrency: 1,
};

/// A limit that was tried.
#[derive(Clone, Debug, Serialize)]
pub struct Probed {
    /// The limit, by its key in a manifest.
    pub limit: &'static str,
    /// What the guest did about it.
    pub tried: &'static str,
    pub took_us: u64,
    /// What it did in place of stopping, if it did not bite.
    pub fault: Option<String>,
}

/// One guest and how it must end.
struct Probe {
    limit: &'static str,
    tried: &'static str,
    guest: Guest,
    limits: Limits,
    bites: fn(&Run) -> bool,
}

enum Guest {
    /// The letter that `limits.wat` goes by.
    Letter(char),
    /// A component by itself, entered by `run`.
    Bare(&'static [u8]),
}

/// The digests of the guests, whose compiled code is kept like that of skills.
pub fn digests() -> [String; 5] {
    let [one, two, three, four] = BARE.map(digest);
    [digest(LIMITS), one, two, three, four]
}

fn ends(run: &Run, kind: FailureKind) -> bool {
    matches!(&run.output, Err(failure) if failure.kind == kind)
}

#[rustfmt::skip]
fn probes() -> Vec<Probe> {
    use FailureKind::{OutOfFuel, OutOfMemory, OutputTooLarge, Timeout, TooManyHandles, TooManyHostCalls, TooMuchData};
    let endless = Limits { fuel: u64::MAX / 2, timeout: Duration::from_millis(30), ..SMALL };
    let small = |limit, tried, guest, bites| Probe { limit, tried, guest, limits: SMALL, bites };
    vec![
        small("fuel", "computes without end", Guest::Letter('l'), |run| ends(run, OutOfFuel)),
        small("fuel", "computes without end while it starts", Guest::Bare(START), |run| ends(run, OutOfFuel)),
        Probe { limit: "timeout_s", tried: "computes without end, with fuel enough", guest: Guest::Letter('l'), limits: endless, bites: |run| ends(run, Timeout) },
        Probe { limit: "timeout_s", tried: "starts without end, with fuel enough", guest: Guest::Bare(START), limits: endless, bites: |run| ends(run, Timeout) },
        Probe { limit: "timeout_s", tried: "waits in a call of the host that does not return", guest: Guest::Bare(PARKED), limits: endless, bites: |run| ends(run, Timeout) },
        small("memory_mb", "takes memory without end", Guest::Letter('m'), |run| ends(run, OutOfMemory) && run.peak_memory_bytes <= SMALL.memory_bytes),
        small("memory_mb", "takes it in two memories", Guest::Bare(MEMORIES), |run| ends(run, OutOfMemory) && run.peak_memory_bytes <= SMALL.memory_bytes),
        small("table_elements", "takes elements without end", Guest::Letter('t'), |run| ends(run, OutOfMemory) && run.table_elements <= SMALL.table_elements),
        Probe { limit: "instances", tried: "has more core instances", guest: Guest::Letter(' '), limits: Limits { instances: 1, ..SMALL }, bites: |run| ends(run, OutOfMemory) },
        small("handles", "makes handles without end", Guest::Bare(HANDLES), |run| ends(run, TooManyHandles)),
        small("output_bytes", "answers with more", Guest::Letter('o'), |run| ends(run, OutputTooLarge)),
        small("log_lines", "logs a thousand lines", Guest::Letter('s'), |run| run.output.is_ok() && run.log.len() as u64 == SMALL.log_lines + 1),
        small("log_bytes", "logs long lines", Guest::Letter('b'), |run| run.output.is_ok() && run.log_bytes <= SMALL.log_bytes && run.log.len() < 10),
        small("host_calls", "calls the host without end", Guest::Letter('h'), |run| ends(run, TooManyHostCalls)),
        small("host_call_bytes", "passes bytes without end", Guest::Letter('d'), |run| ends(run, TooMuchData)),
    ]
}

impl Skills {
    /// Tries every limit; the error names those that do not bite.
    pub async fn probe(self: &Arc<Self>) -> anyhow::Result<Vec<Probed>> {
        let scratch = self.services.scratch(self.services.clock.clone()).await?;
        let component = self.registry.trial(&digest(LIMITS), LIMITS).await?;
        for bare in BARE {
            self.registry.compiled(&digest(bare), bare).await?;
        }
        // The pool has as many instances as there are places.
        let tries = probes().into_iter().map(|probe| self.tried(probe, &component, &scratch));
        let mut probed: Vec<Probed> = stream::iter(tries).buffered(self.settings.max_calls as usize).collect().await;
        probed.extend(queues::tried().await);
        scratch.db.close().await;
        let toothless: Vec<String> = probed
            .iter()
            .filter_map(|one| Some(format!("{} ({}): {}", one.limit, one.tried, one.fault.as_ref()?)))
            .collect();
        anyhow::ensure!(toothless.is_empty(), "limits of the sandbox that do not bite: {}", toothless.join("; "));
        Ok(probed)
    }

    async fn tried(
        &self,
        probe: Probe,
        component: &Arc<super::linker::SkillWorldPre<CallState>>,
        scratch: &Services,
    ) -> Probed {
        let began = Instant::now();
        let caller = Caller::nobody(&self.services.clock);
        let deadline = began + probe.limits.timeout;
        let root = Root::new(0, deadline);
        let name = ("probe", String::new());
        let state = Box::new(CallState::new(scratch, name, &caller, (probe.limits, deadline, root)));
        let never = std::future::pending::<()>();
        let run = match probe.guest {
            Guest::Letter(letter) => {
                let call = Call {
                    id: String::new(),
                    attempt: 1,
                    input: format!("\"{letter}\""),
                    locale: "en".to_owned(),
                    time_zone: "UTC".to_owned(),
                    deadline_ms: 0,
                };
                self.executor.sandbox.run(component.clone(), (state, call), (), never).await
            }
            Guest::Bare(bytes) => self.enter_bare(bytes, state, never).await,
        };
        let fault = (!(probe.bites)(&run)).then(|| match &run.output {
            Ok(_) => format!("it came to an end, with {} lines of log", run.log.len()),
            Err(failure) => failure.to_string(),
        });
        let took_us = u64::try_from(began.elapsed().as_micros()).unwrap_or(u64::MAX);
        Probed { limit: probe.limit, tried: probe.tried, took_us, fault }
    }

    async fn enter_bare(&self, bytes: &'static [u8], state: Box<CallState>, never: impl Future<Output = ()>) -> Run {
        let component = self.registry.compiled(&digest(bytes), bytes).await;
        let run = self.executor.sandbox.within(state, (), never, move |store| {
            Box::pin(async move {
                let component = component.map_err(|error| wasmtime::Error::msg(error.to_string()))?;
                let mut linker = wasmtime::component::Linker::<CallState>::new(store.engine());
                linker
                    .root()
                    .func_wrap_async("park", |_, (): ()| Box::new(std::future::pending::<wasmtime::Result<()>>()))?;
                let instance = linker.instantiate_async(&mut *store, &component).await?;
                let run = instance.get_typed_func::<(), ()>(&mut *store, "run")?;
                run.call_async(&mut *store, ()).await?;
                Ok(Ok(String::new()))
            })
        });
        run.await
    }
}
