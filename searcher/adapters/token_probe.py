"""Tries tokens on the node before they are traded: bought, passed on and sold in a simulation.

`eth_simulateV1` runs the probe's code at the executor's address and at the pool's. So the token
meets the very accounts of a trade, without a pool's rules and without a slot of a balance: a pool
of any kind pays with `transfer`. What the balances say afterwards is judged in `token_admission`.
"""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from graphs.units import Address
from searcher.adapters.abi import (
    WORD_BITS,
    WORD_BYTES,
    decode_unsigned,
    encode_address,
    encode_word,
    selector,
)
from searcher.adapters.decoding import (
    HEADER_ONLY,
    address,
    array,
    decode_header,
    hex_bytes,
    member,
    quantity,
)
from searcher.adapters.multicall import Call, Multicall
from searcher.adapters.token_identity import read_identity
from searcher.errors import ConfigError, WireError
from searcher.executor_artifact import CONTRACTS
from searcher.model import Block
from searcher.settings.admission import AdmissionSettings
from searcher.token_admission import (
    Admission,
    Move,
    Outcome,
    Step,
    TokenReason,
    judge,
)

PROBE: Final = selector("probe((address,uint256),address,address,uint256[])")
BALANCE_OF: Final = selector("balanceOf(address)")

BYSTANDER: Final = Address("0x0000000073656172636865722d62797374616e64")
"""Ends in the ASCII text `searcher-bystand`: an address that nobody can own."""

ELSEWHERE: Final = Address("0x000073656172636865722d656c73657768657265")
"""Ends in the ASCII text `searcher-elsewhere`: a coinbase that no validator has."""

GAS_BESIDE_TRANSFERS: Final = 1_000_000
"""Of a trial, for each amount: balances, and the probe itself."""

MOVE_WORDS: Final = 9
SUCCEEDED: Final = 1


@dataclass(frozen=True, slots=True, kw_only=True)
class Trader:
    """Who would trade."""

    executor: Address
    """The contract whose transfers are tried."""

    account: Address
    """Who would sign: the token may look at the transaction's origin."""


def load_probe(contracts: Path = CONTRACTS) -> str:
    """The probe's code, hex with 0x, as the set-up leaves it.

    Raises:
        ConfigError: it is not compiled.
    """
    path = contracts / "artifacts" / "TokenProbe.json"
    try:
        return str(json.loads(path.read_bytes())["deployedBytecode"])
    except (OSError, ValueError, KeyError, TypeError):
        raise ConfigError(f"{path} is missing; run `.venv/bin/sims compile`") from None


