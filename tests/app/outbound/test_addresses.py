"""URLs that a service must not open, in the spellings that have got others into trouble."""

from __future__ import annotations

from ipaddress import ip_address

import pytest

from app.outbound.addresses import OutboundPolicy, check_addresses, is_public, parse_target
from schemas.service_errors import AddressRefusedError

ANY_PORT = OutboundPolicy(allow_http=True, ports=None)

REFUSED = [
    # Loopback and "this host".
    "https://127.0.0.1/",
    "https://127.1/",
    "https://127.0.0.1.",
    "https://127.255.255.254/",
    "https://0/",
    "https://0.0.0.0/",
    "https://localhost/",
    "https://LOCALHOST./",
    "https://a.localhost/",
    "https://[::1]/",
    "https://[::]/",
    # 127.0.0.1 and 169.254.169.254 in decimal, octal, hexadecimal and mixtures of them.
    "https://2130706433/",
    "https://017700000001/",
    "https://0x7f000001/",
    "https://0x7f.0.0.1/",
    "https://0177.0.0.1/",
    "https://127.0.1/",
    "https://0x7f.1/",
    "https://2852039166/",
    "https://0xa9fea9fe/",
    "https://169.254.43518/",
    "https://0251.0376.0251.0376/",
    "https://127.0.0.01/",
    "https://1.2.3.0x4/",
    "https://example.0x7f/",
    # Metadata services, link-local, private, carrier-grade NAT, multicast, reserved, broadcast, tests.
    "https://169.254.169.254/latest/meta-data/",
    "https://metadata.google.internal/computeMetadata/v1/",
    "https://[fd00:ec2::254]/",
    "https://100.100.100.200/",
    "https://192.0.0.192/",
    "https://10.0.0.1/",
    "https://172.16.0.1/",
    "https://172.31.255.255/",
    "https://192.168.0.1/",
    "https://100.64.0.1/",
    "https://198.18.0.1/",
    "https://192.0.2.1/",
    "https://192.88.99.1/",
    "https://224.0.0.1/",
    "https://240.0.0.1/",
    "https://255.255.255.255/",
    "https://[fe80::1]/",
    "https://[fe80::1%25eth0]/",
    "https://[fc00::1]/",
    "https://[ff02::1]/",
    "https://[2001:db8::1]/",
    # IPv4 inside of IPv6: mapped, compatible, translated, NAT64, 6to4, Teredo, ISATAP.
    "https://[::ffff:127.0.0.1]/",
    "https://[::ffff:7f00:1]/",
    "https://[0:0:0:0:0:ffff:169.254.169.254]/",
    "https://[::ffff:8.8.8.8]/",
    "https://[::127.0.0.1]/",
    "https://[::ffff:0:127.0.0.1]/",
    "https://[64:ff9b::7f00:1]/",
    "https://[64:ff9b::169.254.169.254]/",
    "https://[64:ff9b:1::7f00:1]/",
    "https://[2002:7f00:1::]/",
    "https://[2002:a9fe:a9fe::1]/",
    "https://[2001:0:7f00:1::1]/",
    "https://[2606:4700::5efe:7f00:1]/",
    # Digits, dots and letters that others fold to ASCII.
    "https://①②⑦.⓪.⓪.①/",
    "https://127。0。0。1/",
    "https://ⓛocalhost/",
    "https://exämple.org/",
    # Forms on which parsers disagree.
    "https://example.org@127.0.0.1/",
    "https://127.0.0.1@example.org/",
    "https://user:pass@example.org/",
    "https://@example.org/",
    "https://example.org\\@127.0.0.1/",
    "https://127.0.0.1\\.example.org/",
    "https://example.org:443@127.0.0.1/",
    "https://127.0.0.1#.example.org/",
    "https://127.0.0.1?.example.org/",
    "https://127.0.0.1%2f.example.org/",
    "https://%31%32%37.0.0.1/",
    "https://localhost%00.example.org/",
    "https://exa mple.org/",
    "https://example.org/\r\nHost: localhost",
    "https://example.org/\t",
    " https://example.org/",
    "https:example.org",
    "https:/example.org/",
    "https:///example.org/",
    "https:////127.0.0.1/",
    "//example.org/",
    "example.org",
    "",
    "https://",
    "https://.",
    "https://..",
    "https://a..example.org/",
    "https://-a.example.org/",
    "https://[example.org]/",
    "https://[::1",
    "https://[127.0.0.1]/",
    "https://example.org:/",
    "https://example.org:x/",
    "https://example.org:99999/",
    "https://example.org:-1/",
    "https://" + "a" * 64 + ".org/",
    "https://" + "a." * 200 + "org/",
    "https://example.org/" + "a" * 3000,
    # Other schemes.
    "ftp://example.org/",
    "file:///etc/passwd",
    "gopher://127.0.0.1:25/",
    "dict://127.0.0.1:11211/",
    "data:text/plain,x",
    "jar:https://example.org!/",
    "ws://example.org/",
    "unix:///run/docker.sock",
    "javascript:alert(1)",
]


