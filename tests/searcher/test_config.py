"""Settings: what ships loads, and whatever is wrong is one line that names the setting."""

import re
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
from hypothesis import given
from hypothesis import strategies as st

from graphs.units import BPS
from searcher.config import (
    Settings,
    load_network,
    load_settings,
)
from searcher.errors import ConfigError
from searcher.settings.bot import (
    BiddingSettings,
    KeySettings,
    SearchSettings,
)
from searcher.settings.network import (
    NetworkSettings,
)

SHIPPED = Path(__file__).parents[2] / "config.toml"
ENDPOINT = "https://provider.example/v3/c0ffee5ec4e7"
VARIABLES = {
    f"{network}_{kind}_URL": ENDPOINT
    for network in ("MAINNET", "SEPOLIA")
    for kind in ("HTTP", "WS")
}
WETH = "0xC02aaA39b223FE8D0A0e5C4F27eAD9083C756Cc2"
NETWORK: dict[str, object] = {
    "chain_id": 1,
    "http_url": "env:MAINNET_HTTP_URL",
    "ws_url": ENDPOINT,
    "weth": WETH,
    "multicall3": "0xcA11bde05977b3631167028862bE2a173976CA11",
    "factories": [{"kind": "uniswap_v2", "venue": "v2", "address": WETH}],
    "lenders": [{"kind": "aave_v3", "address": WETH}],
    "relays": [{"name": "relay", "url": ENDPOINT}],
}


def network(**changes: object) -> NetworkSettings:
    settings = Settings(networks={"mainnet": {**NETWORK, **changes}})
    return load_network(settings, "mainnet", VARIABLES)


def refusal(**changes: object) -> str:
    with pytest.raises(ConfigError) as caught:
        network(**changes)
    return one_line(caught.value)


def refusal_of_text(folder: Path, text: str) -> str:
    path = folder / "config.toml"
    path.write_text(text, encoding="utf-8")
    with pytest.raises(ConfigError) as caught:
        load_settings(path)
    return one_line(caught.value)


def one_line(error: ConfigError) -> str:
    message = str(error)
    assert "\n" not in message
    assert ENDPOINT not in message
    assert error.__cause__ is None
    return message


def test_shipped_configuration_shows_the_defaults() -> None:
    settings = load_settings(SHIPPED)

    assert settings.search == SearchSettings()
    assert settings.bidding == BiddingSettings()
    assert settings.keys == KeySettings()


@pytest.mark.parametrize(("name", "chain_id"), [("mainnet", 1), ("sepolia", 11_155_111)])
def test_shipped_network_resolves_from_the_environment(name: str, chain_id: int) -> None:
    chosen = load_network(load_settings(SHIPPED), name, VARIABLES)

    assert chosen.chain_id == chain_id
    assert chosen.http_url.get_secret_value() == ENDPOINT
    assert chosen.weth == chosen.weth.lower()
    assert chosen.executor is None


@pytest.mark.parametrize(
    ("text", "named", "hint"),
    [
        ("[serch]\n", "serch", "'search'"),
        ("[search]\nmax_hop = 4\n", "search.max_hop", "'max_hops'"),
        ("[bidding]\ntip_share = 1\n", "bidding.tip_share", "'tip_share_bps'"),
        ("[ledger]\npath = 'x'\n", "ledger.path", "remove it"),
        ("[search]\ntip_share_bps = 1\n", "search.tip_share_bps", "remove it"),
    ],
)
def test_unknown_key_is_named_with_the_nearest_real_one(
    *, tmp_path: Path, text: str, named: str, hint: str
) -> None:
    message = refusal_of_text(tmp_path, text)

    assert f" {named} is not a setting" in message
    assert message.endswith((hint, f"{hint}?"))


@pytest.mark.parametrize(
    ("changes", "named", "hint"),
    [
        ({"http_uri": ENDPOINT}, "http_uri", "'http_url'"),
        ({"relays": [{"name": "a", "url": ENDPOINT, "nam": "b"}]}, "relays.0.nam", "'name'"),
        ({"lenders": [{"kind": "aave_v3", "addres": WETH}]}, "lenders.0.addres ", "'address'"),
        ({"lenders": [{"kind": "aave_v3"}]}, "lenders.0", "has an address"),
        ({"lenders": [{"kind": "none", "address": WETH}]}, "lenders.0", "has no address"),
    ],
)
def test_unknown_or_missing_key_of_a_network_is_named(
    changes: dict[str, object], named: str, hint: str
) -> None:
    message = refusal(**changes)

    assert message.startswith(f"networks.mainnet: {named}")
    assert hint in message


@pytest.mark.parametrize(
    "address",
    [
        "",
        WETH[:-1],
        WETH[2:] + "00",
        "0x" + "g" * 40,
        "0x" + "1_" * 20,
        "0x " + "1" * 39,
        "0x-" + "1" * 39,
    ],
)
def test_malformed_address_is_refused(address: str) -> None:
    assert refusal(weth=address) == "networks.mainnet: weth: an address is 0x and 40 hex digits"


@given(position=st.sampled_from([i for i, char in enumerate(WETH) if i > 1 and char.isalpha()]))
def test_address_with_one_letter_of_wrong_case_is_refused(position: int) -> None:
    wrong = WETH[:position] + WETH[position].swapcase() + WETH[position + 1 :]

    assert "weth: the address has a wrong checksum" in refusal(weth=wrong)


