"""Every setting of the live bot: frozen, validated, read once from `config.toml`.

The only module that reads the environment. Secrets and endpoints with keys in them are written as
`env:NAME` references; a network's references are resolved when that network is chosen.
"""

import difflib
import os
import re
import tomllib
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Annotated, Final, Literal, Self, TypeVar, get_args

from eth_utils.address import is_checksum_address
from pydantic import (
    AfterValidator,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    SecretStr,
    ValidationError,
    ValidationInfo,
    model_validator,
)
from pydantic_core import PydanticCustomError

from graphs.units import BPS, PIPS, WEI_PER_ETHER, Address
from searcher.deployment_file import read_deployment
from searcher.errors import ConfigError
from searcher.flash_lenders import LenderKind

ENV_PREFIX = "env:"
ADDRESS: Final = re.compile(r"0x[0-9a-f]{40}")
LIKE_A_KEY = re.compile(r"(0x)?[0-9a-fA-F]{32,}")
"""What a private key looks like where somebody pasted it by mistake; never quoted."""

MAX_HOPS = 8
"""What the executor's plan can hold."""


def _address(text: str) -> Address:
    lower = text.lower()
    if ADDRESS.fullmatch(lower) is None:
        message = "an address is 0x and 40 hex digits"
        raise ValueError(message)
    if text[2:] not in {lower[2:], lower[2:].upper()} and not is_checksum_address(text):
        message = "the address has a wrong checksum; copy it again"
        raise ValueError(message)
    return Address(lower)


def _resolved(text: object, info: ValidationInfo) -> SecretStr:
    if isinstance(text, SecretStr):
        return text
    if not isinstance(text, str):
        raise PydanticCustomError("endpoint", "an endpoint is a URL or an env:NAME reference")
    if not text.startswith(ENV_PREFIX):
        return SecretStr(text)
    name = text.removeprefix(ENV_PREFIX)
    if not name.isidentifier():
        message = "a reference is env: and the name of an environment variable"
        raise ValueError(message)
    value = (info.context or {}).get(name)
    if not value:
        message = f"the environment variable {name} is not set; export it"
        raise ValueError(message)
    return SecretStr(value)


def _key_reference(text: str) -> str:
    name = text.removeprefix(ENV_PREFIX)
    looks_like_a_key = LIKE_A_KEY.fullmatch(name) is not None
    if not text.startswith(ENV_PREFIX) or not name.isidentifier() or looks_like_a_key:
        message = "write env:NAME with the name of a variable that holds the key, never the key"
        raise ValueError(message)
    return text


KeyReference = Annotated[str, AfterValidator(_key_reference)]
HexAddress = Annotated[str, AfterValidator(_address)]
Endpoint = Annotated[SecretStr, BeforeValidator(_resolved)]
Wei = Annotated[int, Field(ge=0)]


class _Section(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True, hide_input_in_errors=True)


Section = TypeVar("Section", bound=_Section)


class SearchSettings(_Section):
    """What the search walks."""

    max_hops: Annotated[int, Field(ge=2, le=MAX_HOPS)] = 4
    """Longest cycle."""

    max_cycles: Annotated[int, Field(ge=1)] = 200_000
    """Cycles listed per base; where there are more, only those with the greatest bounds are."""

    max_trials: Annotated[int, Field(ge=1)] = 500_000
    """Hops that are tried for those, per lender: some 0.3 s."""

    bases: tuple[HexAddress, ...] = ()
    """Tokens that cycles start and end with; WETH alone when empty."""

    refused_tokens: tuple[HexAddress, ...] = ()
    """Tokens that no cycle may trade."""


class BiddingSettings(_Section):
    """What is paid for inclusion, and what must remain."""

    tip_share_bps: Annotated[int, Field(ge=0, le=BPS)] = 8_000
    """Of the realised gross profit, to the block's coinbase."""

    min_net_profit_wei: Wei = WEI_PER_ETHER // 10_000
    """Expected profit after tip and gas below which nothing is sent."""


class KeySettings(_Section):
    """References to keys; never keys."""

    trading: KeyReference = "env:SEARCHER_TRADING_KEY"
    """Signs transactions; its account pays gas and owns the executor."""

    identity: KeyReference = "env:SEARCHER_IDENTITY_KEY"
    """Signs requests to relays; hold no funds on it and keep it for its reputation."""


class LedgerSettings(_Section):
    """Where decisions are recorded."""

    folder: Path = Path(".cache/ledgers")
    """Holds a file for each network; created when missing, relative to the working directory."""


class DeploymentSettings(_Section):
    """Where `searcher deploy` notes what it deployed."""

    folder: Path = Path(".cache/deployments")
    """Holds a file for each network; relative to the working directory."""


class FactorySettings(_Section):
    """An exchange whose pools are discovered from its factory's events."""

    kind: Literal["uniswap_v2", "uniswap_v3"]
    """The curve and the ABI."""

    venue: str
    """Its name in the ledger."""

    address: HexAddress
    """The factory."""

    fee_pips: Annotated[int, Field(ge=0, lt=PIPS)] = 3_000
    """Of uniswap_v2 pools, which do not say; V3 pools carry their own."""


WITHOUT_ADDRESS: Final = (LenderKind.NONE, LenderKind.UNISWAP_V2, LenderKind.UNISWAP_V3)
"""Lenders that need none."""


class LenderSettings(_Section):
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


class RelaySettings(_Section):
    """An endpoint that takes bundles."""

    name: str
    """Its name in the ledger."""

    url: Endpoint
    """Where to POST."""


