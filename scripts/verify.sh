#!/usr/bin/env bash
# All static checks, each with its time. Goes on after a failure, so that one run shows them all.
set -uo pipefail
cd "$(dirname "$0")/.."
failed=()

check() {
  local name=$1 started=$SECONDS
  shift
  local output
  if output=$("$@" 2>&1); then
    printf 'verify: %-12s ok      %3d s\n' "$name" $((SECONDS - started))
  else
    printf '%s\nverify: %-12s FAILED  %3d s\n' "$output" "$name" $((SECONDS - started))
    failed+=("$name")
  fi
}

node="node_modules/.bin/node --conditions=@espalier/source"
check format node_modules/.bin/biome format .
check lint node_modules/.bin/biome lint --error-on-warnings .
check types node_modules/.bin/tsc -b
check promises node_modules/.bin/oxlint --type-aware
check layering $node --test --test-reporter=dot test/architecture.test.ts
check dead-code node_modules/.bin/knip
check generated $node scripts/generate.ts --check

if [ ${#failed[@]} -gt 0 ]; then
  printf 'verify: failed: %s\n' "${failed[*]}" >&2
  exit 1
fi
