"""What the chain says of our account and our contract."""

from decimal import Decimal
from typing import Final

from graphs.units import WEI_PER_ETHER, Address
from searcher.adapters.decoding import Header, address, quantity
from searcher.adapters.rpc import Rpc
from searcher.chain_wiring import OWNER_CALL
from searcher.doctor.finding import Finding, failure, ok, warning
from searcher.errors import RpcError, WireError

PLAN_GAS: Final = 1_000_000
"""As much as a long plan takes."""

BASE_FEE_MARGIN: Final = 2
"""How many times the head's base fee a transaction may promise to pay."""


async def executor_finding(rpc: Rpc, executor: str | None, *, owner: Address | None) -> Finding:
    """Whether the executor is there, and belongs to the trading key; None where none is set."""
    title = "executor"
    if executor is None:
        remedy = "run `searcher deploy` for this network, or set executor"
        return failure(title, "none is configured, and none was deployed", remedy)
    try:
        if await rpc.call("eth_getCode", executor, "latest") == "0x":
            remedy = "run `searcher deploy`, or correct executor"
            return failure(title, f"there is no contract at {executor}", remedy)
        word = await rpc.call("eth_call", {"to": executor, "data": OWNER_CALL}, "latest")
        actual = address("0x" + str(word)[-40:], "owner()")
    except (RpcError, WireError) as error:
        remedy = "correct executor: what is there is none of ours"
        return failure(title, f"{executor} did not say who owns it: {error.reason}", remedy)
    if owner is None:
        return warning(title, f"{executor} belongs to {actual}", "set the trading key to compare")
    if actual != owner:
        words = f"{executor} belongs to {actual}, the trading key to {owner}"
        return failure(title, words, "use the owner's key, or deploy an executor of your own")
    return ok(title, f"{executor} is ours")


async def balance_finding(rpc: Rpc, account: Address, head: Header) -> Finding:
    """Whether the account can pay for a transaction."""
    title = "account"
    try:
        wei = quantity(await rpc.call("eth_getBalance", account, "latest"), "balance")
    except (RpcError, WireError) as error:
        return failure(title, error.reason, "use a node that answers eth_getBalance")
    needed_wei = BASE_FEE_MARGIN * head.base_fee_wei * PLAN_GAS
    words = f"{account} holds {_ether(wei)} ether"
    if wei < needed_wei:
        remedy = f"send it gas money: {_ether(needed_wei)} ether pay for one long transaction now"
        return warning(title, words, remedy)
    return ok(title, words)


def _ether(wei: int) -> str:
    return f"{Decimal(wei) / WEI_PER_ETHER:.6f}"
