"""The account from which the builder pays refunds: transfers of its own at the end of its bundles.

Warning: the key follows from a public text. It is worth nothing but on a local chain, where the
purse is filled out of nothing.
"""

from collections.abc import Sequence
from typing import Final

from eth_account import Account
from eth_account.signers.local import LocalAccount
from eth_utils.address import to_checksum_address
from eth_utils.crypto import keccak

from graphs.units import WEI_PER_ETHER, Address
from searcher.adapters.decoding import quantity
from searcher.adapters.rpc import Rpc
from searcher.transactions import Transaction, decode_transaction
from sims.relay.refunds import Payout

PURSE_WEI: Final = 1_000_000 * WEI_PER_ETHER
"""What the purse is filled with before every payment."""

PAYOUT_GAS: Final = 60_000
"""The limit of a transfer; a recipient may be a contract."""


class Purse:
    """Signs the builder's transfers."""

    def __init__(self, rpc: Rpc, *, chain_id: int) -> None:
        self._rpc = rpc
        self._chain_id = chain_id
        self._account: LocalAccount = Account.from_key(keccak(text="local block builder"))

    @property
    def address(self) -> Address:
        """Who pays."""
        return Address(self._account.address.lower())

    async def transactions(
        self, payouts: Sequence[Payout], *, base_fee_wei: int
    ) -> tuple[Transaction, ...]:
        """Return the transfers, without a tip, in order."""
        if not payouts:
            return ()
        await self._rpc.call("anvil_setBalance", self.address, hex(PURSE_WEI))
        nonce = quantity(
            await self._rpc.call("eth_getTransactionCount", self.address, "latest"), "nonce"
        )
        return tuple(
            self._transfer(payout, nonce=nonce + index, base_fee_wei=base_fee_wei)
            for index, payout in enumerate(payouts)
        )

    def _transfer(self, payout: Payout, *, nonce: int, base_fee_wei: int) -> Transaction:
        fields = {
            "type": 2,
            "chainId": self._chain_id,
            "nonce": nonce,
            "to": to_checksum_address(payout.recipient),
            "value": payout.value_wei,
            "gas": PAYOUT_GAS,
            "maxFeePerGas": base_fee_wei,
            "maxPriorityFeePerGas": 0,
        }
        signed = Account.sign_transaction(fields, self._account.key)
        return decode_transaction(bytes(signed.raw_transaction))
