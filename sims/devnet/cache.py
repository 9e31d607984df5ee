"""The way in: a local chain that stands within a moment, because its state is made once and kept.

A state is kept under the hash of everything that it follows from, this package's whole source
included. A chain always starts from a kept state, also right after that was made, so that a first
start and a later one are the same.
"""

import asyncio
import gzip
import hashlib
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Final

import msgspec

from searcher.adapters.rpc import open_rpc
from sims.devnet.anvil import HARDFORK, ROOT, Anvil, AnvilOptions, running_anvil
from sims.devnet.compiler import Artifact, compile_contracts
from sims.devnet.deployer import SLOT_SECONDS
from sims.devnet.deployment import Deployment
from sims.devnet.plan import DEFAULT_PLAN, GENESIS_TIMESTAMP_S, Plan
from sims.devnet.protocols import Progress, deploy
from sims.devnet.storage import write_atomically

CACHE: Final = ROOT / ".cache" / "devnet"
"""Of all states; every folder in it can be deleted at any time."""

NAME_CHARACTERS: Final = 16
"""Of the digest in the name of a state file."""

RPC_SECONDS: Final = 60.0
"""For one call while deploying; the state's dump is the longest."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Devnet:
    """A running local chain and what stands on it."""

    anvil: Anvil
    """The process."""

    deployment: Deployment
    """The contracts."""


@dataclass(frozen=True, slots=True, kw_only=True)
class _Kept:
    """A deployed state on disk."""

    deployment: Deployment
    state_file: str
    state_sha256: str


def no_progress(stage: str) -> None:
    """Tell nobody."""


@asynccontextmanager
async def devnet(
    options: AnvilOptions | None = None,
    *,
    plan: Plan = DEFAULT_PLAN,
    cache: Path = CACHE,
    progress: Progress = no_progress,
) -> AsyncIterator[Devnet]:
    """Start a chain with the plan deployed on it; deploy and keep the state where none is kept.

    It mines only when told unless the options say otherwise. Whoever mines sets the timestamp:
    anvil goes on from the state's last one in real time.

    Raises:
        AnvilError, ArtifactError, DeploymentError: it cannot be had.
        CompilerError: a contract cannot be compiled.
    """
    chosen = options or AnvilOptions()
    progress("contracts")
    contracts = await asyncio.to_thread(compile_contracts, ROOT)
    key = await asyncio.to_thread(_key, plan, contracts, chain_id=chosen.chain_id)
    folder = cache / key
    kept = await asyncio.to_thread(_read, folder)
    if kept is None:
        state, deployment = await _deploy(plan, contracts, chosen.chain_id, progress=progress)
        kept = await asyncio.to_thread(_keep, folder, state, deployment)
    progress("chain")
    clock_s = kept.deployment.head_timestamp_s + SLOT_SECONDS
    loaded = replace(
        chosen,
        state_path=folder / kept.state_file,
        timestamp_s=clock_s if chosen.timestamp_s is None else chosen.timestamp_s,
    )
    async with running_anvil(loaded) as anvil:
        yield Devnet(anvil=anvil, deployment=kept.deployment)


async def _deploy(
    plan: Plan, contracts: Mapping[str, Artifact], chain_id: int, *, progress: Progress
) -> tuple[bytes, Deployment]:
    empty = AnvilOptions(
        chain_id=chain_id,
        timestamp_s=GENESIS_TIMESTAMP_S,
        genesis_block=plan.genesis_block or None,
    )
    async with (
        running_anvil(empty) as anvil,
        open_rpc(anvil.http_url, timeout_seconds=RPC_SECONDS) as rpc,
    ):
        deployment = await deploy(
            rpc, plan, chain_id=chain_id, contracts=contracts, progress=progress
        )
        state = str(await rpc.call("anvil_dumpState"))
    return gzip.decompress(bytes.fromhex(state.removeprefix("0x"))), deployment


def _key(plan: Plan, contracts: Mapping[str, Artifact], *, chain_id: int) -> str:
    """The hash of all that a state follows from."""
    sources = sorted(Path(__file__).parent.glob("*.py"))
    lock = ROOT / "contracts" / "package-lock.json"
    compiled = {name: artifact.bytecode for name, artifact in sorted(contracts.items())}
    settings = {"plan": asdict(plan), "chain_id": chain_id, "hardfork": HARDFORK}
    digest = hashlib.sha256(msgspec.json.encode([settings, compiled]))
    for path in (*sources, lock):
        digest.update(hashlib.sha256(path.read_bytes()).digest())
    return digest.hexdigest()


def _read(folder: Path) -> _Kept | None:
    """The kept state, or None when there is none or it is damaged."""
    try:
        kept = msgspec.json.decode((folder / "manifest.json").read_bytes(), type=_Kept)
        state = (folder / kept.state_file).read_bytes()
    except (OSError, msgspec.MsgspecError):
        return None
    return kept if hashlib.sha256(state).hexdigest() == kept.state_sha256 else None


def _keep(folder: Path, state: bytes, deployment: Deployment) -> _Kept:
    """Write the state, and last the manifest that vouches for it."""
    digest = hashlib.sha256(state).hexdigest()
    kept = _Kept(
        deployment=deployment,
        state_file=f"state-{digest[:NAME_CHARACTERS]}.json",
        state_sha256=digest,
    )
    write_atomically(folder / kept.state_file, state)
    write_atomically(folder / "manifest.json", msgspec.json.encode(kept))
    return kept
