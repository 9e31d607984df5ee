"""Sends a bundle with the `flashbots` package. Run by its own interpreter, where web3 is older.

Arguments: node URL, relay URL, private key. Prints one JSON object. Nothing of this project is
imported: the package is the independent oracle of the protocol.
"""

import json
import sys

from eth_account import Account
from flashbots import flashbot
from web3 import HTTPProvider, Web3

RECIPIENT = "0x3333333333333333333333333333333333333333"
GAS = 21_000
MAX_FEE_WEI = 10**11
TIP_WEI = 10**9


def main(node_url: str, relay_url: str, key: str) -> None:
    """Simulate and send two transfers for the next block; send others and cancel them."""
    trader = Account.from_key(key)
    w3 = Web3(HTTPProvider(node_url))
    flashbot(w3, Account.from_key("0x" + "22" * 32), relay_url)
    head = w3.eth.block_number
    nonce = w3.eth.get_transaction_count(trader.address)
    bundle = [
        {
            "signer": trader,
            "transaction": {
                "type": 2,
                "chainId": w3.eth.chain_id,
                "nonce": nonce + index,
                "to": RECIPIENT,
                "value": 1,
                "gas": GAS,
                "maxFeePerGas": MAX_FEE_WEI,
                "maxPriorityFeePerGas": TIP_WEI,
            },
        }
        for index in range(2)
    ]
    simulation = w3.flashbots.simulate(bundle, block_tag=head + 1, state_block_tag=head)
    uuid = "9c9e5f0e-7a63-4d0b-8d63-1d5f9f0f2a11"
    w3.flashbots.send_bundle(bundle[:1], head + 1, {"replacementUuid": uuid})
    cancelled = w3.flashbots.cancel_bundles(uuid)
    raw = trader.sign_transaction({**bundle[0]["transaction"], "nonce": nonce + 2}).rawTransaction
    w3.flashbots.send_private_transaction({"signed_transaction": raw}, head + 9)
    withdrawn = w3.flashbots.cancel_private_transaction(Web3.keccak(raw).hex())
    raw_hash = w3.flashbots.send_raw_bundle(w3.flashbots.sign_bundle(bundle), head + 1, {})
    sent = w3.flashbots.send_bundle(bundle, head + 1)
    print(
        json.dumps(
            {
                "bundle_hash": "0x" + bytes(sent.bundle_hash()).hex(),
                "tx_hashes": ["0x" + bytes(tx["hash"]).hex() for tx in sent.bundle],
                "simulated_hash": simulation["bundleHash"],
                "coinbase_diff": str(simulation["coinbaseDiff"]),
                "cancelled": cancelled,
                "raw_bundle_hash": raw_hash["bundleHash"],
                "withdrawn": withdrawn,
            }
        )
    )


if __name__ == "__main__":
    main(*sys.argv[1:])
