#!/bin/sh
# granian 2.8.7: two servers that are started on one host and port both start, and the kernel spreads
# requests over them, because the listener is opened with SO_REUSEPORT. There is no option against it.
# Seen: both processes stay alive, and 40 requests are answered by both. Expected by us: the second
# one ends with "Address already in use", as with gunicorn or uvicorn.
# This script fails when granian no longer does that.
set -eu
version=2.8.7
folder=$(mktemp -d)
trap 'kill $first $second 2>/dev/null || true; rm -rf "$folder"' EXIT
first= second=
cd "$folder"
python3 -m venv venv
venv/bin/pip install -q --disable-pip-version-check "granian==$version"
cat >who.py <<'PY'
import os

def app(environ, start_response):
    start_response("200 OK", [("Content-Type", "text/plain"), ("Connection", "close")])
    return [os.environ["WHO"].encode()]
PY
port=$(venv/bin/python -c 'import socket; s = socket.socket(); s.bind(("127.0.0.1", 0)); print(s.getsockname()[1])')
serve() { WHO=$1 exec venv/bin/granian --interface wsgi --host 127.0.0.1 --port "$port" --no-log who:app; }
serve first & first=$!
serve second & second=$!
venv/bin/python - "$port" <<'PY'
import sys, time, urllib.request

seen, end = set(), time.monotonic() + 60
while seen != {"first", "second"} and time.monotonic() < end:
    try:
        with urllib.request.urlopen(f"http://127.0.0.1:{sys.argv[1]}/", timeout=5) as answer:
            seen.add(answer.read().decode())
    except OSError:
        time.sleep(0.1)
print("answered by", sorted(seen))
sys.exit(0 if seen == {"first", "second"} else "only one server answers: the behaviour has changed")
PY
kill -0 $first && kill -0 $second && echo "both servers listen on port $port"
