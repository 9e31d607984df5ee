"""The local relay alone, in front of any anvil: for anybody's client, in any profile."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from fractions import Fraction
from typing import Final, NoReturn

from searcher.adapters.clock import SystemClock
from sims.errors import RelayOptionError
from sims.relay.builder import Builder
from sims.relay.faults import FaultKind, InjectedFault
from sims.relay.profiles import PROFILES, Profile
from sims.relay.server import RelayOptions, running_relay
from sims.relay.slots import SlotRules
from sims.slots import run_slot

MS_PER_SECOND: Final = 1_000


@dataclass(frozen=True, slots=True, kw_only=True)
class RelayCommand:
    """What the command line was given."""

    node_url: str
    """Of an anvil that mines only when told."""

    port: int
    """Where to listen; 0 for any."""

    profile: str
    """By name."""

    pace_s: float
    """Wall-clock seconds in a slot."""

    cutoff_s: float | None
    """After which a bundle is late; None for never."""

    won_percent: int
    """Of slots."""

    faults: Sequence[str]
    """Each as `KIND[:PERCENT][@METHOD,METHOD]`."""

    seed: int
    """Of faults and of slots that are won."""


async def run_relay(command: RelayCommand, *, say: Callable[[str], None]) -> None:
    """Serve and build a block in every slot until cancelled.

    Raises:
        RelayOptionError: an option does not say what it should.
        SimsError: the relay cannot be had, or the node does not mine what it should.
        RpcError: the node does not answer.
    """
    async with running_relay(_options(command)) as relay:
        say(f"relay   {relay.url}\nprofile {command.profile}\ntrace   {relay.url}/trace")
        await _build_blocks(relay.builder, pace_s=command.pace_s)


def _options(command: RelayCommand) -> RelayOptions:
    cutoff = command.cutoff_s
    return RelayOptions(
        node_url=command.node_url,
        port=command.port,
        profile=_profile(command.profile),
        slot_rules=SlotRules(
            cutoff_ms=None if cutoff is None else round(cutoff * MS_PER_SECOND),
            won_share=Fraction(command.won_percent, 100),
            seed=command.seed,
        ),
        faults=tuple(map(parse_fault, command.faults)),
        seed=command.seed,
    )


def parse_fault(text: str) -> InjectedFault:
    """Read `KIND[:PERCENT][@METHOD,METHOD]`.

    Raises:
        RelayOptionError: it is written otherwise.
    """
    head, _, methods = text.partition("@")
    kind, _, percent = head.partition(":")
    try:
        return InjectedFault(
            kind=FaultKind(kind),
            share=Fraction(int(percent or 100), 100),
            methods=frozenset(filter(None, methods.split(","))),
        )
    except ValueError:
        known = ", ".join(FaultKind)
        raise RelayOptionError(
            f"no fault {text!r}: write KIND[:PERCENT][@METHOD,METHOD], KIND one of {known}"
        ) from None


def _profile(name: str) -> Profile:
    if name not in PROFILES:
        raise RelayOptionError(f"no profile {name!r}: choose from {', '.join(PROFILES)}")
    return PROFILES[name]


async def _build_blocks(builder: Builder, *, pace_s: float) -> NoReturn:
    async def rest() -> None:
        pass

    while True:
        await run_slot(rest, builder.build_block, clock=SystemClock(), pace_s=pace_s)
