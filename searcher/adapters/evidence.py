"""What the chain says of a bundle that was sent: its block, who traded there, and what was left.

Everything is asked of one node, after the fact and without haste. What a node does not offer, as
simulations of the past, is left out of the evidence and said.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Final

from graphs.units import Address, PoolId
from searcher.adapters.decoding import (
    HEADER_ONLY,
    address,
    array,
    decode_header,
    decode_receipt,
    hash32,
    hex_bytes,
    member,
    quantity,
)
from searcher.adapters.rerun import Setting, mined_call, own_call, rerun, try_after
from searcher.adapters.rpc import Rpc
from searcher.builder_identity import Recipient, shown_extra_data, was_sent_to
from searcher.bundle_evidence import (
    BlockFacts,
    Evidence,
    MinedTransaction,
    PoolTrade,
    Rerun,
    SentBundle,
)
from searcher.errors import RpcError, WireError
from searcher.model import Receipt
from searcher.relay_answers import shown

WITH_BODIES: Final = True
"""The flag of eth_getBlockByNumber that asks for whole transactions."""

OWNER_CALL: Final = "0x8da5cb5b"
"""`owner()`: whose account sends to the executor."""

MAX_TRIED: Final = 12
"""Transactions of the target after which ours are tried: each costs the node up to a block."""

MAX_EARLIER_BLOCKS: Final = 8
"""Blocks before the target that are read for trades in our pools."""

COMPARABLE_SLOTS: Final = 32
"""A chain whose time is further than this from the clock's has a time of its own."""

_NS_PER_MS: Final = 1_000_000
_MS_PER_SECOND: Final = 1_000


@dataclass(frozen=True, slots=True, kw_only=True)
class Witness:
    """Who is asked, and what the configuration says of the network."""

    rpc: Rpc
    """The node."""

    executor: Address
    """Our contract."""

    slot_seconds: int
    """Between blocks."""

    recipients: Mapping[str, Recipient]
    """The configured relays by their names in the ledger."""


@dataclass(frozen=True, slots=True, kw_only=True)
class _Target:
    """The block with everything in it."""

    block: object
    account: Address
    txs: Sequence[object]
    receipts: Sequence[object]


async def gather(witness: Witness, sent: SentBundle) -> Evidence:
    """Ask the chain about one bundle.

    Raises:
        RpcError: the node does not answer.
        WireError: it answers what no node answers.
    """
    number = sent.intent.target_block
    block = await witness.rpc.call("eth_getBlockByNumber", hex(number), WITH_BODIES)
    if block is None:
        return Evidence(sent=sent)
    target = await _target(witness, block, number)
    receipts = await _own_receipts(witness, sent.intent.tx_hashes)
    replacement = sent.replacement.tx_hashes if sent.replacement else ()
    replacing = await _own_receipts(witness, replacement)
    evidence = Evidence(
        sent=sent,
        block=_facts(target, sent, witness),
        receipts=receipts,
        has_replacement_landed=bool(replacement)
        and sum(receipt.succeeded for receipt in replacing) == len(replacement),
        nonce_user=None if receipts else await _nonce_user(witness, sent, target.account),
        into_slot_ms=_into_slot_ms(sent, target, witness),
    )
    return evidence if receipts else await _with_trades(witness, evidence, target)


async def _target(witness: Witness, block: object, number: int) -> _Target:
    owner, receipts = await witness.rpc.batch(
        [
            ("eth_call", ({"to": witness.executor, "data": OWNER_CALL}, hex(number))),
            ("eth_getBlockReceipts", (hex(number),)),
        ]
    )
    return _Target(
        block=block,
        account=address("0x" + str(owner)[-40:], "owner()"),
        txs=array(member(block, "transactions"), "transactions"),
        receipts=array(receipts, "receipts"),
    )