class NetworkSettings(_Section):
    """A chain with the contracts that matter on it."""

    chain_id: Annotated[int, Field(ge=1)]
    """Asserted at start against the node."""

    http_url: Endpoint
    """JSON-RPC over HTTP."""

    ws_url: Endpoint
    """JSON-RPC over websocket."""

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

    relays: tuple[RelaySettings, ...] = ()
    """Where to send; the first also simulates."""


class Settings(_Section):
    """The whole of `config.toml`. Networks stay unresolved until one is chosen."""

    search: SearchSettings = SearchSettings()
    bidding: BiddingSettings = BiddingSettings()
    keys: KeySettings = KeySettings()
    ledger: LedgerSettings = LedgerSettings()
    deployments: DeploymentSettings = DeploymentSettings()
    networks: Annotated[dict[str, dict[str, object]], Field(repr=False)] = {}


def parse_address(text: str, name: str) -> Address:
    """An address that somebody typed.

    Raises:
        ConfigError: it is none, or its checksum is wrong; named as what it was typed for.
    """
    try:
        return _address(text)
    except ValueError as error:
        raise ConfigError(f"{name}: {error}") from None


def environment() -> Mapping[str, str]:
    """The process's environment, for the composition root to pass on."""
    return os.environ


def load_settings(path: Path) -> Settings:
    """Read and validate a configuration file.

    Raises:
        ConfigError: missing, not TOML, an unknown key or a bad value; one line that names it.
    """
    return _validated(Settings, _toml(path), source=str(path), variables={})


def load_network(settings: Settings, name: str, variables: Mapping[str, str]) -> NetworkSettings:
    """Choose a network; where it names no executor, take the one that was deployed last.

    Raises:
        ConfigError: as `load_configured`, or the note of the deployment is of another chain.
    """
    network = load_configured(settings, name, variables)
    return _with_deployment(network, deployment_path(settings, name))


def load_configured(settings: Settings, name: str, variables: Mapping[str, str]) -> NetworkSettings:
    """Choose a network and resolve its references to the environment.

    A network with the single key `file` is read from there: local chains leave such a file.

    Raises:
        ConfigError: no such network or file, a bad value, a variable that is not set.
    """
    section = _section(settings, name)
    if set(section) != {"file"}:
        source = f"networks.{name}"
        return _validated(NetworkSettings, section, source=source, variables=variables)
    path = network_path(settings, name)
    if not path.exists():
        raise ConfigError(f"network {name!r} is not running ({path} is missing); start it first")
    return _validated(NetworkSettings, _toml(path), source=str(path), variables=variables)


def deployment_path(settings: Settings, name: str) -> Path:
    """The file in which a network's deployment is noted."""
    return settings.deployments.folder / f"{name}.json"


def _with_deployment(network: NetworkSettings, path: Path) -> NetworkSettings:
    if network.executor is not None:
        return network
    noted = read_deployment(path)
    if noted is None:
        return network
    if noted.chain_id != network.chain_id:
        raise ConfigError(f"{path} is of chain {noted.chain_id}, not {network.chain_id}; remove it")
    return network.model_copy(update={"executor": noted.executor})


def network_path(settings: Settings, name: str) -> Path:
    """The file that a local chain leaves while it runs; relative to the working directory.

    Raises:
        ConfigError: no such network, or one that is described in place.
    """
    file = _section(settings, name).get("file")
    if not isinstance(file, str):
        raise ConfigError(f"networks.{name} has no `file` for a local chain to leave; add one")
    return Path(file)


def _section(settings: Settings, name: str) -> dict[str, object]:
    section = settings.networks.get(name)
    if section is None:
        known = ", ".join(sorted(settings.networks)) or "none"
        raise ConfigError(f"no network {name!r} in the configuration; known: {known}")
    return section


def _toml(path: Path) -> dict[str, object]:
    try:
        return tomllib.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        raise ConfigError(f"{path} does not exist; name another with --config") from None
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        raise ConfigError(f"{path} cannot be read as TOML: {error}") from None


def _validated(
    section: type[Section], data: object, *, source: str, variables: Mapping[str, str]
) -> Section:
    try:
        return section.model_validate(data, context=dict(variables))
    except ValidationError as error:
        raise ConfigError(_first_line(error, section, source)) from None


def _first_line(error: ValidationError, section: type[_Section], source: str) -> str:
    errors = error.errors(include_url=False, include_input=False)
    # A mistyped key is reported as unknown rather than as missing under its real name.
    first = min(errors, key=lambda one: one["type"] != "extra_forbidden")
    name = ".".join("…" if LIKE_A_KEY.fullmatch(str(part)) else str(part) for part in first["loc"])
    if first["type"] == "extra_forbidden":
        key = str(first["loc"][-1])
        close = difflib.get_close_matches(key, _keys(section, first["loc"][:-1]), n=1)
        hint = f"; did you mean {close[0]!r}?" if close else "; remove it"
        return f"{source}: {name} is not a setting{hint}"
    reason = first["msg"].removeprefix("Value error, ")
    return f"{source}: {name}: {reason}"


def _keys(section: type[BaseModel], location: Iterable[int | str]) -> Iterable[str]:
    """The settings of the section at this location of a validation error."""
    for name in location:
        if isinstance(name, str):
            annotation = section.model_fields[name].annotation
            section = next(
                inner
                for inner in (annotation, *get_args(annotation))
                if isinstance(inner, type) and issubclass(inner, BaseModel)
            )
    return section.model_fields