@pytest.mark.parametrize("policy", [OutboundPolicy(), ANY_PORT], ids=["strict", "any port, http too"])
@pytest.mark.parametrize("url", REFUSED)
def test_a_url_that_leads_inside_or_is_written_oddly_is_refused(url: str, policy: OutboundPolicy) -> None:
    with pytest.raises(AddressRefusedError) as refused:
        parse_target(url, policy)
    assert not url or url not in f"{refused.value} {refused.value.hint}"


@pytest.mark.parametrize(
    ("url", "spelling"),
    [
        ("https://example.org", "https://example.org/"),
        ("HTTPS://Example.ORG.:443/a/../b?c=d#e", "https://example.org/a/../b?c=d"),
        ("https://xn--exmple-cua.org/a%20b", "https://xn--exmple-cua.org/a%20b"),
        ("https://8.8.8.8/", "https://8.8.8.8/"),
        ("https://[2606:4700:4700:0:0:0:0:1111]/", "https://[2606:4700:4700::1111]/"),
        ("https://[64:ff9b::8.8.8.8]/", "https://[64:ff9b::808:808]/"),
        ("https://a_b.example.org/", "https://a_b.example.org/"),
    ],
)
def test_a_plain_url_has_one_spelling(url: str, spelling: str) -> None:
    assert parse_target(url, OutboundPolicy()).url == spelling


def test_http_and_odd_ports_are_opened_only_where_the_policy_says_so() -> None:
    for url in ("http://example.org/", "https://example.org:8443/", "https://example.org:22/"):
        with pytest.raises(AddressRefusedError):
            parse_target(url, OutboundPolicy())
        assert parse_target(url, ANY_PORT).host == "example.org"
    inside = OutboundPolicy(allow_http=True, allow_private=True, ports=frozenset({8000}))
    assert parse_target("http://localhost:8000/", inside).authority == "localhost:8000"
    assert parse_target("http://[::1]:8000/", inside).at(ip_address("::1")) == "http://[::1]:8000/"


def test_a_name_that_leads_outside_and_inside_is_refused() -> None:
    outside, inside = ip_address("8.8.8.8"), ip_address("10.0.0.1")
    assert check_addresses((outside,), OutboundPolicy()) == (outside,)
    for addresses in ((), (inside,), (outside, inside)):
        with pytest.raises(AddressRefusedError):
            check_addresses(addresses, OutboundPolicy())


def test_every_block_around_a_private_one_is_told_apart() -> None:
    edges = {
        "9.255.255.255": True,
        "10.0.0.0": False,
        "10.255.255.255": False,
        "11.0.0.0": True,
        "100.63.255.255": True,
        "100.127.255.255": False,
        "100.128.0.0": True,
        "169.253.255.255": True,
        "169.255.0.0": True,
        "172.15.255.255": True,
        "172.32.0.0": True,
        "192.88.98.255": True,
        "192.88.100.0": True,
        "223.255.255.255": True,
        "2001:200::1": True,
        "2001::1": False,
        "2001:ffff::1": True,
    }
    assert {text: is_public(ip_address(text)) for text in edges} == edges