async def _own_receipts(witness: Witness, tx_hashes: Sequence[str]) -> tuple[Receipt, ...]:
    answers = await witness.rpc.batch(
        [("eth_getTransactionReceipt", (tx_hash,)) for tx_hash in tx_hashes]
    )
    return tuple(
        decode_receipt(answer, executor=witness.executor)
        for answer in answers
        if answer is not None
    )


def _facts(target: _Target, sent: SentBundle, witness: Witness) -> BlockFacts:
    header = decode_header(target.block)
    extra = hex_bytes(member(target.block, "extraData"), "extraData")
    recipients = [
        witness.recipients[one.relay]
        for one in sent.submissions
        if one.accepted and one.relay in witness.recipients
    ]
    return BlockFacts(
        number=header.number,
        timestamp_s=header.timestamp_s,
        base_fee_wei=header.base_fee_wei,
        coinbase=address(member(target.block, "miner"), "miner"),
        builder=shown_extra_data(extra),
        was_sent_to=was_sent_to(extra, recipients),
    )


def _into_slot_ms(sent: SentBundle, target: _Target, witness: Witness) -> int | None:
    accepted = [one.sent_ns for one in sent.submissions if one.accepted]
    if not accepted:
        return None
    target_ms = decode_header(target.block).timestamp_s * _MS_PER_SECOND
    into_slot_ms = min(accepted) // _NS_PER_MS - target_ms
    comparable_ms = COMPARABLE_SLOTS * witness.slot_seconds * _MS_PER_SECOND
    return into_slot_ms if abs(into_slot_ms) <= comparable_ms else None


async def _nonce_user(
    witness: Witness, sent: SentBundle, account: Address
) -> MinedTransaction | None:
    """The account's other transaction with the nonce, where one was mined up to the target.

    The block is the first after which the account's count is above the nonce: found by halving.
    """
    intent = sent.intent
    low, high = intent.block_number, intent.target_block
    if await _count(witness, account, high) <= intent.nonce:
        return None
    if await _count(witness, account, low) > intent.nonce:
        low, high = -1, low
    while high - low > 1:
        middle = (low + high) // 2
        if await _count(witness, account, middle) > intent.nonce:
            high = middle
        else:
            low = middle
    block = await witness.rpc.call("eth_getBlockByNumber", hex(high), WITH_BODIES)
    for tx in array(member(block, "transactions"), "transactions"):
        is_ours = address(member(tx, "from"), "from") == account
        if is_ours and quantity(member(tx, "nonce"), "nonce") == intent.nonce:
            return MinedTransaction(tx_hash=hash32(member(tx, "hash"), "hash"), block_number=high)
    return None


async def _count(witness: Witness, account: Address, number: int) -> int:
    answer = await witness.rpc.call("eth_getTransactionCount", account, hex(number))
    return quantity(answer, "nonce")


async def _with_trades(witness: Witness, evidence: Evidence, target: _Target) -> Evidence:
    """Add who traded in our pools before and in the target, and how ours fare there."""
    sent, account = evidence.sent, target.account
    trades = tuple(_trades(target.receipts, target.block, sent=sent, account=account))
    evidence = replace(
        evidence, trades=trades, movers=await _movers(witness, sent, account=account)
    )
    try:
        alone, setting = await _alone(witness, sent, target)
        if setting is not None and alone is not None and alone.failed is None:
            trades = await _tried(witness, trades, target=target, setting=setting)
    except (RpcError, WireError) as error:
        return replace(evidence, rerun_obstacle=shown(str(error)))
    obstacle = "" if alone is not None else "the node does not know what it followed"
    return replace(evidence, rerun=alone, rerun_obstacle=obstacle, trades=trades)


