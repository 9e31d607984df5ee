"""Reads `config.toml` once, and validates it; a mistake is one line that names the key.

The only module that reads the environment. Secrets and endpoints with keys in them are written as
`env:NAME` references; a network's references are resolved when that network is chosen.
"""

import difflib
import os
import tomllib
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import TypeVar, get_args

from pydantic import BaseModel, Field, ValidationError

from graphs.units import Address
from searcher.deployment_file import read_deployment
from searcher.errors import ConfigError
from searcher.settings.admission import AdmissionSettings
from searcher.settings.archive import ArchiveSettings
from searcher.settings.bot import (
    BiddingSettings,
    DeploymentSettings,
    DiscoverySettings,
    KeySettings,
    LedgerSettings,
    SearchSettings,
)
from searcher.settings.exchanges import ExchangesSettings
from searcher.settings.fields import LIKE_A_KEY, Section, address
from searcher.settings.guard import GuardSettings
from searcher.settings.network import NetworkSettings
from searcher.settings.submission import SubmissionSettings

Chosen = TypeVar("Chosen", bound=Section)


class Settings(Section):
    """The whole of `config.toml`. Networks stay unresolved until one is chosen."""

    search: SearchSettings = SearchSettings()
    bidding: BiddingSettings = BiddingSettings()
    submission: SubmissionSettings = SubmissionSettings()
    keys: KeySettings = KeySettings()
    guard: GuardSettings = GuardSettings()
    ledger: LedgerSettings = LedgerSettings()
    discovery: DiscoverySettings = DiscoverySettings()
    deployments: DeploymentSettings = DeploymentSettings()
    exchanges: ExchangesSettings = ExchangesSettings()
    archive: ArchiveSettings = ArchiveSettings()
    admission: AdmissionSettings = AdmissionSettings()
    networks: dict[str, dict[str, object]] = Field(default_factory=dict, repr=False)


def parse_address(text: str, name: str) -> Address:
    """An address that somebody typed.

    Raises:
        ConfigError: it is none, or its checksum is wrong; named as what it was typed for.
    """
    try:
        return address(text)
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
    section: type[Chosen], data: object, *, source: str, variables: Mapping[str, str]
) -> Chosen:
    try:
        return section.model_validate(data, context=dict(variables))
    except ValidationError as error:
        raise ConfigError(_first_line(error, section, source)) from None


def _first_line(error: ValidationError, section: type[Section], source: str) -> str:
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
