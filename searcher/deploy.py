"""Deploys the executor, or says what that would cost: the composition root of `searcher deploy`.

The address follows from the code, so a second deployment finds the first. What stands there is
compared with what the node makes of the same code, before and after anything is sent.
"""

import asyncio
from collections.abc import Callable
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Final

from eth_utils.crypto import keccak

from graphs.units import WEI_PER_ETHER, Address
from searcher.adapters.clock import sleep
from searcher.adapters.decoding import HEADER_ONLY, decode_header, hex_bytes, member, quantity
from searcher.adapters.keys import TradingKey, assert_native_signing
from searcher.adapters.rpc import Rpc, open_rpc
from searcher.chain_wiring import check_chain
from searcher.create2 import (
    DEPLOYER_CODE,
    DETERMINISTIC_DEPLOYER,
    create2_address,
    create2_calldata,
)
from searcher.deployment_file import DeploymentNote, write_deployment
from searcher.errors import DeployError, RpcError
from searcher.executor_artifact import ExecutorArtifact
from searcher.ports import UnsignedTransaction
from searcher.settings.network import (
    NetworkSettings,
)
from searcher.wiring import Wiring, constructor_argument

INCLUSION_SECONDS: Final = 300.0
"""Within which the transaction must be in a block; it may still land later."""

RECEIPT_SECONDS: Final = 0.5
"""Between two questions for the receipt."""

GAS_MARGIN_PERCENT: Final = 110
"""Of the node's estimate, as the limit; what is left over is not charged."""

BASE_FEE_MARGIN: Final = 2
"""How many times the head's base fee is paid at most."""

PERCENT: Final = 100

Say = Callable[[str], None]
"""Told each line of the account."""


@dataclass(frozen=True, slots=True, kw_only=True, repr=False)
class DeployOptions:
    """What is deployed, where, and by whom."""

    network: NetworkSettings
    """The chosen network, resolved."""

    artifact: ExecutorArtifact
    """The compiled executor."""

    wiring: Wiring
    """What it is built with."""

    trading_key: bytes
    """Pays for the transaction."""

    note: Path
    """Where the address is noted."""

    sends: bool
    """False to change nothing anywhere."""


@dataclass(frozen=True, slots=True, kw_only=True)
class _Target:
    """Code and where it belongs."""

    address: Address
    init_code: bytes
    code: str
    """What its constructor leaves, hex with 0x."""


async def deploy_executor(options: DeployOptions, say: Say) -> None:
    """Deploy, verify and note the executor; a dry run only says what would be done.

    Raises:
        DeployError: there is no deterministic deployer, the account cannot pay, or the transaction
            left nothing or other code at the address.
        ConfigError: the node is on another chain, or the note cannot be written.
        RpcError, WireError: the node does not answer as it should.
    """
    assert_native_signing()
    key = TradingKey(options.trading_key, chain_id=options.network.chain_id)
    async with open_rpc(options.network.http_url.get_secret_value()) as rpc:
        await check_chain(rpc, options.network)
        target = await _target(rpc, options)
        for line in _account(target, options):
            say(line)
        if await _stands(rpc, target):
            say("already deployed, with this code")
        else:
            await _create(rpc, target, options, key=key, say=say)
    if options.sends:
        say(_note(target, options))


def _note(target: _Target, options: DeployOptions) -> str:
    """Leave the address for the bot to find, unless its network names another."""
    configured = options.network.executor
    if configured not in {None, target.address}:
        return f"not noted: the network names {configured} as its executor; change that"
    note = DeploymentNote(
        chain_id=options.network.chain_id, executor=target.address, code_hash=_hash(target.code)
    )
    write_deployment(options.note, note)
    return f"noted in {options.note}; `searcher run` finds it"


def _account(target: _Target, options: DeployOptions) -> list[str]:
    arguments = options.artifact.encoded_arguments(constructor_argument(options.wiring))
    return [
        f"address        {target.address}",
        f"code hash      {_hash(target.code)}",
        f"code           {len(target.code) // 2 - 1} bytes",
        f"compiler       {options.artifact.compiler_version}",
        "constructor arguments:",
        *(f"  {name:<22} {_shown(value)}" for name, value in asdict(options.wiring).items()),
        f"  encoded {arguments.hex()}",
    ]


def _shown(value: object) -> str:
    if isinstance(value, tuple):
        return ", ".join(f"{one['deployer']} {one['init_code_hash']}" for one in value) or "none"
    return str(value)


