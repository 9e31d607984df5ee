"""The relay takes no transaction whose simulation it cannot prove equal to its mining."""

from typing import Any, Final

import pytest
from eth_account import Account

from searcher.errors import TransactionFlaw, UndecodableTransactionError
from sims.relay.simulated_types import decode_simulated

KEY: Final = "0x" + "33" * 32
ACCOUNT: Final = Account.from_key(KEY)
DYNAMIC: Final[dict[str, Any]] = {
    "type": 2,
    "chainId": 1,
    "nonce": 0,
    "to": ACCOUNT.address,
    "value": 0,
    "gas": 21_000,
    "maxFeePerGas": 10,
    "maxPriorityFeePerGas": 1,
}
AUTHORIZATION: Final = {"chainId": 1, "address": ACCOUNT.address, "nonce": 0}
BEYOND: Final[dict[str, dict[str, Any]]] = {
    "blob": {
        **DYNAMIC,
        "type": 3,
        "maxFeePerBlobGas": 1,
        "blobVersionedHashes": ["0x01" + "00" * 31],
    },
    "set-code": {
        **DYNAMIC,
        "type": 4,
        "authorizationList": [ACCOUNT.sign_authorization(AUTHORIZATION)],
    },
}


def test_dynamic_fee_transaction_is_taken() -> None:
    raw = bytes(Account.sign_transaction(DYNAMIC, KEY).raw_transaction)

    assert decode_simulated(raw).raw == raw


@pytest.mark.parametrize("name", BEYOND)
def test_type_that_is_not_simulated_faithfully_is_refused(name: str) -> None:
    raw = bytes(Account.sign_transaction(BEYOND[name], KEY).raw_transaction)

    with pytest.raises(UndecodableTransactionError) as refusal:
        decode_simulated(raw)

    assert refusal.value.flaw is TransactionFlaw.TYPE
