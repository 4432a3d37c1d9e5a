#!/usr/bin/env bash
# Prints the shell scripts among the project's files: those whose first line names a shell.
set -euo pipefail
cd "$(dirname "$0")/.."
git ls-files | while IFS= read -r file; do
  if [ -f "$file" ] && head -n 1 "$file" | grep -aEq '^#!.*[/ ](ba)?sh$'; then
    printf '%s\n' "$file"
  fi
done
