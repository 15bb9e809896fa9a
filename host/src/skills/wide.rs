//! WASI 0.2 for components that bring it along: clocks, random numbers and captured output; no
//! environment, arguments, files or sockets. `wasi:http` goes through the gate that `http` goes through.
//!
//! It stands apart from `host/`, since its interfaces are not ours: their calls are bounded by fuel, time and the
//! limits below. Requests of `wasi:http` count as calls of the host, with all that is sent; clocks, random numbers
//! and streams do not.

mod network;
mod output;
mod room;
mod told;

use rand::RngExt;
use wasmtime::component::{Linker, ResourceTable};
use wasmtime_wasi::{I32Exit, WasiCtx, WasiCtxView, WasiView, cli::WasiCliView, filesystem::WasiFilesystemView, p2};
use wasmtime_wasi_http::{WasiHttpCtx, WasiHttpCtxView, WasiHttpView};

use super::host::CallState;
use network::Network;
use output::Captured;
use told::Teller;

/// Bytes of random data in one call: the guest says how many the host makes.
const MAX_RANDOM_BYTES: u64 = 64 << 10;

/// Bytes of one collection of headers, as the host holds them.
const MAX_FIELD_BYTES: usize = 16 << 10;

/// The interfaces that are lent, and the capability that each belongs to.
pub const WIDE: [(&str, Option<&str>); 22] = [
    ("wasi:io/error", None),
    ("wasi:io/poll", None),
    ("wasi:io/streams", None),
    ("wasi:clocks/monotonic-clock", None),
    ("wasi:clocks/wall-clock", None),
    ("wasi:random/random", None),
    ("wasi:random/insecure", None),
    ("wasi:random/insecure-seed", None),
    ("wasi:cli/environment", None),
    ("wasi:cli/exit", None),
    ("wasi:cli/stdin", None),
    ("wasi:cli/stdout", None),
    ("wasi:cli/stderr", None),
    ("wasi:cli/terminal-input", None),
    ("wasi:cli/terminal-output", None),
    ("wasi:cli/terminal-stdin", None),
    ("wasi:cli/terminal-stdout", None),
    ("wasi:cli/terminal-stderr", None),
    ("wasi:filesystem/types", None),
    ("wasi:filesystem/preopens", None),
    ("wasi:http/types", Some("http")),
    ("wasi:http/outgoing-handler", Some("http")),
];

/// What a run has of WASI; made when it first asks.
pub struct Wide {
    ctx: WasiCtx,
    http: WasiHttpCtx,
    table: ResourceTable,
    network: Network,
    output: Captured,
    teller: Teller,
}

/// Links what is in [`WIDE`].
pub fn add_to_linker(linker: &mut Linker<CallState>) -> wasmtime::Result<()> {
    use p2::bindings::{cli, filesystem, random};
    use wasmtime_wasi::{cli::WasiCli, filesystem::WasiFilesystem, random::WasiRandom};

    wasmtime_wasi_http::p2::add_to_linker_async(linker)?;
    random::insecure::add_to_linker::<_, WasiRandom>(linker, |state| state.ctx().ctx.random())?;
    random::insecure_seed::add_to_linker::<_, WasiRandom>(linker, |state| state.ctx().ctx.random())?;
    cli::environment::add_to_linker::<_, WasiCli>(linker, CallState::cli)?;
    cli::exit::add_to_linker::<_, WasiCli>(linker, CallState::cli)?;
    cli::terminal_input::add_to_linker::<_, WasiCli>(linker, CallState::cli)?;
    cli::terminal_output::add_to_linker::<_, WasiCli>(linker, CallState::cli)?;
    cli::terminal_stdin::add_to_linker::<_, WasiCli>(linker, CallState::cli)?;
    cli::terminal_stdout::add_to_linker::<_, WasiCli>(linker, CallState::cli)?;
    cli::terminal_stderr::add_to_linker::<_, WasiCli>(linker, CallState::cli)?;
    filesystem::types::add_to_linker::<_, WasiFilesystem>(linker, CallState::filesystem)?;
    filesystem::preopens::add_to_linker::<_, WasiFilesystem>(linker, CallState::filesystem)?;
    Ok(())
}

/// The status that a component exited with, if that is what ended it.
pub fn exit_status(error: &wasmtime::Error) -> Option<i32> {
    error.downcast_ref::<I32Exit>().map(|exit| exit.0)
}

impl Wide {
    fn new(state: &mut CallState) -> Box<Self> {
        let teller = Teller::new(state);
        let room = usize::try_from(state.limits.log_bytes).unwrap_or(usize::MAX);
        let output = Captured::new(room);
        let mut ctx = WasiCtx::builder();
        ctx.stdout(output.clone()).stderr(output.errors());
        ctx.secure_random(teller.random()).insecure_random(teller.random()).max_random_size(MAX_RANDOM_BYTES);
        ctx.insecure_random_seed(teller.random().random());
        ctx.wall_clock(teller.clone()).monotonic_clock(teller.clone());
        let mut http = WasiHttpCtx::new();
        http.set_field_size_limit(MAX_FIELD_BYTES);
        let mut table = ResourceTable::new();
        table.set_max_capacity(usize::try_from(state.limits.handles).unwrap_or(usize::MAX));
        let network = Network::new(state, teller.clone());
        Box::new(Self { ctx: ctx.build(), http, table, network, output, teller })
    }
}

impl CallState {
    fn wide(&mut self) -> &mut Wide {
        if self.wide.is_none() {
            let wide = Wide::new(self);
            self.wide = Some(wide);
        }
        self.wide.as_mut().expect("it was made in the line above")
    }

    /// Takes over what a run left in its WASI: output as lines of log, and what became of requests. Gives the last
    /// words on its standard error.
    pub fn close_wide(&mut self) -> Option<String> {
        let wide = self.wide.take()?;
        let Wide { output, network, teller, mut table, .. } = *wide;
        self.handles = table.iter_mut().count() as u64;
        for (level, line) in output.lines() {
            self.keep_line(level, &line);
        }
        let used = network.used();
        self.sent |= used.sent;
        self.refused.extend(used.refused);
        teller.close(&mut self.tape);
        output.last_words()
    }
}

impl WasiView for CallState {
    fn ctx(&mut self) -> WasiCtxView<'_> {
        let wide = self.wide();
        WasiCtxView { ctx: &mut wide.ctx, table: &mut wide.table }
    }
}

impl WasiHttpView for CallState {
    fn http(&mut self) -> WasiHttpCtxView<'_> {
        let wide = self.wide();
        WasiHttpCtxView { ctx: &mut wide.http, table: &mut wide.table, hooks: &mut wide.network }
    }
}
