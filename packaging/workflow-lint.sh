#!/usr/bin/env bash
# Lints the workflows and the action with zizmor (from PyPI) and, where it is
# installed, actionlint.
set -euo pipefail
cd "$(dirname "$0")/.."
. packaging/common.sh

venv=$TARGET_DIR/workflow-lint
if [ ! -x "$venv/bin/zizmor" ]; then
  python3 -m venv "$venv"
  "$venv/bin/python" -m pip install --quiet --disable-pip-version-check zizmor==1.32.0
fi
"$venv/bin/zizmor" --offline --no-progress .github action.yml
if command -v actionlint >/dev/null; then
  actionlint
else
  printf 'skipped: actionlint is not installed\n'
fi
printf 'passed: workflows\n'
