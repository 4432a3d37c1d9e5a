#!/usr/bin/env bash
# Packs the crate as crates.io would get it, installs airx from the package into an
# empty folder, and runs it.
set -euo pipefail
cd "$(dirname "$0")/.."
. packaging/common.sh

root=$(mktemp -d)
trap 'rm -rf "$root"' EXIT
# --no-verify: the install below builds it.
cargo package --locked --quiet --no-verify --allow-dirty
crate=$TARGET_DIR/package/airx-$(version).crate
files=$(tar -tzf "$crate")
for file in README.md SECURITY.md LICENSE-MIT LICENSE-APACHE man/airx.1 completions/_airx src/main.rs Cargo.lock; do
  grep -qx "airx-$(version)/$file" <<<"$files" || fail "$crate lacks $file"
done
tar -xzf "$crate" -C "$root"
# A debug build takes a quarter of the time, and is enough to test the package.
cargo install --debug --locked --quiet --path "$root/airx-$(version)" --root "$root/installed" \
  --target-dir "$TARGET_DIR/package-install"
try_binary "$root/installed/bin/airx"
printf 'passed: %s installs and runs\n' "$(basename "$crate")"
