"""Content ids as a Kubo node computes them.

The long vectors come from `ipfs-unixfs-importer` 17.1.1, the JavaScript reference importer, with
the options of `ipfs add --cid-version=1 --raw-leaves`: chunks of 262,144 bytes, at most 174 links,
one chunk alone as it is. "Hello IPFS" stands with its id in Kubo's own test fixtures
(test/sharness/t0124-gateway-ipns-record).
"""

import pytest

from crowdfund.adapters.cid import CHUNK, PATTERN, cid_of

PIECE = bytes((i * 7 + (i >> 8)) & 255 for i in range(65_536))


def pattern(size):
    return (PIECE * (size // len(PIECE) + 1))[:size]


@pytest.mark.parametrize(
    ("data", "cid"),
    [
        (b"Hello IPFS\n", "bafkreidfdrlkeq4m4xnxuyx6iae76fdm4wgl5d4xzsb77ixhyqwumhz244"),
        (b"hello world", "bafkreifzjut3te2nhyekklss27nh3k72ysco7y32koao5eei66wof36n5e"),
        (b"", "bafkreihdwdcefgh4dqkjv67uzcmw7ojee6xedzdetojuzjevtenxquvyku"),
    ],
)
def test_a_short_file_is_one_raw_block(data, cid):
    assert cid_of(data) == cid


@pytest.mark.parametrize(
    ("size", "cid"),
    [
        (11, "bafkreiemzsnsdw4rkkmqgrbtgcu5z7z4uqi4pmlblprnimkvujjqxcwa74"),
        (CHUNK, "bafkreibdffnmnzlbq264m4kqmxcslchnncczdb567t7xahpgbhdyigvtr4"),
        (CHUNK + 1, "bafybeielov4zxeb3kwwrtgpluv2mh72hsf7vjypbok654v7i2ox5ylnlje"),
        (2 * CHUNK, "bafybeiacbg55xkyao2nr4qcveqqulj5sjhz3fd4vesxugrpghdsefhtrfy"),
        (10 * 1024 * 1024, "bafybeign7ayl73z6fj5uw66hmblfnqg54xukucm2zsrs4d6lgej3h6tvte"),
        (174 * CHUNK, "bafybeibhdmfsjcrpm35ps7u2gne73oftfex62xvtxg3ntryfmuu3fjhnpa"),
        (174 * CHUNK + 1, "bafybeigyxjz3g6zjgfexlgl6wnuvknwi57az7lafdcrm5vn6hksyzackyi"),
        (176 * CHUNK + 5, "bafybeia5xrauvg6iuhdqjvujgasfcrnnkwzbn7jqwouoca4bwe2syhr6ia"),
    ],
)
def test_a_longer_file_is_a_balanced_tree(size, cid):
    assert cid_of(pattern(size)) == cid
    assert PATTERN.fullmatch(cid)
