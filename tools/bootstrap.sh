#!/bin/sh
# Makes .venv with the project's packages: tools/bootstrap.sh requirements[-local|-dev].txt
# Quick when nothing changed: a stamp holds the hash of what was installed.
set -eu
cd "$(dirname "$0")/.."
list=$1
venv=.venv

say() { echo "$*" >&2; }

find_python() {
  for name in "${CROWDFUND_PYTHON:-}" python3.11 python3 python; do
    [ -n "$name" ] || continue
    # A name may be there and still not run (version managers leave such shims).
    if "$name" -c 'import sys; sys.exit(sys.version_info[:2] != (3, 11))' >/dev/null 2>&1; then
      echo "$name"
      return 0
    fi
  done
  return 1
}

make_venv() {
  if ! python=$(find_python); then
    say "Python 3.11 was not found. Install it (on Debian: apt-get install python3.11 python3.11-venv),"
    say "or set CROWDFUND_PYTHON to its path, and run this again."
    exit 1
  fi
  if ! "$python" -c 'import venv, ensurepip' >/dev/null 2>&1; then
    say "$python cannot make a virtual environment: its modules venv and ensurepip are missing."
    say "On Debian and Ubuntu: apt-get install python3.11-venv. Then run this again."
    exit 1
  fi
  say "Making $venv with $("$python" --version) ..."
  rm -rf "$venv"
  "$python" -m venv "$venv"
}

[ -x "$venv/bin/python" ] && "$venv/bin/python" -c '' >/dev/null 2>&1 || make_venv

stamp="$venv/.installed-$list"
wanted=$(cksum <"$list")
if [ "$(cat "$stamp" 2>/dev/null || true)" != "$wanted" ]; then
  say "Installing $list ..."
  if ! "$venv/bin/python" -m pip install -qq --disable-pip-version-check --require-hashes -r "$list"; then
    say "The packages of $list could not be installed (see above). Check the network and run this again."
    exit 1
  fi
  echo "$wanted" >"$stamp"
fi
