"""`searcher signer`: holds the trading key in a process of its own.

Separate from the other commands because it is the only one that needs neither node nor relay, and
because nothing but this process needs the key once it runs.
"""

import asyncio
from pathlib import Path
from typing import Annotated, Final

import typer

from graphs.units import Address
from searcher.adapters.keys import TradingKey, assert_native_signing, load_secret
from searcher.adapters.signer_process import SignerProcess, listening
from searcher.command_line import run_until_stopped
from searcher.config import environment, load_network, load_settings
from searcher.errors import ConfigError
from searcher.signing_policy import SigningPolicy

MAX_GAS: Final = 10_000_000
"""More than the longest plan needs."""

MAX_FEE_WEI: Final = 500 * 10**9
"""Per gas; base fees above it are rarer than stolen bots."""


def signer(
    *,
    network: Annotated[str, typer.Option(help="A network of the configuration.")],
    socket: Annotated[Path, typer.Option(help="Where to listen.")],
    max_gas: Annotated[int, typer.Option(help="The highest gas limit that is signed.")] = MAX_GAS,
    max_fee_wei: Annotated[
        int, typer.Option(help="The highest fee per gas that is signed.")
    ] = MAX_FEE_WEI,
    config: Annotated[Path, typer.Option(help="The settings.")] = Path("config.toml"),
) -> None:
    """Sign for a bot in another process: calls of the executor on this chain, and nothing else."""
    settings = load_settings(config)
    chosen = load_network(settings, network, environment())
    if chosen.executor is None:
        raise ConfigError("no executor is configured; run `searcher deploy`, or set `executor`")
    assert_native_signing()
    key = TradingKey(load_secret(settings.keys.trading, environment()), chain_id=chosen.chain_id)
    policy = SigningPolicy(
        chain_id=chosen.chain_id,
        executor=Address(chosen.executor),
        max_gas_gas=max_gas,
        max_fee_per_gas_wei=max_fee_wei,
    )
    run_until_stopped(_serve(SignerProcess(signer=key, policy=policy), socket))


async def _serve(process: SignerProcess, path: Path) -> None:
    async with listening(process, path):
        typer.echo(f"signing for {process.signer.address} at {path}")
        await asyncio.Event().wait()
