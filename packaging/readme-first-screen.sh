#!/usr/bin/env bash
# Runs the commands of the README's first code block, as a newcomer would.
set -euo pipefail
cd "$(dirname "$0")/.."
mapfile -t commands < <(awk '/^```/ { if (inside) exit; inside = 1; next } inside && !/^#/' README.md)
if [ "${#commands[@]}" -ne 2 ]; then
  printf 'the README begins with %s commands in place of 2\n' "${#commands[@]}" >&2
  exit 1
fi
for command in "${commands[@]}"; do
  printf '$ %s\n' "$command"
  bash -c "$command"
done
