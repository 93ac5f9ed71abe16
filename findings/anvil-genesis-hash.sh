#!/bin/sh
# anvil 1.7.1: block 0 does not depend on the genesis that --init gives. Its extraData, gas limit and accounts
# are not in the header, so chains with different accounts have the same block 0 hash when they begin
# in the same second. Seen: one hash and one state root for three different genesis states, extraData "0x".
# Expected by us: as with geth, state root and extraData of genesis.json are part of the header, and
# the hash tells two chains apart.
# This script fails when anvil no longer does that.
set -eu
version=1.7.1
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
echo '{"private": true}' >package.json
npm install --silent --no-save --no-audit --no-fund "@foundry-rs/anvil-linux-amd64@$version"
cat >ask.py <<'PY'
import json, socket, subprocess, sys, time, urllib.request

ANVIL = "node_modules/@foundry-rs/anvil-linux-amd64/bin/anvil"
GENESIS = {
    "config": {"chainId": 31337}, "nonce": "0x0", "timestamp": "0x6553f100", "extraData": "0x" + "ab" * 32,
    "gasLimit": "0x1c9c380", "difficulty": "0x0", "mixHash": "0x" + "00" * 32, "coinbase": "0x" + "00" * 20,
    "alloc": {"0x" + "11" * 20: {"balance": "0x5"}},
}
json.dump(GENESIS, open("genesis.json", "w"))

def block_0(*flags):
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    node = subprocess.Popen([ANVIL, "--port", str(port), "--silent", "--timestamp", "1700000000", *flags])
    body = {"jsonrpc": "2.0", "id": 1, "method": "eth_getBlockByNumber", "params": ["0x0", False]}
    try:
        for _ in range(200):
            try:
                head = {"Content-Type": "application/json"}
                ask = urllib.request.Request(f"http://127.0.0.1:{port}", json.dumps(body).encode(), head)
                return json.load(urllib.request.urlopen(ask, timeout=5))["result"]
            except OSError:
                time.sleep(0.1)
        sys.exit("anvil does not answer")
    finally:
        node.terminate()
        node.wait()

found = [block_0(), block_0("--init", "genesis.json"), block_0("--balance", "7", "--accounts", "3")]
for block in found:
    print(block["hash"], block["stateRoot"], block["extraData"])
same = len({(block["hash"], block["stateRoot"], block["extraData"]) for block in found}) == 1
sys.exit(0 if same else "the blocks differ: the behaviour has changed")
PY
python3 ask.py
