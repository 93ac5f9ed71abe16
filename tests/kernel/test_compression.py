"""What travels over the wire without a proxy:
compressed, kept for ever where the address has a hash."""

import gzip
import re

import pytest

from tests.look.test_weight import LIMIT

GZIP = {"Accept-Encoding": "gzip, deflate, br"}
CSS = "/static/app.css?v=whatever"


def test_a_first_page_with_all_its_files_stays_under_its_limit(client):
    page = client.get("/", headers=GZIP)
    html = gzip.decompress(page.data).decode()
    files = set(re.findall(r'(?:src|href)="(/static/[^"#]+)', html))
    assert len(files) > 5
    assert len(page.data) + sum(len(client.get(path, headers=GZIP).data) for path in files) <= LIMIT


@pytest.mark.parametrize("path", [CSS, "/static/vendor/icons.svg?v=whatever", "/sign-in"])
def test_the_same_arrives_with_and_without_compression(client, path):
    packed, plain = client.get(path, headers=GZIP), client.get(path)
    again = client.get(path, headers=GZIP)
    assert "Accept-Encoding" in packed.headers["Vary"]
    assert "Accept-Encoding" in plain.headers["Vary"]
    assert "Content-Encoding" not in plain.headers
    strip = re.compile(rb'nonce="[^"]+"|since=\d+|value="[^"]+"').sub
    assert {strip(b"", gzip.decompress(one.data)) for one in (packed, again)} == {
        strip(b"", plain.data)
    }
    assert len(packed.data) < len(plain.data) / 1.5


def test_a_file_with_a_hash_in_its_address_is_kept_for_ever_and_others_are_asked_for(client):
    assert "immutable" in client.get(CSS).headers["Cache-Control"]
    assert client.get("/static/app.css").headers["Cache-Control"] == "no-cache"
    assert "immutable" not in client.get("/static/none.css?v=1").headers.get("Cache-Control", "")


def test_a_kept_file_is_confirmed_by_its_tag_and_sent_in_parts(client):
    tag = client.get(CSS, headers=GZIP).headers["ETag"]
    assert client.get(CSS, headers=GZIP | {"If-None-Match": tag}).status_code == 304
    part = client.get(CSS, headers=GZIP | {"Range": "bytes=0-9"})
    assert (part.status_code, len(part.data)) == (206, 10)
    assert "Content-Encoding" not in part.headers


def test_a_compressed_page_has_no_length_to_measure_secrets_by(client):
    assert len({len(client.get("/sign-in", headers=GZIP).data) for _ in range(40)}) > 5


def test_what_is_compressed_already_or_tiny_is_left_alone(client):
    for path in ("/static/vendor/inter-latin.woff2", "/static/logo.svg", "/health"):
        assert "Content-Encoding" not in client.get(path, headers=GZIP).headers
