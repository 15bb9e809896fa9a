#!/bin/sh
# Builds the conformance skill of a language, unless it is newer than its sources and the SDK:
#   sdk/conformance/build.sh LANG [SKILLET]
# writes target/conformance/LANG.wasm. LANG is a folder of sdk/, or rust, ts or starlingmonkey.
set -eu
cd "$(dirname "$0")/../.."
lang=$1
skillet=${2:-target/debug/skillet}
out=target/conformance
made=$out/$lang.wasm

# The SDK for C++ stands on the one for C.
case $lang in
    rust) sources="sdk/Cargo.toml sdk/src" ;;
    cpp) sources="sdk/cpp sdk/c" ;;
    ts | starlingmonkey) sources="sdk/js" ;;
    *) sources="sdk/$lang" ;;
esac
newer() {
    # shellcheck disable=SC2086 # a list of folders
    find $sources sdk/conformance wit/v0 \( -name .skillet -o -name node_modules -o -name 'template*' \) -prune \
        -o -type f -newer "$made" -print
}
if [ -f "$made" ] && [ -z "$(newer)" ]; then exit 0; fi

if [ "$lang" = rust ]; then
    # A member of the workspace, which is checked and tested where it is.
    folder=sdk/conformance
else
    folder=$out/$lang
    mkdir -p "$folder"
    find "$folder" -mindepth 1 -maxdepth 1 ! -name .skillet ! -name node_modules -exec rm -rf {} +
    case $lang in
        ts) from=sdk/js/conformance-ts ;;
        starlingmonkey) from=sdk/js/conformance ;;
        *) from=sdk/$lang/conformance ;;
    esac
    cp -R "$from/." sdk/conformance/skill.toml "$folder"
fi
case $lang in
    assemblyscript | ts) (cd "$folder" && npm install --ignore-scripts --no-audit --no-fund --silent) ;;
    starlingmonkey) echo '{ "type": "module", "skillet": { "engine": "starlingmonkey" } }' >"$folder/package.json" ;;
esac
"$skillet" skill build "$folder" --out "$out/$lang" --target-dir target/guests
# The build only takes types off; the compiler holds the skill against those of the SDK, which are there by now.
if [ "$lang" = ts ]; then (cd "$folder" && node_modules/.bin/tsc); fi
mv "$out/$lang/conformance.wasm" "$made"
