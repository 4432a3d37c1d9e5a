#!/usr/bin/env bash
# Builds airx-VERSION-TARGET.tar.gz: the binary, man pages, completions, licences,
# README and CHANGELOG. Adds its line to SHA256SUMS in the same folder.
#
# usage: packaging/archive.sh [TARGET] [BINARY]
set -euo pipefail
cd "$(dirname "$0")/.."
. packaging/common.sh

target=${1:-$(host)}
binary=${2:-$(built "$target")}
name=airx-$(version)-$target
mkdir -p "$DIST"
stage=$(mktemp -d)
trap 'rm -rf "$stage"' EXIT

mkdir -p "$stage/$name/man" "$stage/$name/completions"
install -m 755 "$binary" "$stage/$name/"
install -m 644 man/* "$stage/$name/man/"
install -m 644 completions/* "$stage/$name/completions/"
install -m 644 README.md CHANGELOG.md SECURITY.md LICENSE-MIT LICENSE-APACHE "$stage/$name/"

# Fixed owner, order and times, so that the same source gives the same archive.
when=$(git log -1 --format=%ct 2>/dev/null || echo 0)
tar --sort=name --owner=0 --group=0 --numeric-owner --mtime="@$when" \
  -C "$stage" -cf - "$name" | gzip -n >"$DIST/$name.tar.gz"

touch "$DIST/SHA256SUMS"
(
  cd "$DIST"
  sum=$(sha256sum "$name.tar.gz")
  { grep -v "  $name.tar.gz\$" SHA256SUMS || true; printf '%s\n' "$sum"; } >SHA256SUMS.new
  mv SHA256SUMS.new SHA256SUMS
)
printf '%s\n' "$DIST/$name.tar.gz"
