"""The `searcher` command line. Dry runs are the default; sending is a flag, mainnet needs two."""

from pathlib import Path
from typing import Annotated

import typer

from searcher.command_line import prepare_kernels, run_app, run_until_stopped
from searcher.config import NetworkSettings, Settings, environment, load_network, load_settings
from searcher.errors import ConfigError
from searcher.event_log import EventLog
from searcher.fork_process import running_fork
from searcher.live import Run, load_secrets, run_live

FORK = "fork"
"""The network that is started rather than found."""

MAINNET_CHAIN_ID = 1

app = typer.Typer(no_args_is_help=True, pretty_exceptions_enable=False, add_completion=False)


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
            _run(settings, chosen, ledger=ledger, sends=live)
        return
    chosen = load_network(settings, network, environment())
    if live and chosen.chain_id == MAINNET_CHAIN_ID and not i_understand_mainnet:
        raise ConfigError("mainnet spends real money; repeat with --live --i-understand-mainnet")
    _run(settings, chosen, ledger=ledger, sends=live)


def _run(settings: Settings, network: NetworkSettings, *, ledger: Path, sends: bool) -> None:
    secrets = load_secrets(settings.keys, environment())
    prepare_kernels()
    bot = Run(settings=settings, network=network, secrets=secrets, ledger=ledger, sends=sends)
    run_until_stopped(run_live(bot, EventLog().watch))


def main() -> None:
    """The entry point of `searcher`."""
    run_app(app)


if __name__ == "__main__":
    main()
