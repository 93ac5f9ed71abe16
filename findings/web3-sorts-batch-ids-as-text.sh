#!/bin/sh
# web3.py 8.0.0 takes an answer whose id is text that spells a number (its own check says: "an integer or a string
# representation of an integer"), but sorts the answers of a batch by that id as it stands and then pairs
# them with the requests by position. As text "10" comes before "2" and "9", so when the ids of a batch cross 10, 100
# and so on, results go to the wrong requests, silently. An answer left out moves all later ones up by one.
#
# Seen, a node that gives as balance the number of the address, 12 balances asked for in one batch (ids 0 to 11):
#   ids as numbers:              1 2 3 4 5 6 7 8 9 10 11 12
#   ids as text, same order:     1 2 11 12 3 4 5 6 7 8 9 10
#   numbers, third one missing:  1 2 4 5 6 7 8 9 10 11 12 (eleven results, no error)
# Expected: JSON-RPC 2.0 section 6: answers come in any order and are matched to requests by id, one for each. A
# node or proxy that turns ids into text is not strict itself (section 5), but a client that takes them for
# one request should read them as numbers in a batch too, or refuse both; and a missing one is an error.
# Balances of holders would be swapped in a cap table or a dividend.
#
# Ends with 0 while this is so, with 1 when it changed.
set -eu
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
python3 -m venv venv
venv/bin/pip install -q --disable-pip-version-check web3==8.0.0
cat >batch.py <<'PY'
import json
import threading
import warnings
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

from web3 import Web3

warnings.simplefilter("error", RuntimeWarning)  # web3 warns of missing ids: there are none here
mode = "numbers"


class Node(BaseHTTPRequestHandler):
    def log_message(self, *_):
        pass

    def do_POST(self):
        asked = json.loads(self.rfile.read(int(self.headers["Content-Length"])))

        def answer(request):
            number = request["id"]
            found = hex(int(request["params"][0], 16))
            return {"jsonrpc": "2.0", "id": str(number) if mode == "text" else number, "result": found}

        given = [answer(request) for request in asked] if isinstance(asked, list) else answer(asked)
        if mode == "missing" and isinstance(given, list):
            del given[2]
        body = json.dumps(given).encode()
        self.send_response(200)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)


server = ThreadingHTTPServer(("127.0.0.1", 0), Node)
threading.Thread(target=server.serve_forever, daemon=True).start()
addresses = [Web3.to_checksum_address(f"0x{number:040x}") for number in range(1, 13)]
seen = {}
for mode in ("numbers", "text", "missing"):
    web3 = Web3(Web3.HTTPProvider(f"http://127.0.0.1:{server.server_port}"))
    with web3.batch_requests() as batch:
        for address in addresses:
            batch.add(web3.eth.get_balance(address))
        seen[mode] = batch.execute()
    alone = web3.eth.get_balance(addresses[6])
    print(f"{mode}: one request {alone}, batch {seen[mode]}")
    assert alone == 7, alone
server.shutdown()
assert seen == {
    "numbers": list(range(1, 13)),
    "text": [1, 2, 11, 12, 3, 4, 5, 6, 7, 8, 9, 10],
    "missing": [1, 2, 4, 5, 6, 7, 8, 9, 10, 11, 12],
}, seen
PY
venv/bin/python batch.py
