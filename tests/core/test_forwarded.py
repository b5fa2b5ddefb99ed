from __future__ import annotations

from ipaddress import IPv4Address, IPv6Address, ip_address, ip_network

import pytest
from hypothesis import given
from hypothesis import strategies as st

from livefeed.core.forwarded import client_address, counted_as, parse_address

PROXIES = tuple(ip_network(text) for text in ("10.0.0.0/8", "fd00::/8"))
PROXY, CLIENT = "10.0.0.1", "192.0.2.7"
DOCUMENTATION = [ip_network("192.0.2.0/24"), ip_network("2001:db8::/32")]

outsiders = st.one_of([st.ip_addresses(network=str(network)) for network in DOCUMENTATION])
insiders = st.ip_addresses(network="10.0.0.0/8")


def asked(peer: str | None, *headers: tuple[str, str]) -> str | None:
    raw = [(name.encode(), value.encode("latin-1")) for name, value in headers]
    found = client_address(peer, raw, PROXIES)
    return None if found is None else str(found)


def forwarded(value: str, peer: str = PROXY) -> str | None:
    return asked(peer, ("forwarded", value))


def x_forwarded(value: str, peer: str = PROXY) -> str | None:
    return asked(peer, ("x-forwarded-for", value))


def test_who_is_no_proxy_of_ours_is_the_client_whatever_they_claim() -> None:
    assert x_forwarded("198.51.100.1", peer=CLIENT) == CLIENT
    assert forwarded("for=198.51.100.1", peer=CLIENT) == CLIENT
    assert client_address(CLIENT, [(b"x-forwarded-for", b"198.51.100.1")], ()) == IPv4Address(CLIENT)


@pytest.mark.parametrize("peer", [None, "", "testclient", "/run/livefeed.sock"])
def test_who_has_no_address_has_none(peer: str | None) -> None:
    assert asked(peer, ("x-forwarded-for", CLIENT)) is None


def test_without_a_header_the_proxy_asks_for_itself() -> None:
    assert asked(PROXY) == PROXY


@pytest.mark.parametrize(
    ("node", "address"),
    [
        ("192.0.2.7", "192.0.2.7"),
        ("192.0.2.7:4711", "192.0.2.7"),
        ("192.0.2.7:_port", "192.0.2.7"),
        ("[2001:db8::7]", "2001:db8::7"),
        ("[2001:DB8::7]:4711", "2001:db8::7"),
        ("2001:db8::7", "2001:db8::7"),  # not with a port: nobody could tell
        ("::ffff:192.0.2.7", "192.0.2.7"),
        ("unknown", PROXY),
        ("_hidden", PROXY),
        ("_SEVKISEK:_port", PROXY),
        ("", PROXY),
        ("192.0.2", PROXY),
        ("192.0.2.256", PROXY),
        ("192.0.2.07", PROXY),
        ("192.0.2.7:", PROXY),
        ("[2001:db8::7", PROXY),
        ("[]", PROXY),
        ("[[2001:db8::7]]", PROXY),
        ("٣.0.0.1".encode().decode("latin-1"), PROXY),
    ],
)
def test_nodes(node: str, address: str) -> None:
    assert x_forwarded(node) == address
    assert x_forwarded(f" {node}\t") == address
    assert forwarded(f'for="{node}"') == address
    assert forwarded(f'proto=https;FOR="{node}" ; by="_edge"') == address


@pytest.mark.parametrize(
    ("element", "address"),
    [
        ("for=192.0.2.7", CLIENT),
        ("For=192.0.2.7;", CLIENT),
        ("for=192.0.2.7:80", CLIENT),  # should be quoted, and often is not
        ("for=[2001:db8::7]:80", "2001:db8::7"),
        (r'for="192.0.2\.7"', CLIENT),
        ('for=192.0.2.7;by="a,b;c\\"d"', CLIENT),
        ('by="for=198.51.100.1";for=192.0.2.7', CLIENT),
        ("by=198.51.100.1", PROXY),
        ("for=192.0.2.7;for=198.51.100.1", PROXY),
        ("for=", PROXY),
        ("for", PROXY),
        ("192.0.2.7", PROXY),
        ("for = 192.0.2.7", PROXY),
        ('for="192.0.2.7', PROXY),
        ("for=192.0.2.7 by=x", PROXY),
        (";;;", PROXY),
    ],
)
def test_elements_of_forwarded(element: str, address: str) -> None:
    assert forwarded(element) == address


