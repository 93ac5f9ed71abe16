#!/bin/sh
# anvil 1.7.1 (@foundry-rs/anvil-linux-amd64 from npm) drops a waiting transaction for good when it
# mines a block whose base fee is above the transaction's maxFeePerGas. It does not wait for a
# cheaper block, and no error or log tells of it.
#
# Behaviour that one would expect (and that geth's pool documents): the transaction is valid, stays
# in the pool, and is mined when the base fee falls to its cap.
#
# Seen, with automine off, a transfer of 3 gwei per gas, and one block at 50 gwei:
#   before the block: pool pending=0x1 queued=0x0, transaction known
#   after the block:  pool pending=0x0 queued=0x0, transaction unknown
#   after 5 blocks at 1 gwei: nonce of the sender 0x0
#
# Needs npm, python3 and the network. Ends with 0 while this is so, with 1 when it changed.
set -eu
folder=$(mktemp -d)
node=
trap 'test -z "$node" || kill "$node" 2>/dev/null; rm -rf "$folder"' EXIT
cd "$folder"
echo '{"private": true}' > package.json
npm install --no-save --no-package-lock --ignore-scripts --no-audit --no-fund --loglevel=error \
  @foundry-rs/anvil-linux-amd64@1.7.1
anvil=node_modules/@foundry-rs/anvil-linux-amd64/bin/anvil
"$anvil" --version | head -1
port=$(python3 -c 'import socket; s = socket.socket(); s.bind(("127.0.0.1", 0)); print(s.getsockname()[1])')
HOME=$folder "$anvil" --host 127.0.0.1 --port "$port" --silent &
node=$!
python3 - "$port" <<'PYTHON'
import json
import sys
import time
import urllib.request

GWEI = 10**9
URL = f"http://127.0.0.1:{sys.argv[1]}"


def rpc(method, *params):
    body = json.dumps({"jsonrpc": "2.0", "id": 1, "method": method, "params": params}).encode()
    request = urllib.request.Request(URL, body, {"Content-Type": "application/json"})
    answer = json.load(urllib.request.urlopen(request, timeout=5))
    assert "error" not in answer, answer
    return answer["result"]


for _ in range(200):
    try:
        rpc("eth_chainId")
        break
    except OSError:
        time.sleep(0.05)


def pool():
    found = rpc("txpool_status")
    return f"pool pending={found['pending']} queued={found['queued']}"


def known(tx):
    return "known" if rpc("eth_getTransactionByHash", tx) else "unknown"


sender, receiver = rpc("eth_accounts")[:2]
rpc("evm_setAutomine", False)
tx = rpc("eth_sendTransaction", {
    "from": sender, "to": receiver, "value": "0x1", "gas": hex(21_000),
    "maxFeePerGas": hex(3 * GWEI), "maxPriorityFeePerGas": hex(GWEI),
})
before = f"{pool()}, transaction {known(tx)}"
print("before the block:", before)
rpc("anvil_setNextBlockBaseFeePerGas", hex(50 * GWEI))
rpc("evm_mine")
after = f"{pool()}, transaction {known(tx)}"
print("after the block: ", after)
for _ in range(5):
    rpc("anvil_setNextBlockBaseFeePerGas", hex(GWEI))
    rpc("evm_mine")
nonce = rpc("eth_getTransactionCount", sender, "latest")
print("after 5 blocks at 1 gwei: nonce of the sender", nonce)
assert before == "pool pending=0x1 queued=0x0, transaction known", before
assert after == "pool pending=0x0 queued=0x0, transaction unknown", after
assert nonce == "0x0", nonce
PYTHON
