#!/bin/sh
# Asks a public database whether a locked package has a known weakness: tools/audit.sh [options of pip-audit]
# Ends with 0: none; 1: some; 2: the database did not answer, so nothing is known.
# Not part of `make check`: the answer changes without a commit, and it needs the network.
set -eu
cd "$(dirname "$0")/.."
tools=var/tools/audit # a venv of its own: what pip-audit needs is not what the platform needs
answer=$(mktemp)
trap 'rm -f "$answer"' EXIT

unknown() {
  cat "$answer" >&2
  echo "$1 Nothing was checked." >&2
  echo "Check the network, or ask another database: make audit ARGS=\"--vulnerability-service osv\"." >&2
  exit 2
}

if ! cmp -s tools/requirements-audit.txt "$tools/installed"; then
  rm -rf "$tools"
  .venv/bin/python -m venv "$tools"
  "$tools/bin/python" -m pip install -qq --disable-pip-version-check -r tools/requirements-audit.txt \
    >"$answer" 2>&1 || unknown "pip-audit could not be installed."
  cp tools/requirements-audit.txt "$tools/installed"
fi

weak=0
for list in requirements.txt requirements-dev.txt; do
  # The lists are complete and have hashes, so nothing has to be resolved or installed. Without
  # --strict a package that the database could not be asked about counts as free of weaknesses.
  if ! "$tools/bin/pip-audit" --requirement "$list" --require-hashes --disable-pip --strict \
    --progress-spinner off --timeout 20 "$@" >"$answer" 2>&1; then
    # Weak packages come as a table; without one it is the database that failed.
    grep -q '^Name  *Version' "$answer" || unknown "The database of known weaknesses did not answer."
    weak=1
  fi
  echo "$list:"
  cat "$answer"
done
exit $weak
