#!/usr/bin/env bash
# Builds the OCI image from the static binary and runs airx in it. Needs buildah
# (podman and docker take the same Containerfile). The certificates are this system's.
set -euo pipefail
cd "$(dirname "$0")/.."
. packaging/common.sh

command -v buildah >/dev/null || fail "buildah is missing"
binary=$(built x86_64-unknown-linux-musl)
work=$(mktemp -d)
container=
cleanup() {
  [ -z "$container" ] || buildah "${store[@]}" rm "$container" >/dev/null 2>&1 || true
  rm -rf "$work"
}
store=(--storage-driver vfs --root "$work/store" --runroot "$work/run")
trap cleanup EXIT
mkdir "$work/context"
cp "$binary" /etc/ssl/certs/ca-certificates.crt LICENSE-MIT LICENSE-APACHE "$work/context/"

buildah "${store[@]}" bud --quiet --isolation chroot -f packaging/Containerfile -t airx "$work/context" >/dev/null
container=$(buildah "${store[@]}" from localhost/airx)
inside() { buildah "${store[@]}" run --isolation chroot "$container" -- "$@"; }
said=$(inside /usr/bin/airx --version)
[ "$said" = "airx $(version)" ] || fail "the image's airx --version printed: $said"
# Without a key airx refuses a request to a provider before it sends anything.
code=0
inside /usr/bin/airx chat -n hi 2>/dev/null || code=$?
[ "$code" -eq 3 ] || fail "the image's airx without a key ended with $code"
printf 'passed: the image runs airx\n'
