# shellcheck shell=bash
# shellcheck disable=SC2034
# Functions for the packaging scripts, which source this file.

# The folder for the packages.
TARGET_DIR=${CARGO_TARGET_DIR:-target}
DIST=${AIRX_DIST:-$TARGET_DIR/dist}

fail() {
  printf '%s: %s\n' "$(basename "$0")" "$*" >&2
  exit 1
}

version() {
  sed -n 's/^version = "\(.*\)"/\1/p' Cargo.toml | head -n 1
}

host() {
  rustc -vV | sed -n 's/^host: //p'
}

# Builds the release binary for a target and prints its path.
built() {
  local target=$1
  if [ "$target" = "$(host)" ]; then
    cargo build --release --locked --quiet
    printf '%s/release/airx\n' "$TARGET_DIR"
  else
    cargo build --release --locked --quiet --target "$target"
    printf '%s/%s/release/airx\n' "$TARGET_DIR" "$target"
  fi
}

# Runs a program without the caller's environment, in a new home.
clean() {
  env -i PATH="$PATH" HOME="$CLEAN_HOME" "$@"
}

# Fails unless the program prints the version of this airx and gets an answer from its
# own mock server.
try_binary() {
  local binary=$1 said
  CLEAN_HOME=$(mktemp -d)
  said=$(clean "$binary" --version)
  [ "$said" = "airx $(version)" ] || fail "$binary --version printed: $said"
  said=$(clean "$binary" mock -- "$binary" json -n --fields 'city' 'Name a city')
  case $said in
    '{"city":'*) ;;
    *) fail "$binary got no answer from its mock: $said" ;;
  esac
  rm -rf "$CLEAN_HOME"
}
