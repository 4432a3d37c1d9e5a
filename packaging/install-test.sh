#!/usr/bin/env bash
# Serves the archives of the dist folder on a loopback port and installs airx from
# there with install.sh: a valid archive, one with a wrong checksum, a missing one.
set -euo pipefail
cd "$(dirname "$0")/.."
. packaging/common.sh

name=airx-$(version)-$(host).tar.gz
[ -f "$DIST/$name" ] || packaging/archive.sh >/dev/null
work=$(mktemp -d)
server=
cleanup() {
  [ -z "$server" ] || kill "$server" 2>/dev/null || true
  rm -rf "$work"
}
trap cleanup EXIT
mkdir "$work/served"
cp "$DIST/$name" "$DIST/SHA256SUMS" "$work/served/"

python3 -u -c '
import functools, http.server, sys
handler = functools.partial(http.server.SimpleHTTPRequestHandler, directory=sys.argv[1])
with http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
    print(server.server_port, flush=True)
    server.serve_forever()
' "$work/served" >"$work/port" 2>/dev/null &
server=$!
for _ in $(seq 100); do
  [ -s "$work/port" ] && break
  sleep 0.1
done
base=http://127.0.0.1:$(cat "$work/port")
run() { env -i PATH="$PATH" HOME="$work/home" sh install.sh --from "$base" --target "$(host)" "$@"; }
mkdir "$work/home"

run --prefix "$work/a" >"$work/log" || fail "install.sh failed: $(cat "$work/log")"
try_binary "$work/a/bin/airx"
for file in share/man/man1/airx.1 share/man/man7/airx-exit-codes.7 \
  share/bash-completion/completions/airx share/zsh/site-functions/_airx \
  share/fish/vendor_completions.d/airx.fish; do
  [ -e "$work/a/$file" ] || fail "install.sh left out $file"
done

refused() {
  local what=$1 words=$2
  shift 2
  if run --prefix "$work/b" "$@" >"$work/log" 2>&1; then
    fail "install.sh accepted $what"
  fi
  grep -q "$words" "$work/log" || fail "$what: $(cat "$work/log")"
  [ ! -e "$work/b" ] || fail "$what: something was installed"
}
printf 'x' >>"$work/served/$name"
refused "a changed archive" "checksum"
rm "$work/served/$name"
refused "a missing archive" "cannot download"
: >"$work/served/SHA256SUMS"
refused "an archive without a sum" "SHA256SUMS"
printf 'passed: install.sh installs, and refuses a changed or missing archive\n'
