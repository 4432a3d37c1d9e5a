#!/usr/bin/env bash
# Gathers the packages of all targets into one folder with one SHA256SUMS, and writes
# the newest section of CHANGELOG.md to release-notes.md.
#
# usage: packaging/collect.sh FROM TO
set -euo pipefail
from=$1 to=$2
mkdir -p "$to"
find "$from" -type f ! -name SHA256SUMS -exec cp {} "$to/" \;
(cd "$to" && sha256sum -- * >../SHA256SUMS.all && mv ../SHA256SUMS.all SHA256SUMS)
cd "$(dirname "$0")/.."
awk '/^## / { if (found) exit; found = 1; next } found' CHANGELOG.md >release-notes.md
