#!/bin/sh
# Installs airx from an archive of a release: the binary, man pages and completions.
#
#   sh install.sh --from URL [--prefix DIR] [--version VERSION] [--target TARGET]
#
# URL is the folder that holds airx-VERSION-TARGET.tar.gz and SHA256SUMS. The archive is
# installed only if its SHA-256 sum is the one that SHA256SUMS lists.
set -eu

# The address of the releases. Set it here once the project has a public one.
RELEASES=${AIRX_RELEASES:-}

usage() {
  cat <<'END'
usage: sh install.sh --from URL [--prefix DIR] [--version VERSION] [--target TARGET]

  --from URL         folder with the archives and SHA256SUMS (default: $AIRX_RELEASES)
  --prefix DIR       where to install (default: ~/.local)
  --version VERSION  version to install (default: the newest in SHA256SUMS)
  --target TARGET    platform, such as x86_64-unknown-linux-musl (default: this machine's)
END
}

fail() {
  printf 'install.sh: %s\n' "$*" >&2
  exit 1
}

prefix=${HOME:-}/.local
version=
target=
while [ $# -gt 0 ]; do
  case $1 in
    --from | --prefix | --version | --target)
      [ $# -ge 2 ] || fail "$1 needs a value"
      case $1 in
        --from) RELEASES=$2 ;;
        --prefix) prefix=$2 ;;
        --version) version=$2 ;;
        --target) target=$2 ;;
      esac
      shift 2
      ;;
    -h | --help)
      usage
      exit 0
      ;;
    *)
      usage >&2
      fail "unknown argument: $1"
      ;;
  esac
done
[ -n "$RELEASES" ] || fail "where from? Give --from URL or set AIRX_RELEASES"
RELEASES=${RELEASES%/}

platform() {
  case $(uname -s)/$(uname -m) in
    Linux/x86_64) echo x86_64-unknown-linux-musl ;;
    Linux/aarch64 | Linux/arm64) echo aarch64-unknown-linux-musl ;;
    Darwin/x86_64) echo x86_64-apple-darwin ;;
    Darwin/arm64) echo aarch64-apple-darwin ;;
    *) fail "no archive for $(uname -s) on $(uname -m); name one with --target" ;;
  esac
}

download() {
  if command -v curl >/dev/null 2>&1; then
    curl -fsSL -o "$2" "$1"
  elif command -v wget >/dev/null 2>&1; then
    wget -q -O "$2" "$1"
  else
    fail "curl or wget is needed"
  fi || fail "cannot download $1"
}

sum_of() {
  if command -v sha256sum >/dev/null 2>&1; then
    sha256sum "$1" | cut -d' ' -f1
  elif command -v shasum >/dev/null 2>&1; then
    shasum -a 256 "$1" | cut -d' ' -f1
  else
    fail "sha256sum or shasum is needed"
  fi
}

[ -n "$target" ] || target=$(platform)
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
trap 'exit 130' INT TERM

download "$RELEASES/SHA256SUMS" "$work/SHA256SUMS"
if [ -z "$version" ]; then
  version=$(sed -n "s/^[0-9a-f]*  airx-\([0-9][^ ]*\)-$target\.tar\.gz\$/\1/p" "$work/SHA256SUMS" |
    sort -t. -k1,1n -k2,2n -k3,3n | tail -n 1)
  [ -n "$version" ] || fail "SHA256SUMS lists no archive for $target"
fi
name=airx-$version-$target
expected=$(sed -n "s/^\([0-9a-f]*\)  $name\.tar\.gz\$/\1/p" "$work/SHA256SUMS")
[ -n "$expected" ] || fail "SHA256SUMS does not list $name.tar.gz"
download "$RELEASES/$name.tar.gz" "$work/$name.tar.gz"
actual=$(sum_of "$work/$name.tar.gz")
[ "$actual" = "$expected" ] || fail "checksum of $name.tar.gz is $actual, not $expected; nothing was installed"

tar -xzf "$work/$name.tar.gz" -C "$work"
from=$work/$name
put() {
  mkdir -p "$prefix/$2"
  cp "$from/$1" "$prefix/$2/${3:-$(basename "$1")}"
}
for page in "$from"/man/*; do
  page=$(basename "$page")
  put "man/$page" "share/man/man${page##*.}"
done
put completions/airx.bash share/bash-completion/completions airx
put completions/_airx share/zsh/site-functions
put completions/airx.fish share/fish/vendor_completions.d
mkdir -p "$prefix/bin"
cp "$from/airx" "$prefix/bin/airx.new"
chmod 755 "$prefix/bin/airx.new"
mv "$prefix/bin/airx.new" "$prefix/bin/airx"

printf 'installed %s in %s\n' "$("$prefix/bin/airx" --version)" "$prefix/bin"
case :$PATH: in
  *":$prefix/bin:"*) ;;
  *) printf 'add %s/bin to your PATH\n' "$prefix" ;;
esac
