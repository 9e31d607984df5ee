"""The `sims` command line: runs the bot against something other than the present."""

import json
from contextlib import nullcontext
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console

from graphs.units import Address
from searcher.adapters.clock import SystemClock
from searcher.command_line import prepare_kernels, run_app, run_until_stopped
from searcher.config import (
    environment,
    load_network,
    load_settings,
    network_path,
)
from searcher.fork_process import READY
from searcher.live import Notice, load_trading_key, trading_address
from sims.cycle_drawing import write_drawing
from sims.demo import DemoOptions, run_demo
from sims.demo_record import DemoRecord
from sims.demo_view import DemoView
from sims.devnet.anvil import ROOT
from sims.devnet.compiler import compile_contracts
from sims.errors import SimsError
from sims.exchanges.certificate import make_certificate
from sims.exchanges.faults import Fault
from sims.exchanges.running import (
    DEFAULT_MARKETS,
    ExchangesOptions,
    read_markets,
    read_recordings,
    run_exchanges,
)
from sims.fork import ForkOptions, cancelled_at_end_of_input, run_fork
from sims.known_arbitrages import check_known
from sims.local_chain import DevnetOptions, run_devnet
from sims.relay_command import RelayCommand, run_relay
from sims.search import (
    Bases,
    OneBaseError,
    PoolSelection,
    SearchOptionsError,
    search_pools,
    with_together,
)
from sims.search_view import say_known, say_search
from sims.sepolia_rehearsal import RehearsalOptions, rehearse
from sims.signal_search import BookSelection, search_signals
from sims.signal_view import say_signals

CACHE = ROOT / ".cache"

app = typer.Typer(no_args_is_help=True, pretty_exceptions_enable=False, add_completion=False)

Config = Annotated[Path, typer.Option(help="The settings.")]
Pace = Annotated[float, typer.Option(min=0.1, help="Wall-clock seconds in a slot.")]
Json = Annotated[bool, typer.Option("--json", help="Print one JSON object and nothing else.")]


@app.callback()
def sims() -> None:
    """Run the bot on a local chain, on a fork or on recorded pools."""


@app.command()
def demo(
    *,
    blocks: Annotated[int, typer.Option(min=1, help="Blocks in which traders trade.")] = 20,
    seed: Annotated[int, typer.Option(help="Of the traders: the same seed, the same trades.")] = 7,
    pace: Pace = 1.0,
    rivals: Annotated[
        int, typer.Option(min=0, max=4, help="Other searchers that want the same.")
    ] = 0,
    flash_swaps: Annotated[
        bool, typer.Option("--flash-swaps", help="Let a cycle's first pool lend: it always wins.")
    ] = False,
    config: Config = Path("config.toml"),
    ledger: Annotated[Path | None, typer.Option(help="A new file; else one under .cache.")] = None,
    as_json: Json = False,
) -> None:
    """From a price gap to a landed flash-loan bundle, on real contracts, offline."""
    clock = SystemClock()
    options = DemoOptions(
        settings=load_settings(config),
        ledger=ledger or CACHE / "demo" / f"ledger-{clock.now_ns()}.sqlite",
        blocks=blocks,
        seed=seed,
        pace_s=pace,
        rivals=rivals,
        flash_swaps=flash_swaps,
    )
    prepare_kernels()
    record = DemoRecord()
    view = DemoView(Console(stderr=as_json, quiet=as_json), record)

    def watch(event: Notice) -> None:
        record.watch(event)
        view.watch(event)

    async def main() -> None:
        elapsed_s = await run_demo(options, say=view.say, watch=watch)
        summary = record.summary(blocks=blocks, elapsed_s=elapsed_s)
        view.close(summary, options.ledger)
        if as_json:
            typer.echo(json.dumps(summary))

    run_until_stopped(main())


@app.command()
def devnet(
    *,
    seed: Annotated[int, typer.Option(help="Of the traders.")] = 7,
    pace: Pace = 2.0,
    relay_port: Annotated[
        int, typer.Option(min=0, max=65_535, help="Of the local relay; 0 for any.")
    ] = 0,
    config: Config = Path("config.toml"),
) -> None:
    """Keep a local chain with traders and a relay running for `searcher run --network devnet`."""
    file = network_path(load_settings(config), "devnet")
    options = DevnetOptions(seed=seed, pace_s=pace, relay_port=relay_port, file=file)
    run_until_stopped(run_devnet(options, say=typer.echo))


@app.command()
def fork(
    *,
    of: Annotated[str, typer.Option(help="The network to fork.")] = "mainnet",
    pace: Pace = 12.0,
    config: Config = Path("config.toml"),
    attached: Annotated[bool, typer.Option("--attached", hidden=True)] = False,
) -> None:
    """Keep a fork of a real chain running, with our executor and the local relay on it."""
    settings = load_settings(config)
    options = ForkOptions(
        upstream=load_network(settings, of, environment()),
        owner=trading_address(load_trading_key(settings.keys, environment())),
        file=network_path(settings, "fork"),
        pace_s=pace,
    )

    async def main() -> None:
        with cancelled_at_end_of_input() if attached else nullcontext():
            await run_fork(options, ready=lambda: typer.echo(READY))

    run_until_stopped(main())


