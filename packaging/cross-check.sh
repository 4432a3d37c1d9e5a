#!/usr/bin/env bash
# Checks that airx compiles for Windows and macOS. The code is checked, not run. ring's
# build script compiles C for the target: zig's C compiler (Python package ziglang)
# does that for macOS, mingw-w64 or zig for Windows.
set -euo pipefail
cd "$(dirname "$0")/.."
. packaging/common.sh

venv=$TARGET_DIR/zig
if [ ! -x "$venv/bin/python" ]; then
  python3 -m venv "$venv"
  "$venv/bin/python" -m pip install --quiet --disable-pip-version-check ziglang==0.17.1
fi
tools=$(mktemp -d)
trap 'rm -rf "$tools"' EXIT
wrap() {
  cat >"$tools/$1" <<END
#!/usr/bin/env bash
# cc passes clang's own name of the target, which zig does not know.
arguments=()
for argument in "\$@"; do
  case \$argument in --target=*) ;; *) arguments+=("\$argument") ;; esac
done
exec "$(realpath "$venv/bin/python")" -m ziglang $2 "\${arguments[@]}"
END
  chmod +x "$tools/$1"
}
wrap zig-cc-windows "cc -target x86_64-windows-gnu"
wrap zig-cc-macos "cc -target aarch64-macos"
wrap zig-ar ar
export PYTHONPATH
PYTHONPATH=$("$venv/bin/python" -c 'import sysconfig; print(sysconfig.get_paths()["purelib"])')

check() {
  local target=$1 compiler=$2 name=${1//-/_}
  rustup target add "$target" >/dev/null 2>&1 || fail "rustup cannot add $target"
  env "CC_$name=$tools/$compiler" "AR_$name=$tools/zig-ar" \
    cargo check --locked --quiet --target "$target"
  printf 'passed: %s compiles\n' "$target"
}
check x86_64-pc-windows-gnu zig-cc-windows
check aarch64-apple-darwin zig-cc-macos
