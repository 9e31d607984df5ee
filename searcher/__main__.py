"""The `searcher` command line. Dry runs are the default; sending is a flag, mainnet needs two."""

from pathlib import Path
from typing import Annotated

import typer

from searcher import archive_commands
from searcher.command_line import prepare_kernels, run_app, run_until_stopped
from searcher.config import (
    Settings,
    deployment_path,
    environment,
    load_configured,
    load_network,
    load_settings,
    parse_address,
)
from searcher.deploy import DeployOptions, deploy_executor
from searcher.doctor_command import doctor
from searcher.errors import ConfigError
from searcher.event_log import EventLog
from searcher.executor_artifact import load_executor, write_verification_input
from searcher.fork_process import running_fork
from searcher.live import Run, load_secrets, load_trading_key, run_live, trading_address
from searcher.network_wiring import network_wiring
from searcher.settings.network import (
    NetworkSettings,
)
from searcher.signer_command import signer
from searcher.watch_command import watch
from searcher.why_command import why
from searcher.wiring import NOWHERE

FORK = "fork"
"""The network that is started rather than found."""

MAINNET_CHAIN_ID = 1

app = typer.Typer(no_args_is_help=True, pretty_exceptions_enable=False, add_completion=False)
app.command()(signer)
app.command()(watch)
app.command()(doctor)
app.add_typer(
    archive_commands.app, name="archive", help="Compact what was received, and ask about it."
)


@app.callback()
def searcher() -> None:
    """Find, prove and privately submit arbitrage. Everything is a dry run until you say --live."""


@app.command()
def run(
    *,
    network: Annotated[str, typer.Option(help="A network of the configuration, or `fork`.")],
    live: Annotated[bool, typer.Option("--live", help="Send bundles.")] = False,
    i_understand_mainnet: Annotated[
        bool, typer.Option("--i-understand-mainnet", help="Let --live spend on mainnet.")
    ] = False,
    of: Annotated[str, typer.Option(help="The network that `fork` forks.")] = "mainnet",
    config: Annotated[Path, typer.Option(help="The settings.")] = Path("config.toml"),
) -> None:
    """Watch a network, search every block and simulate what is found; with --live, send it."""
    settings = load_settings(config)
    ledger = settings.ledger.folder / f"{network}.sqlite"
    if network == FORK:
        with running_fork(config=config, of=of):
            chosen = load_network(settings, FORK, environment())
            _run(settings, chosen, ledger=ledger, pools=None, sends=live)
        return
    chosen = load_network(settings, network, environment())
    _require_consent(chosen, sends=live, consents=i_understand_mainnet)
    pools = settings.discovery.folder / f"{network}.snapshot"
    _run(settings, chosen, ledger=ledger, pools=pools, sends=live)


@app.command()
def deploy(
    *,
    network: Annotated[str, typer.Option(help="A network of the configuration.")],
    live: Annotated[bool, typer.Option("--live", help="Send the transaction.")] = False,
    i_understand_mainnet: Annotated[
        bool, typer.Option("--i-understand-mainnet", help="Let --live spend on mainnet.")
    ] = False,
    beneficiary: Annotated[
        str, typer.Option(help="Who receives profits, for good; else the trading account.")
    ] = "",
    guardian: Annotated[str, typer.Option(help="Who can pause besides the owner.")] = "",
    verify_input: Annotated[
        Path | None, typer.Option(help="A file for the standard JSON that block explorers take.")
    ] = None,
    config: Annotated[Path, typer.Option(help="The settings.")] = Path("config.toml"),
) -> None:
    """Say where the executor would stand and what that costs; with --live, deploy and verify it."""
    settings = load_settings(config)
    artifact = load_executor()
    if verify_input is not None:
        write_verification_input(artifact, verify_input)
        typer.echo(f"wrote {verify_input}, for {artifact.compiler_version}")
    chosen = load_configured(settings, network, environment())
    _require_consent(chosen, sends=live, consents=i_understand_mainnet)
    trading_key = load_trading_key(settings.keys, environment())
    owner = trading_address(trading_key)
    options = DeployOptions(
        network=chosen,
        artifact=artifact,
        wiring=network_wiring(
            chosen,
            owner=owner,
            beneficiary=parse_address(beneficiary, "--beneficiary") if beneficiary else owner,
            guardian=parse_address(guardian, "--guardian") if guardian else NOWHERE,
        ),
        trading_key=trading_key,
        note=deployment_path(settings, network),
        sends=live,
    )
    run_until_stopped(deploy_executor(options, typer.echo))


app.command()(why)


def _require_consent(network: NetworkSettings, *, sends: bool, consents: bool) -> None:
    if sends and network.chain_id == MAINNET_CHAIN_ID and not consents:
        raise ConfigError("mainnet spends real money; repeat with --live --i-understand-mainnet")


def _run(
    settings: Settings, network: NetworkSettings, *, ledger: Path, pools: Path | None, sends: bool
) -> None:
    secrets = load_secrets(settings.keys, environment())
    prepare_kernels()
    bot = Run(
        settings=settings, network=network, secrets=secrets, ledger=ledger, sends=sends, pools=pools
    )
    run_until_stopped(run_live(bot, EventLog().watch))


def main() -> None:
    """The entry point of `searcher`."""
    run_app(app)


if __name__ == "__main__":
    main()
