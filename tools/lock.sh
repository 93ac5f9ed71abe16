#!/bin/sh
# Writes requirements*.txt from requirements*.in: every package, its exact version and its hashes.
# Versions that are locked stay as they are: tools/lock.sh [--upgrade | --upgrade-package NAME]
set -eu
cd "$(dirname "$0")/.."
export UV_CUSTOM_COMPILE_COMMAND="make lock"

compile() {
  name=$1
  shift
  .venv/bin/uv pip compile "requirements$name.in" --output-file "requirements$name.txt" --quiet \
    --universal --python-version 3.11 --generate-hashes --no-annotate "$@"
}

# The largest list comes first; the smaller ones take their versions from it.
compile -dev "$@"
compile -local --constraints requirements-dev.txt "$@"
compile "" --constraints requirements-dev.txt "$@"
