# Short targets, each does only what changed.
SHELL := /bin/bash
HERE := $(CURDIR)
RELEASE := target/release/skillet
DEBUG := target/debug/skillet
PLUGINS := $(notdir $(patsubst %/skill.toml,%,$(wildcard plugins/*/skill.toml)))
COMPONENTS := $(PLUGINS:%=target/components/%.wasm)
WASM := wasm32-unknown-unknown
GUEST_PACKAGES := rustc-web cargo-web rust-web-src lld-22 wasi-libc libclang-rt-19-dev-wasm32

.PHONY: run build debug plugins toolchain test lint docs bench bench-sandbox bench-jobs bench-telegram e2e fuzz clean

## Everything from a fresh clone to a running host
run: build plugins
	SKILLET__SKILLS__BUNDLE_DIR=$(HERE)/target/components $(RELEASE) serve

build:
	cargo build --release --package skillet

debug:
	cargo build --package skillet

## The first-party skills, as components
plugins: toolchain $(COMPONENTS)

SDK_FILES := sdk/Cargo.toml $(wildcard sdk/src/*.rs sdk/src/*/*.rs wit/v0/*.wit)

# Built by whichever skillet is there; both make the same component.
.SECONDEXPANSION:
target/components/%.wasm: plugins/%/Cargo.toml plugins/%/skill.toml $$(wildcard plugins/$$*/src/*.rs plugins/$$*/src/*/*.rs) $(SDK_FILES)
	@bin=$(RELEASE); [ -x $$bin ] || bin=$(DEBUG); \
	[ -x $$bin ] || { cargo build --package skillet && bin=$(DEBUG); }; \
	$$bin skill build plugins/$* --out target/components --target-dir target/guests

# rustup's target where it can be had, the distribution's toolchain where not.
toolchain:
	@libdir=$$(rustc --print target-libdir --target $(WASM) 2>/dev/null); \
	if [ -d "$$libdir" ] || { [ -x /usr/bin/rustc ] && [ -x /usr/bin/cargo ] && [ -d /usr/lib/rustlib/src/rust/library ]; }; then exit 0; fi; \
	echo "No WebAssembly target for Rust yet; installing one."; \
	if command -v rustup >/dev/null && rustup target add $(WASM); then exit 0; fi; \
	if [ "$$(id -u)" = 0 ] && command -v apt-get >/dev/null; then \
		apt-get update && for try in 1 2; do \
			apt-get install --yes --no-install-recommends $(GUEST_PACKAGES) && exit 0; done; fi; \
	echo "Install one of: rustup target add $(WASM)"; \
	echo "            or: apt-get install --no-install-recommends $(GUEST_PACKAGES)"; exit 1

## Every test, on both databases
test: debug plugins
	@if cargo nextest --version >/dev/null 2>&1; then cargo nextest run --workspace; \
	else cargo test --workspace --all-targets; fi
	cargo test --workspace --doc --quiet

lint:
	cargo fmt --all --check
	cargo clippy --workspace --all-targets -- -D warnings
	RUSTDOCFLAGS="-D warnings" cargo doc --workspace --no-deps --document-private-items --quiet

docs:
	cargo doc --workspace --no-deps --open

bench: bench-sandbox bench-jobs bench-telegram

## The sandbox beside a bare host and its peers, with a verdict for each target. EXTISM=1 builds Extism too, in some
## minutes; SWAP_SECONDS=5 shortens the swap under load
bench-sandbox:
	@if [ -n "$(EXTISM)" ]; then cargo build --release --locked --manifest-path host/benches/peers/extism/Cargo.toml \
		--target-dir target/peers; fi
	RUST_BACKTRACE=0 cargo bench --package skillet --bench sandbox

## A job put in, drained and picked up, on both databases
bench-jobs:
	cargo bench --package skillet --bench jobs

## Echo, order and idling of the bot against a fake Bot API; the release binary, driven by the test harness
bench-telegram: build plugins
	SKILLET_BIN=$(HERE)/$(RELEASE) cargo bench --profile dev --package skillet-tests --bench telegram

## The first run in a real browser
e2e: debug plugins
	cd tests/e2e && npm ci --no-audit --no-fund --silent && node run.mjs

# Coverage for libFuzzer, in flags that a stable compiler takes. A target is named, so that they are not
# for build scripts too.
FUZZ_TARGETS := manifest host_rule inspect
FUZZ_FLAGS := --cfg fuzzing -Cpasses=sancov-module -Cllvm-args=-sanitizer-coverage-level=4 \
	-Cllvm-args=-sanitizer-coverage-inline-8bit-counters -Cllvm-args=-sanitizer-coverage-pc-table \
	-Cllvm-args=-sanitizer-coverage-trace-compares
SECONDS := 60

## What reads a stranger's bytes, against mutations of the corpus: so many SECONDS for each target
fuzz:
	@triple=$$(rustc -vV | sed -n 's/^host: //p'); built=target/fuzz/$$triple/release; set -eo pipefail; \
	RUSTFLAGS="$(FUZZ_FLAGS)" cargo build --release --locked --manifest-path tests/fuzz/Cargo.toml \
		--target $$triple --target-dir target/fuzz; \
	for one in $(FUZZ_TARGETS); do \
		mkdir -p target/fuzz/corpus/$$one target/fuzz/artifacts/$$one; \
		dictionary=tests/fuzz/dictionaries/$$one; \
		echo "== $$one"; \
		$$built/$$one -max_total_time=$(SECONDS) -timeout=10 -rss_limit_mb=2048 -max_len=16384 -verbosity=0 -print_final_stats=1 -print_funcs=0 \
			-artifact_prefix=target/fuzz/artifacts/$$one/ $$([ -f $$dictionary ] && echo -dict=$$dictionary) \
			target/fuzz/corpus/$$one tests/fuzz/corpus/$$one 2>&1 | grep -v '^"'; \
	done

clean:
	rm -rf target/components target/guests target/bench