@app.command()
def relay(
    *,
    node: Annotated[str, typer.Option(help="URL of an anvil started with --no-mining.")],
    port: Annotated[int, typer.Option(min=0, max=65_535, help="To listen on; 0 for any.")] = 0,
    profile: Annotated[str, typer.Option(help="Whose manners it has.")] = "flashbots",
    pace: Pace = 12.0,
    cutoff: Annotated[
        float | None, typer.Option(help="Seconds into the slot after which bundles are late.")
    ] = None,
    won: Annotated[int, typer.Option(min=0, max=100, help="Percent of slots that it wins.")] = 100,
    fault: Annotated[
        list[str] | None, typer.Option(help="KIND[:PERCENT][@METHOD,METHOD]; can be repeated.")
    ] = None,
    seed: Annotated[int, typer.Option(help="Of faults and of slots won.")] = 0,
) -> None:
    """Run the local relay and builder alone, in front of any anvil, for anybody's client."""
    command = RelayCommand(
        node_url=node,
        port=port,
        profile=profile,
        pace_s=pace,
        cutoff_s=cutoff,
        won_percent=won,
        faults=fault or (),
        seed=seed,
    )
    run_until_stopped(run_relay(command, say=typer.echo))


@app.command()
def sepolia_rehearsal(
    *,
    blocks: Annotated[
        int, typer.Option(min=1, help="In which traders trade and a bundle must land.")
    ] = 40,
    seed: Annotated[int, typer.Option(help="Of the traders.")] = 7,
    pace: Pace = 1.0,
    config: Config = Path("config.toml"),
) -> None:
    """Deploy and land a bundle with Sepolia's profile, on a local chain made to look like it."""
    folder = CACHE / "sepolia-rehearsal" / str(SystemClock().now_ns())
    options = RehearsalOptions(
        settings=load_settings(config), folder=folder, blocks=blocks, seed=seed, pace_s=pace
    )
    prepare_kernels()
    run_until_stopped(rehearse(options, say=typer.echo))


@app.command()
def search(
    *,
    pools: Annotated[
        Path | None, typer.Option(help="Recorded pools: a CSV table, JSON, or a folder of them.")
    ] = None,
    base: Annotated[
        list[str] | None, typer.Option(help="A token that cycles start and end with; repeatable.")
    ] = None,
    weth: Annotated[
        str | None, typer.Option(help="What profits are compared in; else the first base.")
    ] = None,
    books: Annotated[
        list[Path] | None,
        typer.Option(help="Order books for signals: JSON or a folder of it; can be repeated."),
    ] = None,
    known: Annotated[
        Path | None, typer.Option(help="Recorded arbitrages to find again, instead of pools.")
    ] = None,
    chain: Annotated[str | None, typer.Option(help="Of the pools, where files name many.")] = None,
    max_hops: Annotated[int, typer.Option(min=2, max=8)] = 4,
    top: Annotated[int, typer.Option(min=0, help="Cycles to print, best first.")] = 10,
    together: Annotated[
        int, typer.Option(min=0, help="Cycles to choose at most, to execute one after the other.")
    ] = 0,
    draw: Annotated[Path | None, typer.Option(help="An SVG file for a picture of them.")] = None,
    as_json: Json = False,
) -> None:
    """Find and size every profitable cycle through a token in recorded pools and order books."""
    console = Console()
    if known is not None and pools is None and draw is None and not books and not together:
        prepare_kernels()
        checked = check_known(known, max_hops=max_hops)
        say_known(checked, console, as_json=as_json)
        raise typer.Exit(0 if checked.is_met else 1)
    is_of_pools = draw is not None or together or not books
    if known is not None or not base or (pools is None and is_of_pools):
        raise SearchOptionsError
    if (books or together) and len(base) > 1:
        raise OneBaseError
    prepare_kernels()
    clock, report = SystemClock(), None
    if pools is not None:
        bases = Bases(tokens=tuple(map(Address, base)), weth=Address(weth) if weth else None)
        selection = PoolSelection(path=pools, chain=chain, needs_base=not books)
        report = search_pools(selection, bases=bases, max_hops=max_hops, top=top, clock=clock)
        report = with_together(report, most=together, clock=clock)
        if draw is not None:
            write_drawing(draw, report)
    if books:
        beside = BookSelection(paths=books, beside=report.market if report else None)
        token = Address(base[0])
        signals = search_signals(beside, base=token, max_hops=max_hops, top=top, clock=clock)
        say_signals(signals, report, console, as_json=as_json)
    elif report is not None:
        say_search(report, console, as_json=as_json)


@app.command()
def exchanges(
    *,
    seed: Annotated[int, typer.Option(help="Of the markets.")] = 7,
    pace: Annotated[float, typer.Option(min=0.001, help="Seconds between changes.")] = 0.1,
    markets: Annotated[
        list[str] | None, typer.Option(help="Such as ETH/USDC=2500; repeatable.")
    ] = None,
    recording: Annotated[
        list[str] | None,
        typer.Option(help="A market to play besides, such as binance:NKN/USDT:FILE; repeatable."),
    ] = None,
    fault: Annotated[
        list[Fault] | None, typer.Option(help="Of one frame in a hundred; repeatable.")
    ] = None,
    tls: Annotated[
        bool, typer.Option("--tls", help="With a certificate of their own; needs openssl.")
    ] = False,
) -> None:
    """Keep local exchanges running that speak as Binance, Coinbase and Kraken do."""
    options = ExchangesOptions(
        markets=read_markets(markets or DEFAULT_MARKETS),
        seed=seed,
        pace_s=pace,
        recordings=read_recordings(recording or ()),
        faults=tuple(fault or ()),
        certificate=make_certificate(CACHE / "exchanges") if tls else None,
    )
    run_until_stopped(run_exchanges(options, say=typer.echo))


@app.command(name="compile")
def compile_command() -> None:
    """Compile the contracts and the search's kernels where they are not up to date."""
    compile_contracts(ROOT)
    prepare_kernels()


def main() -> None:
    """The entry point of `sims`."""
    run_app(app, SimsError)


if __name__ == "__main__":
    main()
