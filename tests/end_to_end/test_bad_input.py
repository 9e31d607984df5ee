"""Whatever a user gets wrong is one line that names it and the remedy, and exit code 2."""

import socket
from pathlib import Path

import pytest

from tests.end_to_end.commands import ROOT, run

pytestmark = pytest.mark.slow

KEYS = {"SEARCHER_TRADING_KEY": "0x" + "11" * 32, "SEARCHER_IDENTITY_KEY": "0x" + "22" * 32}
NETWORK = """
[networks.local]
chain_id = 31337
http_url = "http://127.0.0.1:9"
ws_url = "ws://127.0.0.1:9"
weth = "0x00000000000000000000000000000000000000aa"
multicall3 = "0x00000000000000000000000000000000000000bb"
factories = []
lenders = []
relays = [{ name = "local", url = "http://127.0.0.1:9" }]
"""
HEADER = (
    "chain,dex,pool,token0,token1,symbol0,symbol1,decimals0,decimals1,"
    "reserve0,reserve1,fee_bps,factory_index\n"
)


def refused(*command: str, **options: object) -> str:
    """The one line that a refused command prints."""
    finished = run(*command, **options)  # type: ignore[arg-type]  # cwd and variables
    assert finished.returncode == 2, finished.stdout + finished.stderr
    assert finished.stdout == ""
    assert len(finished.stderr.splitlines()) == 1, finished.stderr
    return finished.stderr


@pytest.mark.parametrize(
    ("text", "named"),
    [
        ("[search]\nmax_hop = 4\n", "search.max_hop is not a setting; did you mean 'max_hops'?"),
        ("[bidding]\ntip_share_bps = 10001\n", "bidding.tip_share_bps"),
        ("[bidding\n", "cannot be read as TOML"),
        (NETWORK.replace("00aa", "00a"), "networks.local: weth: an address is 0x and 40 hex"),
        (NETWORK.replace("http://127.0.0.1:9", "env:NO_URL"), "NO_URL is not set; export it"),
        ("", "no network 'local' in the configuration"),
        (NETWORK, "cannot be reached|no answer"),
    ],
    ids=["unknown key", "range", "not TOML", "address", "variable", "network", "unreachable"],
)
def test_bad_configuration_is_one_line(text: str, named: str, tmp_path: Path) -> None:
    (tmp_path / "config.toml").write_text(text)

    line = refused("searcher", "run", "--network", "local", cwd=tmp_path, variables=KEYS)

    assert any(words in line for words in named.split("|")), line


def test_missing_key_variable_is_named(tmp_path: Path) -> None:
    (tmp_path / "config.toml").write_text(NETWORK)

    line = refused("searcher", "run", "--network", "local", cwd=tmp_path)

    assert "SEARCHER_TRADING_KEY" in line


@pytest.mark.parametrize("command", ["run", "deploy"])
def test_mainnet_needs_a_second_flag(command: str) -> None:
    endpoints = {"MAINNET_HTTP_URL": "http://127.0.0.1:9", "MAINNET_WS_URL": "ws://127.0.0.1:9"}

    line = refused(
        "searcher", command, "--network", "mainnet", "--live", variables={**KEYS, **endpoints}
    )

    assert "--i-understand-mainnet" in line


@pytest.mark.parametrize(
    ("arguments", "named"),
    [
        (("--beneficiary", "0x12"), "--beneficiary: an address is 0x and 40 hex digits"),
        (("--guardian", "guardian"), "--guardian: an address is 0x and 40 hex digits"),
        (("--verify-input", "absent/input.json"), "absent/input.json cannot be written"),
        ((), "cannot be reached|no answer"),
    ],
    ids=["beneficiary", "guardian", "file", "unreachable"],
)
def test_bad_deployment_is_one_line(arguments: tuple[str, ...], named: str, tmp_path: Path) -> None:
    (tmp_path / "config.toml").write_text(NETWORK)
    command = ("searcher", "deploy", "--network", "local", *arguments)

    line = refused(*command, cwd=tmp_path, variables=KEYS)

    assert any(words in line for words in named.split("|")), line


def test_missing_configuration_is_named(tmp_path: Path) -> None:
    line = refused("searcher", "run", "--network", "local", cwd=tmp_path)

    assert "config.toml does not exist" in line


def test_broken_row_is_named_with_its_line(tmp_path: Path) -> None:
    table = tmp_path / "pools.csv"
    table.write_text(HEADER + "eth,uni,0x1,0x2,0x3,A,B,18,18,1,2,30,0\n")

    line = refused("sims", "search", "--pools", str(table), "--base", "0x" + "aa" * 20)

    assert str(table) in line
    assert "line 2" in line


def test_broken_book_is_named_with_its_place(tmp_path: Path) -> None:
    books = tmp_path / "books.json"
    books.write_text('{"books": [{"exchange": "kraken"}]}')

    line = refused("sims", "search", "--books", str(books), "--base", "0x" + "aa" * 20)

    assert f"{books}, books[0]: " in line


@pytest.mark.parametrize(
    "options",
    [
        ("--books", "b.json"),
        ("--base", "0xaa"),
        ("--books", "b.json", "--base", "0xaa", "--draw", "d.svg"),
        ("--books", "b.json", "--base", "0xaa", "--known", "k.jsonl"),
    ],
    ids=["no base", "no pools", "no pools to draw", "known"],
)
def test_search_without_all_that_it_needs_says_what_to_give(options: tuple[str, ...]) -> None:
    line = refused("sims", "search", *options)

    assert "give --pools FILE or --books FILE with --base ADDRESS" in line


@pytest.mark.anvil
def test_port_in_use_is_named() -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        finished = run("sims", "devnet", "--relay-port", str(port), cwd=ROOT)

    assert finished.returncode == 2
    assert f"port {port}" in finished.stderr.splitlines()[-1]


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        ((), "name one bundle, or say how many with --last N"),
        (("abc", "--last", "2"), "name one bundle, or say how many with --last N"),
        (("abc",), "there is no ledger"),
        (("--last", "3"), "there is no ledger"),
    ],
    ids=["neither", "both", "bundle", "last"],
)
def test_question_that_cannot_be_answered_is_one_line(
    arguments: tuple[str, ...], words: str, tmp_path: Path
) -> None:
    (tmp_path / "config.toml").write_text(NETWORK)

    assert words in refused("searcher", "why", "--network", "local", *arguments, cwd=tmp_path)