@dataclass(frozen=True, slots=True, kw_only=True)
class TokenTrial:
    """How one token is tried."""

    multicall: Multicall
    """On the nodes, which must have `eth_simulateV1`."""

    trader: Trader
    """Who would trade."""

    settings: AdmissionSettings
    """With how many pools and which amounts."""

    code: str
    """The probe's, from `load_probe`."""

    async def run(self, token: Address, candidates: Sequence[Address], block: Block) -> Admission:
        """Try the token with those of the pools that hold most of it.

        Raises:
            RpcError, WireError: the node refused, or answered nonsense.
        """
        identity = await read_identity(self.multicall.rpc, token, block.hash)
        if identity is None:
            reason: TokenReason | None = TokenReason.NO_CODE
        else:
            holders = await self._greatest(token, candidates, block)
            reason = None if holders else TokenReason.NO_HOLDER
            for holder in holders:
                reason = await self._with(token, holder, block)
                if reason is not None:
                    break
        return Admission(token=token, block_number=block.number, identity=identity, refusal=reason)

    async def _greatest(
        self, token: Address, candidates: Sequence[Address], block: Block
    ) -> list[Address]:
        calls = [Call(to=token, data=BALANCE_OF + encode_address(each)) for each in candidates]
        answers = await self.multicall.aggregate(calls, block.hash)
        balances = {
            each: int.from_bytes(answer[:WORD_BYTES])
            for each, answer in zip(candidates, answers, strict=True)
            if answer is not None
        }
        ranked = sorted((each for each in balances if balances[each]), key=lambda x: -balances[x])
        return ranked[: self.settings.pools]

    async def _with(self, token: Address, holder: Address, block: Block) -> TokenReason | None:
        """Under the coinbase of the block, then under a made-up one."""
        which = hex(block.number), HEADER_ONLY
        (head,) = await self.multicall.rpc.batch([("eth_getBlockByNumber", which)])
        if decode_header(head).hash != block.hash:
            raise WireError("eth_simulateV1", "of another head")
        coinbases = address(member(head, "miner"), "miner"), ELSEWHERE
        answers = await self.multicall.rpc.batch(
            [
                ("eth_simulateV1", (self._request(token, holder, coinbase=coinbase), which[0]))
                for coinbase in coinbases
            ]
        )
        usual, other = (
            judge(decode_moves(answer), max_transfer_gas=self.settings.max_transfer_gas)
            for answer in answers
        )
        return usual if usual is other else TokenReason.EVASIVE

    def _request(
        self, token: Address, holder: Address, *, coinbase: Address
    ) -> Mapping[str, object]:
        settings = self.settings
        probed = {"code": self.code}
        gas = len(Step) * settings.max_transfer_gas * 2 + GAS_BESIDE_TRANSFERS
        call = {
            "from": self.trader.account,
            "to": self.trader.executor,
            "gas": hex(gas * len(settings.parts)),
            "input": "0x" + encode_probe(token, holder, settings).hex(),
        }
        return {
            "blockStateCalls": [
                {
                    "blockOverrides": {"feeRecipient": coinbase, "baseFeePerGas": "0x0"},
                    "stateOverrides": {self.trader.executor: probed, holder: probed},
                    "calls": [call],
                }
            ],
            "validation": False,
        }


def encode_probe(token: Address, holder: Address, settings: AdmissionSettings) -> bytes:
    """Calldata of a trial. Transfers may take twice the bearable gas, to tell dear from broken."""
    parts = sorted(settings.parts, reverse=True)
    words = (
        encode_address(token),
        encode_word(2 * settings.max_transfer_gas),
        encode_address(holder),
        encode_address(BYSTANDER),
        encode_word(5 * WORD_BYTES),
        encode_word(len(parts)),
        *map(encode_word, parts),
    )
    return PROBE + b"".join(words)


def decode_moves(answer: object) -> list[Move]:
    """The transfers of a simulated trial; it fails only where the node lacks gas or the probe.

    Raises:
        WireError: not one simulated call that returned moves.
    """
    blocks = array(answer, "eth_simulateV1")
    calls = array(member(blocks[0] if blocks else None, "calls"), "eth_simulateV1.calls")
    result = calls[0] if calls else None
    if quantity(member(result, "status"), "eth_simulateV1.status") != SUCCEEDED:
        raise WireError("eth_simulateV1", "the trial failed")
    data = hex_bytes(member(result, "returnData"), "returnData")
    count = decode_unsigned(data, 1, bits=WORD_BITS, field="moves")
    if len(data) != (2 + count * MOVE_WORDS) * WORD_BYTES or count % len(Step):
        raise WireError("moves", "not as many as they say")
    return [_move(data, 2 + index * MOVE_WORDS) for index in range(count)]


def _move(data: bytes, start: int) -> Move:
    outcome, amount, gas, *balances = (
        decode_unsigned(data, start + place, bits=WORD_BITS, field="moves")
        for place in range(MOVE_WORDS)
    )
    if outcome not in set(Outcome):
        raise WireError("moves", "an outcome of no name")
    return Move(
        outcome=Outcome(outcome),
        amount=amount,
        gas_used_gas=gas,
        sender=(balances[0], balances[1]),
        recipient=(balances[2], balances[3]),
        third=(balances[4], balances[5]),
    )