@given(digits=st.text("0123456789abcdef", min_size=40, max_size=40), upper=st.booleans())
def test_address_of_one_case_needs_no_checksum(*, digits: str, upper: bool) -> None:
    written = "0x" + (digits.upper() if upper else digits)

    assert network(weth=written).weth == "0x" + digits


@given(value=st.integers().filter(lambda value: not 0 <= value <= BPS))
def test_tip_share_out_of_range_is_named(value: int) -> None:
    with TemporaryDirectory() as folder:
        message = refusal_of_text(Path(folder), f"[bidding]\ntip_share_bps = {value}\n")

    assert "bidding.tip_share_bps: " in message


@pytest.mark.parametrize(
    ("changes", "named"),
    [
        ({"chain_id": 0}, "chain_id"),
        ({"slot_seconds": "soon"}, "slot_seconds"),
        ({"http_url": 7}, "http_url"),
        ({"relays": [{"name": "a", "url": [ENDPOINT]}]}, "relays.0.url"),
        ({"factories": [{"kind": ENDPOINT, "venue": "", "address": WETH}]}, "factories.0.kind"),
        ({"lenders": ENDPOINT}, "lenders"),
        ({"weth": ENDPOINT}, "weth"),
        ({"chain_id": ENDPOINT}, "chain_id"),
        ({"http_url": f"env:{ENDPOINT}"}, "http_url"),
    ],
)
def test_bad_value_of_a_network_is_named_and_not_quoted(
    changes: dict[str, object], named: str
) -> None:
    assert refusal(**changes).startswith(f"networks.mainnet: {named}: ")


@pytest.mark.parametrize("variables", [{}, {"MAINNET_HTTP_URL": ""}])
def test_variable_that_is_not_set_is_named(variables: dict[str, str]) -> None:
    settings = Settings(networks={"mainnet": NETWORK})

    with pytest.raises(ConfigError) as caught:
        load_network(settings, "mainnet", variables)

    assert "MAINNET_HTTP_URL is not set; export it" in one_line(caught.value)


def test_key_in_place_of_a_reference_is_refused_and_not_quoted(tmp_path: Path) -> None:
    canary = "0x" + "c0ffee" * 10 + "beef"

    message = refusal_of_text(tmp_path, f'[keys]\ntrading = "{canary}"\n')

    assert "keys.trading" in message
    assert canary[2:] not in message


@pytest.mark.parametrize(
    "text",
    ['trading = "env:{}"', 'trading = "env:0x{}"', 'signer = "{}"', '{} = "x"', "0x{} = 1"],
)
def test_pasted_key_is_never_quoted(text: str, tmp_path: Path) -> None:
    canary = "c0ffee" * 10 + "beef"

    message = refusal_of_text(tmp_path, f"[keys]\n{text.format(canary)}\n")

    assert "keys." in message
    assert canary not in message


@pytest.mark.parametrize("signer", ["", "unix:", "/run/signer.sock", "tcp:127.0.0.1:1"])
def test_signer_that_is_no_socket_is_refused(signer: str, tmp_path: Path) -> None:
    message = refusal_of_text(tmp_path, f'[keys]\nsigner = "{signer}"\n')

    assert message.endswith("write unix:PATH with the path of the socket of `searcher signer`")


def test_missing_file_is_named_with_the_remedy(tmp_path: Path) -> None:
    with pytest.raises(ConfigError) as caught:
        load_settings(tmp_path / "absent.toml")

    assert re.search(r"absent\.toml does not exist; name another", one_line(caught.value))


@pytest.mark.parametrize("content", [b"[search\n", b"a = 1\na = 2\n", b"\xff\xfe", b"\x00"])
def test_file_that_is_not_toml_is_named(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "config.toml"
    path.write_bytes(content)

    with pytest.raises(ConfigError) as caught:
        load_settings(path)

    assert one_line(caught.value).startswith(f"{path} cannot be read as TOML: ")


def test_folder_in_place_of_the_file_is_named(tmp_path: Path) -> None:
    with pytest.raises(ConfigError) as caught:
        load_settings(tmp_path)

    assert str(tmp_path) in one_line(caught.value)


def test_unknown_network_is_answered_with_the_known_ones() -> None:
    with pytest.raises(ConfigError) as caught:
        load_network(load_settings(SHIPPED), "goerli", VARIABLES)

    assert one_line(caught.value).endswith("known: devnet, fork, mainnet, sepolia")


def test_network_whose_file_is_missing_is_not_running(tmp_path: Path) -> None:
    settings = Settings(networks={"devnet": {"file": str(tmp_path / "network.toml")}})

    with pytest.raises(ConfigError) as caught:
        load_network(settings, "devnet", {})

    assert "network 'devnet' is not running" in one_line(caught.value)


def test_network_is_read_from_the_file_that_it_names(tmp_path: Path) -> None:
    path = tmp_path / "network.toml"
    addresses = f'weth = "{WETH}"\nmulticall3 = "{WETH}"\nfactories = []\nlenders = []\n'
    path.write_text(f'chain_id = 31337\nhttp_url = "http://a"\nws_url = "ws://a"\n{addresses}')

    chosen = load_network(Settings(networks={"devnet": {"file": str(path)}}), "devnet", {})

    assert (chosen.chain_id, chosen.http_url.get_secret_value()) == (31337, "http://a")


def test_representation_of_settings_hides_every_endpoint() -> None:
    settings = Settings(networks={"mainnet": {**NETWORK, "http_url": ENDPOINT}})
    chosen = load_network(settings, "mainnet", VARIABLES)

    assert ENDPOINT not in f"{settings!r}{settings}{chosen!r}{chosen}{chosen.relays}"