async def _alone(
    witness: Witness, sent: SentBundle, target: _Target
) -> tuple[Rerun | None, Setting | None]:
    """How ours fare at the top of the target, and in which setting that was tried.

    Neither where the node does not know what they follow.
    """
    number = sent.intent.target_block
    followed = await witness.rpc.batch(
        [("eth_getTransactionByHash", (tx_hash,)) for tx_hash in sent.followed]
    )
    if None in followed:
        return None, None
    for tx in followed:
        mined_in = member(tx, "blockNumber")
        if mined_in is not None and quantity(mined_in, "blockNumber") < number:
            block = quantity(mined_in, "blockNumber")
            reason = f"{member(tx, 'hash')}, which it follows, is in block {block} already"
            return Rerun(failed=0, reason=reason), None
    own = [own_call(target.account, witness.executor, data) for data in sent.calls]
    setting = Setting(
        number=number,
        header=target.block,
        followed=tuple(mined_call(tx) for tx in followed),
        own=tuple(own),
    )
    return await rerun(witness.rpc, setting), setting


async def _tried(
    witness: Witness, trades: Sequence[PoolTrade], *, target: _Target, setting: Setting
) -> tuple[PoolTrade, ...]:
    """The trades with what they paid and left, up to the first that took what we wanted.

    After that one only its sender's others, since all of them together were what was bid.
    """
    calls = [mined_call(tx) for tx in target.txs]
    places = {hash32(member(tx, "hash"), "hash"): index for index, tx in enumerate(target.txs)}
    tried = list(trades)
    winner: Address | None = None
    for index, trade in enumerate(trades[:MAX_TRIED]):
        if winner not in {None, trade.sender}:
            continue
        before = calls[: places[trade.mined.tx_hash] + 1]
        after = await try_after(witness.rpc, setting, before)
        tried[index] = replace(trade, direct_wei=after.direct_wei, breaks_ours=after.breaks_ours)
        if tried[index].is_rival:
            winner = trade.sender
    return tuple(tried)


async def _movers(witness: Witness, sent: SentBundle, *, account: Address) -> tuple[PoolTrade, ...]:
    """Who traded in our pools between the block that it was found on and its target."""
    intent = sent.intent
    first = max(intent.block_number + 1, intent.target_block - MAX_EARLIER_BLOCKS)
    numbers = range(first, intent.target_block)
    answers = await witness.rpc.batch(
        [("eth_getBlockByNumber", (hex(number), HEADER_ONLY)) for number in numbers]
        + [("eth_getBlockReceipts", (hex(number),)) for number in numbers]
    )
    headers, receipts = answers[: len(numbers)], answers[len(numbers) :]
    return tuple(
        trade
        for header, block in zip(headers, receipts, strict=True)
        for trade in _trades(array(block, "receipts"), header, sent=sent, account=account)
    )


def _trades(
    receipts: Sequence[object], block: object, *, sent: SentBundle, account: Address
) -> Iterator[PoolTrade]:
    """Others' transactions of a block that left an event of our pools, in its order."""
    base_fee_wei = decode_header(block).base_fee_wei
    for receipt in receipts:
        decoded = decode_receipt(receipt, executor=None)
        sender = address(member(receipt, "from"), "receipt.from")
        pools = _touched(receipt, sent.pools)
        if not pools or sender == account or decoded.tx_hash in sent.followed:
            continue
        to = member(receipt, "to")
        yield PoolTrade(
            mined=MinedTransaction(
                tx_hash=decoded.tx_hash,
                block_number=quantity(member(receipt, "blockNumber"), "receipt.blockNumber"),
            ),
            sender=sender,
            recipient=None if to is None else address(to, "receipt.to"),
            pools=pools,
            fee_wei=(decoded.effective_gas_price_wei - base_fee_wei) * decoded.gas_used_gas,
        )


def _touched(receipt: object, pools: Sequence[PoolId]) -> tuple[PoolId, ...]:
    """Our pools that speak in its logs: as the contract, or by the id that a singleton indexes."""
    spoken = set[str]()
    for log in array(member(receipt, "logs"), "receipt.logs"):
        spoken.add(address(member(log, "address"), "receipt.log.address"))
        topics = array(member(log, "topics"), "receipt.log.topics")
        spoken.update(str(topic).lower() for topic in topics)
    return tuple(pool for pool in pools if pool in spoken)
