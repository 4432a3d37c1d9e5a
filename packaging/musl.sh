#!/usr/bin/env bash
# Builds the static binary for x86_64 musl Linux, runs the integration tests with it and
# checks its bounds. Needs the target (rustup target add) and musl-gcc (Debian: musl-tools).
set -euo pipefail
cd "$(dirname "$0")/.."
. packaging/common.sh

target=x86_64-unknown-linux-musl
command -v musl-gcc >/dev/null || fail "musl-gcc is missing (Debian: musl-tools)"
rustup target add "$target" >/dev/null 2>&1 || fail "rustup cannot add $target"
binary=$(built "$target")
if readelf -d "$binary" | grep -q NEEDED; then
  fail "$binary is not static"
fi
size=$(stat -c %s "$binary")
[ "$size" -le 12000000 ] || fail "$binary has $size bytes, more than 12 MB"
try_binary "$binary"
AIRX_TEST_BIN=$(realpath "$binary") cargo test --locked --quiet --test integration
tests/real/bounds "$binary"
printf 'passed: %s, static, %s bytes\n' "$binary" "$size"