async def _target(rpc: Rpc, options: DeployOptions) -> _Target:
    if await rpc.call("eth_getCode", DETERMINISTIC_DEPLOYER, "latest") != DEPLOYER_CODE:
        raise DeployError(
            f"chain {options.network.chain_id} has no deterministic deployer at "
            f"{DETERMINISTIC_DEPLOYER}; deploy that first"
        )
    init_code = options.artifact.init_code(constructor_argument(options.wiring))
    try:
        code = await rpc.call("eth_call", {"data": "0x" + init_code.hex()}, "latest")
    except RpcError as error:
        raise DeployError(f"the constructor reverts: {error.reason}; check the network") from error
    return _Target(address=create2_address(init_code), init_code=init_code, code=str(code))


async def _stands(rpc: Rpc, target: _Target) -> bool:
    """Whether the executor is there already.

    Raises:
        DeployError: something else is.
    """
    code = await rpc.call("eth_getCode", target.address, "latest")
    if code not in {"0x", target.code}:
        raise DeployError(
            f"foreign code with hash {_hash(str(code))} stands at {target.address}, "
            f"expected {_hash(target.code)}; do not use that address"
        )
    return code == target.code


async def _create(
    rpc: Rpc, target: _Target, options: DeployOptions, *, key: TradingKey, say: Say
) -> None:
    transaction = await _transaction(rpc, target, sender=key.address)
    highest_wei = transaction.gas_limit_gas * transaction.max_fee_per_gas_wei
    say(f"gas            at most {transaction.gas_limit_gas:,}")
    say(f"cost           at most {_ether_up(highest_wei)} ether, from {key.address}")
    balance_wei = quantity(await rpc.call("eth_getBalance", key.address, "latest"), "balance")
    if not options.sends:
        say("dry run: nothing was sent; repeat with --live")
        return
    if balance_wei < highest_wei:
        raise DeployError(
            f"{key.address} has {balance_wei} wei and the deployment costs up to {highest_wei}; "
            "send it more"
        )
    await _send(rpc, raw=key.sign(transaction), say=say)
    if not await _stands(rpc, target):
        raise DeployError(
            f"nothing stands at {target.address} after the deployment; deploy again, the estimate "
            "of its gas may have been too low"
        )
    say("deployed, and its code is the expected one")


async def _transaction(rpc: Rpc, target: _Target, *, sender: Address) -> UnsignedTransaction:
    data = create2_calldata(target.init_code)
    call = {"from": sender, "to": DETERMINISTIC_DEPLOYER, "data": "0x" + data.hex()}
    estimate, nonce, tip, head = await rpc.batch(
        [
            ("eth_estimateGas", (call,)),
            ("eth_getTransactionCount", (sender, "pending")),
            ("eth_maxPriorityFeePerGas", ()),
            ("eth_getBlockByNumber", ("latest", HEADER_ONLY)),
        ]
    )
    tip_wei = quantity(tip, "eth_maxPriorityFeePerGas")
    return UnsignedTransaction(
        nonce=quantity(nonce, "nonce"),
        to=DETERMINISTIC_DEPLOYER,
        data=data,
        gas_limit_gas=quantity(estimate, "eth_estimateGas") * GAS_MARGIN_PERCENT // PERCENT,
        max_fee_per_gas_wei=BASE_FEE_MARGIN * decode_header(head).base_fee_wei + tip_wei,
        max_priority_fee_per_gas_wei=tip_wei,
    )


async def _send(rpc: Rpc, *, raw: bytes, say: Say) -> None:
    """Send and wait until a block has it.

    Whether it succeeded is not asked: where somebody has deployed the same just before, it has not,
    and the executor stands nevertheless.
    """
    tx_hash = await rpc.call("eth_sendRawTransaction", "0x" + raw.hex())
    say(f"sent           {tx_hash}")
    try:
        async with asyncio.timeout(INCLUSION_SECONDS):
            receipt = await _receipt(rpc, str(tx_hash))
    except TimeoutError:
        raise DeployError(
            f"{tx_hash} is in no block after {INCLUSION_SECONDS:.0f} s; deploy again later, "
            "which finds it if it landed"
        ) from None
    say(f"gas used       {quantity(member(receipt, 'gasUsed'), 'gasUsed'):,}")


async def _receipt(rpc: Rpc, tx_hash: str) -> object:
    while (receipt := await rpc.call("eth_getTransactionReceipt", tx_hash)) is None:
        await sleep(RECEIPT_SECONDS)
    return receipt


def _hash(code: str) -> str:
    return "0x" + keccak(hex_bytes(code, "code")).hex()


def _ether_up(wei: int) -> str:
    """Six decimals, rounded up."""
    millionths = -(-wei * 10**6 // WEI_PER_ETHER)
    return f"{millionths // 10**6}.{millionths % 10**6:06d}"
