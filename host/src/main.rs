//! The command line: parses and hands over.

use skillet::{cli, skills};
use tikv_jemallocator::Jemalloc;

/// Takes a quarter of a governed call's time off, and gives back what a busy hour took. SQLite has it too.
#[global_allocator]
static ALLOCATOR: Jemalloc = Jemalloc;

/// Read by the allocator at its start: what is free for a second is the system's again. With its own ten an idle host
/// would be twice as large. A thread keeps no large blocks for itself: most of the many threads use none.
#[expect(unsafe_code, reason = "the name is the allocator's")]
#[unsafe(export_name = "malloc_conf")]
static MALLOC_CONF: &[u8; 36] = b"dirty_decay_ms:1000,tcache_max:4096\0";

fn main() -> std::process::ExitCode {
    // Whatever this program writes is its owner's alone.
    rustix::process::umask(rustix::fs::Mode::RWXG | rustix::fs::Mode::RWXO);
    // The compiling child reads its arguments by position and never starts anything else.
    let args: Vec<String> = std::env::args().skip(1).collect();
    if let Some((first, rest)) = args.split_first()
        && first == skills::COMPILE_SUBCOMMAND
    {
        return std::process::ExitCode::from(skills::compile_child(rest));
    }
    cli::parse().map_or_else(|status| status, cli::run)
}