def test_a_chain_is_followed_over_our_own_proxies_only() -> None:
    assert x_forwarded("198.51.100.1, 192.0.2.7, 10.0.0.2") == CLIENT
    assert forwarded('for=198.51.100.1, for=192.0.2.7, for="[fd00::2]:80"') == CLIENT
    assert x_forwarded("10.0.0.3, 10.0.0.2") == "10.0.0.3"  # one of ours asked
    assert asked(PROXY, ("x-forwarded-for", "192.0.2.7"), ("x-forwarded-for", "10.0.0.2")) == CLIENT


def test_garbage_ends_at_the_last_good_address() -> None:
    assert x_forwarded("192.0.2.7, nonsense, 10.0.0.2") == "10.0.0.2"
    assert forwarded("for=192.0.2.7, for=unknown, for=10.0.0.2") == "10.0.0.2"
    assert forwarded("for=192.0.2.7,, for=10.0.0.2") == "10.0.0.2"


def test_where_both_headers_disagree_neither_is_believed() -> None:
    """The proxy wrote one of them; the other may be the client's invention."""
    assert asked(PROXY, ("forwarded", "for=198.51.100.1"), ("x-forwarded-for", CLIENT)) == PROXY
    assert asked(PROXY, ("forwarded", "for=unknown"), ("x-forwarded-for", CLIENT)) == PROXY
    assert asked(PROXY, ("forwarded", f"for={CLIENT}"), ("x-forwarded-for", CLIENT)) == CLIENT


def test_a_peer_in_ipv6_s_clothes_is_the_proxy_that_it_is() -> None:
    assert x_forwarded(CLIENT, peer="::ffff:10.0.0.1") == CLIENT
    assert asked("fe80::1%eth0") == "fe80::1"


def test_what_is_counted_as_one_client() -> None:
    def counted(text: str) -> bytes:
        address = parse_address(text)
        assert address is not None
        return counted_as(address)

    assert counted("2001:db8:0:1::1") == counted("2001:db8:0:1:ffff::2")
    assert counted("2001:db8:0:1::1") != counted("2001:db8:0:2::1")
    assert counted("192.0.2.7") == counted("::ffff:192.0.2.7")
    assert counted("192.0.2.7") != counted("192.0.2.8")
    assert counted("::1") != counted("0.0.0.0")


def written(address: IPv4Address | IPv6Address, port: int | None) -> str:
    node = f"[{address}]" if isinstance(address, IPv6Address) else str(address)
    return f'for="{node}:{port}"' if port is not None else f'for="{node}"'


lines = st.text(st.characters(max_codepoint=255), max_size=60)


@given(lines, outsiders, st.lists(insiders, max_size=3), st.none() | st.integers(0, 65535))
def test_nothing_that_a_client_sends_hides_it(
    sent: str, client: IPv4Address | IPv6Address, chain: list[IPv4Address], port: int | None
) -> None:
    """Proxies append to what the client sent, however that looks."""
    assert x_forwarded(", ".join([sent, str(client), *map(str, chain)])) == str(client)
    elements = [written(address, port) for address in (client, *chain)]
    assert forwarded(", ".join([sent, *elements])) == str(client)


awkward = st.text(st.sampled_from(list('for=by;,"\\ []:._1a\t')), max_size=40)


@given(awkward, awkward, st.sampled_from([PROXY, CLIENT, "fd00::1", "x"]))
def test_garbage_is_never_an_error_and_gives_an_address(one: str, other: str, peer: str) -> None:
    found = asked(peer, ("forwarded", one), ("x-forwarded-for", other))
    assert found is None if peer == "x" else ip_address(found or "")


@given(awkward, outsiders)
def test_awkward_quotes_hide_nobody(sent: str, client: IPv4Address | IPv6Address) -> None:
    assert forwarded(f'{sent}, {written(client, 80)};by="a\\\\\\""') == str(client)


def test_the_longest_headers_are_read_in_a_straight_line() -> None:
    """16 KiB of what is worst for a parser that goes back; with the square of it this would not end."""
    for worst in ('"', "\\", '\\"', ",", ";", "=", "for=", ' "', "[", ":"):
        assert forwarded(worst * (16_384 // len(worst)), peer=PROXY) == PROXY
        assert x_forwarded(worst * (16_384 // len(worst)), peer=PROXY) == PROXY
