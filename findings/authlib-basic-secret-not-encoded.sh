#!/bin/sh
# Authlib 1.9.8 puts client_id and client_secret unencoded into HTTP Basic (client_secret_basic, its default). RFC 6749
# 2.3.1 wants both form-urlencoded first (appendix B), and Authlib's own server side undoes such an
# encoding, percent signs at least ("+" for a space is left). So with a secret that holds + or % a token
# request fails against a certified provider (oidc-provider 9.13.3 from npm), and Authlib disagrees with itself.
#
# Seen:                   Authlib to oidc-provider      Authlib's server reads from Authlib's client
#   abcDEF123             token                         abcDEF123
#   abc+DEF/12==          invalid_client                abc+DEF/12==
#   abc%41def             invalid_client                abcAdef
#   With both values passed through quote_plus() before they are given to OAuth2Session: three tokens.
#   A space, encoded as the RFC says ("two+words"), is read by Authlib's server as "two+words".
# Expected by us: the client encodes as the RFC says. Base64 secrets have + in nearly every second case, so
# single sign-on works at one customer and answers only "invalid_client" at the next one.
#
# Needs node, npm, python3 and the network. Ends with 0 while this is so, with 1 when it changed.
set -eu
folder=$(mktemp -d)
node=
trap 'test -z "$node" || kill "$node" 2>/dev/null || true; rm -rf "$folder"' EXIT
cd "$folder"
python3 -m venv venv
venv/bin/pip install -q --disable-pip-version-check Authlib==1.9.8 requests==2.34.2
echo '{"private": true}' >package.json
npm install --no-save --no-package-lock --ignore-scripts --no-audit --no-fund --loglevel=error oidc-provider@9.13.3
cat >clients.json <<'JSON'
[["plain", "abcDEF123"], ["base64", "abc+DEF/12=="], ["percent", "abc%41def"]]
JSON
cat >provider.mjs <<'JS'
import { readFileSync } from "node:fs";
import Provider from "oidc-provider";

const port = Number(process.argv[2]);
const clients = JSON.parse(readFileSync("clients.json", "utf8")).map(([client_id, client_secret]) => ({
  client_id,
  client_secret,
  grant_types: ["client_credentials"],
  response_types: [],
  redirect_uris: [],
  token_endpoint_auth_method: "client_secret_basic",
}));
const provider = new Provider(`http://127.0.0.1:${port}`, {
  clients,
  features: { clientCredentials: { enabled: true }, devInteractions: { enabled: false } },
});
provider.listen(port, "127.0.0.1");
JS
port=$(python3 -c 'import socket; s = socket.socket(); s.bind(("127.0.0.1", 0)); print(s.getsockname()[1])')
node provider.mjs "$port" >provider.log 2>&1 &
node=$!
cat >ask.py <<'PY'
import base64
import json
import sys
import time
from types import SimpleNamespace
from urllib.parse import quote_plus

import requests
from authlib.integrations.base_client import OAuthError
from authlib.integrations.requests_client import OAuth2Session
from authlib.oauth2.auth import encode_client_secret_basic
from authlib.oauth2.rfc6749.util import extract_basic_authorization

ISSUER = f"http://127.0.0.1:{sys.argv[1]}"
for _ in range(300):
    try:
        token_url = requests.get(f"{ISSUER}/.well-known/openid-configuration", timeout=5).json()["token_endpoint"]
        break
    except requests.ConnectionError:
        time.sleep(0.1)
else:
    sys.exit("the provider does not answer")


def token(client_id, secret):
    try:
        answer = OAuth2Session(client_id, secret).fetch_token(token_url, grant_type="client_credentials")
        return "token" if answer["access_token"] else "none"
    except OAuthError as error:
        return error.error


def own_server(client_id, secret):
    headers = {}
    encode_client_secret_basic(SimpleNamespace(client_id=client_id, client_secret=secret), "POST", "", headers, "")
    return extract_basic_authorization(headers)[1]


seen = {}
for client_id, secret in json.load(open("clients.json")):
    encoded = token(quote_plus(client_id), quote_plus(secret))
    seen[secret] = (token(client_id, secret), encoded, own_server(client_id, secret))
    print(f"{secret}: as it is {seen[secret][0]}, encoded by hand {encoded}, Authlib's server {seen[secret][2]}")
assert seen == {
    "abcDEF123": ("token", "token", "abcDEF123"),
    "abc+DEF/12==": ("invalid_client", "token", "abc+DEF/12=="),
    "abc%41def": ("invalid_client", "token", "abcAdef"),
}, seen

basic = base64.b64encode(f"plain:{quote_plus('two words')}".encode()).decode()
space = extract_basic_authorization({"Authorization": f"Basic {basic}"})[1]
print("a space, encoded:", space)
assert space == "two+words", space
PY
venv/bin/python ask.py "$port"
