"""`searcher watch`: shows every configured source of a network, and trades nothing."""

import json
from pathlib import Path
from typing import Annotated, Final

import typer
from rich.console import Console
from rich.live import Live

from searcher.adapters.clock import sleep
from searcher.command_line import EXIT_BROKEN_WORLD, run_until_stopped
from searcher.config import environment, load_configured, load_settings
from searcher.watch_view import Rates, sight_object, sight_table
from searcher.watching import Watching, until_live, watching

SHOW_SECONDS: Final = 0.5
"""Between two pictures."""

TELL_SECONDS: Final = 1.0
"""Between two lines of JSON."""


def watch(
    *,
    network: Annotated[str, typer.Option(help="A network of the configuration.")],
    once: Annotated[
        bool, typer.Option("--once", help="Print once all are live; exit code 1 if one is not.")
    ] = False,
    patience: Annotated[
        float, typer.Option(min=0, help="Seconds that --once waits for the last one.")
    ] = 30.0,
    as_json: Annotated[
        bool, typer.Option("--json", help="One JSON object a line, and nothing else.")
    ] = False,
    config: Annotated[Path, typer.Option(help="The settings.")] = Path("config.toml"),
) -> None:
    """Show every source of a network: its state, age, rate and gaps. Needs no key."""
    settings = load_settings(config)
    chosen = load_configured(settings, network, environment())

    async def main() -> None:
        is_live = True
        async with watching(settings, chosen) as sources:
            if once:
                is_live = await _show_once(network, sources, patience_s=patience, as_json=as_json)
            elif as_json:
                await _tell(network, sources)
            else:
                await _show(network, sources)
        if not is_live:
            raise typer.Exit(EXIT_BROKEN_WORLD)

    run_until_stopped(main())


async def _show_once(network: str, sources: Watching, *, patience_s: float, as_json: bool) -> bool:
    rates = Rates()
    rates.note(sources.sight())
    sight = await until_live(sources, patience_s=patience_s)
    rates.note(sight)
    if as_json:
        typer.echo(json.dumps(sight_object(network, sight, rates)))
    else:
        Console().print(sight_table(network, sight, rates))
    return sight.is_live


async def _show(network: str, sources: Watching) -> None:
    rates = Rates()
    with Live(console=Console(), auto_refresh=False) as picture:
        while True:
            sight = sources.sight()
            rates.note(sight)
            picture.update(sight_table(network, sight, rates), refresh=True)
            await sleep(SHOW_SECONDS)


async def _tell(network: str, sources: Watching) -> None:
    rates = Rates()
    while True:
        sight = sources.sight()
        rates.note(sight)
        typer.echo(json.dumps(sight_object(network, sight, rates)))
        await sleep(TELL_SECONDS)
