"""A chain, the contracts that matter on it, and where to reach both."""

from typing import Annotated, Final, Literal, Self

from pydantic import Field, field_validator, model_validator
from pydantic_core import PydanticCustomError

from graphs.units import PIPS
from searcher.builder_table import BY_NAME
from searcher.flash_lenders import LenderKind
from searcher.settings.endpoints import EndpointSettings
from searcher.settings.exchanges import AssetSettings
from searcher.settings.fields import Endpoint, HexAddress, Section
from searcher.settings.mempool import MempoolSettings
from searcher.settings.mempool_grpc import GrpcSourceSettings, MevShareSettings
from searcher.settings.oracles import OracleSettings
from searcher.settings.routers import RouterSettings

MAX_HEAD_AGE_SLOTS: Final = 3
"""Two empty slots in a row are rare on a healthy chain; more look like a node that hangs."""


class FactorySettings(Section):
    """An exchange whose pools are discovered from its factory's events."""

    kind: Literal[
        "uniswap_v2",
        "uniswap_v3",
        "uniswap_v4",
        "solidly",
        "balancer_weighted_v1",
        "balancer_weighted",
        "balancer_stable",
        "balancer_composable",
        "curve",
    ]
    """The curve and the ABI."""

    venue: str
    """Its name in the ledger."""

    address: HexAddress
    """The factory."""

    fee_pips: Annotated[int, Field(ge=0, lt=PIPS)] = 3_000
    """Of uniswap_v2 pools, which do not say; the others carry their own."""

    vault: HexAddress | None = None
    """Balancer's, for its kinds alone: there it is needed."""

    is_listed: bool = False
    """Whether pools are read from the factory's list instead of its past events."""

    init_code_hash: Annotated[str, Field(pattern="^(0x[0-9a-f]{64})?$")] = ""
    """Of its pools' creation code: their addresses are derived; empty to ask the factory."""

    pools: tuple[HexAddress, ...] = ()
    """Of kind curve: pools that the factory does not list."""

    @model_validator(mode="after")
    def _fits_its_kind(self) -> Self:
        if self.kind.startswith("balancer") != (self.vault is not None):
            raise PydanticCustomError("vault", "balancer kinds have a vault and no others do")
        if self.is_listed and self.kind not in {"uniswap_v2", "solidly", "curve"}:
            raise PydanticCustomError("is_listed", "factories of this kind have no list")
        if self.pools and self.kind != "curve":
            raise PydanticCustomError("pools", "only kind curve takes pools by address")
        return self


WITHOUT_ADDRESS: Final = (LenderKind.NONE, LenderKind.UNISWAP_V2, LenderKind.UNISWAP_V3)
"""Lenders that need none."""


class LenderSettings(Section):
    """A flash lender that the executor was deployed with, or a pool that lends what it holds."""

    kind: LenderKind
    """The protocol; none for the first pool of a cycle, which pays before it is paid."""

    address: HexAddress | None = None
    """The contract that lends: Aave's pool, a vault, Uniswap's manager, a pair. None for kind none,
    and to have pools of Uniswap V2 or V3 chosen from the market."""

    fee_pips: Annotated[int, Field(ge=0, lt=PIPS)] = 3_000
    """Of a uniswap_v2 pair, which does not say; the others are asked."""

    @model_validator(mode="after")
    def _has_an_address_if_it_is_a_contract(self) -> Self:
        if self.kind is LenderKind.NONE and self.address is not None:
            raise PydanticCustomError("address", "kind none has no address; remove it")
        if self.address is None and self.kind not in WITHOUT_ADDRESS:
            raise PydanticCustomError("address", "a lender of this kind has an address; add it")
        return self


class RelaySettings(Section):
    """An endpoint that takes bundles."""

    name: str
    """Its name in the ledger."""

    url: Endpoint
    """Where to POST."""

    profile: str = "flashbots"
    """The row of the builder table whose dialect it speaks."""

    credential: Endpoint | None = None
    """The `Authorization` of builders that want one; as a reference to the environment."""

    @field_validator("profile")
    @classmethod
    def _is_known(cls, name: str) -> str:
        if name not in BY_NAME:
            known = ", ".join(BY_NAME)
            raise PydanticCustomError(
                "profile", "no builder {name}; known: {known}", {"name": name, "known": known}
            )
        return name


class NetworkSettings(Section):
    """A chain with the contracts that matter on it."""

    chain_id: Annotated[int, Field(ge=1)]
    """Asserted at start against the node."""

    http_url: Endpoint
    """JSON-RPC over HTTP, of the node that is asked first."""

    ws_url: Endpoint | None = None
    """The same node over websocket, which announces heads sooner; None to poll for them."""

    requests_per_second: Annotated[int, Field(ge=1)] | None = None
    """What the first node's provider allows; None for no limit."""

    endpoints: tuple[EndpointSettings, ...] = ()
    """Further nodes: they stand in for the first, and what they say of the chain is compared."""

    max_head_age_seconds: Annotated[int, Field(ge=1)] | None = None
    """How old the head may be by its own timestamp; None for three slots."""

    weth: HexAddress
    """Borrowed, and what profit is counted in."""

    multicall3: HexAddress
    """The canonical batch reader."""

    executor: HexAddress | None = None
    """Our contract; None to take what `searcher deploy` has noted."""

    start_block: Annotated[int, Field(ge=0)] = 0
    """First block whose factory events matter."""

    slot_seconds: Annotated[int, Field(ge=1)] = 12
    """Between blocks."""

    factories: tuple[FactorySettings, ...]
    """Exchanges to discover."""

    lenders: tuple[LenderSettings, ...]
    """Where to borrow."""

    routers: tuple[RouterSettings, ...] = ()
    """Whose calldata tells what pending transactions will do."""
    mempool: tuple[MempoolSettings, ...] = ()
    """Where pending transactions are heard of; they are merged, the first to tell counts."""

    relays: tuple[RelaySettings, ...] = ()
    """Where to send; the first also simulates."""

    @property
    def nodes(self) -> tuple[EndpointSettings, ...]:
        """Every node, in the order in which they are asked."""
        first = EndpointSettings(
            http_url=self.http_url,
            ws_url=self.ws_url,
            requests_per_second=self.requests_per_second,
        )
        return (first, *self.endpoints)

    @property
    def head_age_seconds(self) -> int:
        """How old the head may be before nothing is traded on it."""
        return self.max_head_age_seconds or MAX_HEAD_AGE_SLOTS * self.slot_seconds

    assets: dict[str, AssetSettings] = Field(default_factory=dict)
    """The tokens that assets of exchanges can be withdrawn as, by canonical id."""
    oracles: tuple[OracleSettings, ...] = ()
    """Price feeds that the price guard goes by, besides the exchanges."""

    tenderly_url: Endpoint | None = None
    """A Tenderly node, for the simulator of that name."""
    grpc_sources: tuple[GrpcSourceSettings, ...] = ()
    """Raw pending transactions, besides the node's own."""

    mev_share: MevShareSettings | None = None
    """Hints of private transactions; None for none."""
