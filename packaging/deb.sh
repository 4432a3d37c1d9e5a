#!/usr/bin/env bash
# Builds the Debian package, and installs, uses and removes it below an empty root.
# Needs cargo-deb and dpkg.
#
# usage: packaging/deb.sh [TARGET]
set -euo pipefail
cd "$(dirname "$0")/.."
. packaging/common.sh

target=${1:-$(host)}
cargo deb --version >/dev/null 2>&1 || fail "cargo-deb is missing (cargo install cargo-deb)"
binary=$(built "$target")
mkdir -p "$DIST"
if [ "$target" = "$(host)" ]; then
  package=$(cargo deb --no-build --quiet --output "$DIST" | tail -n 1)
else
  package=$(cargo deb --no-build --quiet --target "$target" --output "$DIST" | tail -n 1)
fi
[ -f "$package" ] || package=$(find "$DIST" -name 'airx_*.deb' | head -n 1)
[ -f "$package" ] || fail "cargo deb made no package from $binary"

root=$(mktemp -d)
trap 'rm -rf "$root"' EXIT
mkdir -p "$root/var/lib/dpkg/updates" "$root/var/lib/dpkg/info"
touch "$root/var/lib/dpkg/status" "$root/var/lib/dpkg/available"
dpkg_() { dpkg --root="$root" --log=/dev/null --force-not-root --force-depends --force-script-chrootless "$@"; }

dpkg_ -i "$package" >/dev/null 2>&1 || fail "dpkg cannot install $package"
for file in bin/airx share/man/man1/airx.1.gz share/man/man1/airx-chat.1.gz \
  share/man/man7/airx-exit-codes.7.gz share/bash-completion/completions/airx \
  share/zsh/vendor-completions/_airx share/fish/vendor_completions.d/airx.fish \
  share/doc/airx/copyright; do
  [ -e "$root/usr/$file" ] || fail "the package lacks /usr/$file"
done
try_binary "$root/usr/bin/airx"
if command -v man >/dev/null; then
  man -M "$root/usr/share/man" -w airx-chat >/dev/null || fail "man does not find airx-chat"
fi
dpkg_ --purge airx >/dev/null 2>&1 || fail "dpkg cannot remove airx"
[ -z "$(find "$root/usr" -type f 2>/dev/null)" ] || fail "removal leaves files behind"
printf 'passed: %s installs, runs and is removed\n' "$(basename "$package")"
