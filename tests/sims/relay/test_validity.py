"""Intrinsic gas against the node: what a call to an empty account costs."""

import pytest
from eth_account import Account
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from searcher.transactions import decode_transaction
from sims.devnet.accounts import public_account
from sims.relay.validity import floor_gas, intrinsic_gas
from tests.sims.relay.conftest import LocalChain
from tests.sims.relay.requests import GWEI

ACCESSED = "0x5555555555555555555555555555555555555555"


@pytest.mark.anvil
@settings(max_examples=20, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(data=st.binary(max_size=200), keys=st.integers(min_value=0, max_value=3))
@example(data=bytes(200), keys=0)
@example(data=b"\x01" * 200, keys=3)
async def test_call_of_an_empty_account_costs_the_larger_of_intrinsic_and_floor_gas(
    chain: LocalChain, *, data: bytes, keys: int
) -> None:
    fields = {"type": 2, "chainId": 31_337, "nonce": 0, "to": ACCESSED, "value": 0}
    fees = {"gas": 100_000, "maxFeePerGas": 10 * GWEI, "maxPriorityFeePerGas": 1, "data": data}
    storage = ["0x" + bytes([index]).rjust(32, b"\0").hex() for index in range(keys)]
    listed = {"accessList": [{"address": ACCESSED, "storageKeys": storage}]}
    key = public_account(1).key

    raw = bytes(Account.sign_transaction({**fields, **fees, **listed}, key).raw_transaction)

    tx = decode_transaction(raw)
    (entry,) = (await chain.call_bundle(raw))["result"]["results"]
    assert entry["gasUsed"] == max(intrinsic_gas(tx), floor_gas(tx))
