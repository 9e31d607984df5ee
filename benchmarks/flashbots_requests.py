"""Signs and writes bundles with the `flashbots` package. Run by its own interpreter.

Arguments: JSON of a bundle, how often. The request is taken from the package where it would go to
the network, so nothing but its own work is timed. Prints the median seconds and the last body.
"""

import json
import statistics
import sys
import time

from eth_account import Account
from eth_keys.main import lazy_key_api
from flashbots import flashbot, provider
from web3 import HTTPProvider, Web3

BODIES: list[bytes] = []


def keep(_uri: str, body: bytes, **_options: object) -> bytes:
    """Take the request instead of the network."""
    BODIES.append(body)
    return b'{"jsonrpc":"2.0","id":1,"result":{"bundleHash":"0x"}}'


def main(text: str, runs: str) -> None:
    """Time `send_bundle` from unsigned transactions to the request with its header."""
    asked = json.loads(text)
    provider.make_post_request = keep
    w3 = Web3(HTTPProvider("http://127.0.0.1:1"))
    flashbot(w3, Account.from_key(asked["identity"]), "http://127.0.0.1:1")
    trader = Account.from_key(asked["trader"])
    taken = []
    for _ in range(int(runs)):
        bundle = [{"signer": trader, "transaction": dict(tx)} for tx in asked["txs"]]
        begun = time.perf_counter()
        w3.flashbots.send_bundle(bundle, asked["block"])
        taken.append(time.perf_counter() - begun)
    median = statistics.median(taken)
    curve = type(lazy_key_api.backend).__name__
    print(json.dumps({"seconds": median, "body": BODIES[-1].decode(), "curve": curve}))


if __name__ == "__main__":
    main(*sys.argv[1:])
