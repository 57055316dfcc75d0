#!/usr/bin/env bash
# Runs every fuzz target of the module, one after the other, for the given time each: scripts/fuzz.sh 20s
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."
time_each=${1:-20s}
flags=(-buildvcs=false -tags ci,nodynamic)
count=0
while IFS=: read -r file target; do
  printf '%s in %s\n' "$target" "$(dirname "$file")"
  go test "${flags[@]}" -run '^$' -fuzz "^$target\$" -fuzztime "$time_each" "./$(dirname "$file")"
  count=$((count + 1))
done < <(grep -rhoHE --include='*_test.go' '^func Fuzz[A-Za-z0-9_]+' . | sed 's|^\./||; s|:func |:|' | sort)
printf '%d fuzz targets\n' "$count"
[ "$count" -gt 0 ]
