"""Which URLs the service opens for a caller: the check of their form, and of where they lead.

A caller's URL is a way into the network that the service stands in. So its form is taken strictly, one
spelling for each thing; its name is resolved once, every address must be one of the public internet, and the
connection goes to an address that was checked (`app.outbound.fetching`), whatever the name says later.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_address
from urllib.parse import urlsplit

from schemas.service_errors import AddressRefusedError

Address = IPv4Address | IPv6Address

MAX_URL_CHARS = 2_048
_MAX_HOST_CHARS, _MAX_LABEL_CHARS = 253, 63
_DEFAULT_PORTS = {"https": 443, "http": 80}
_LABEL = re.compile(r"[a-z0-9_]([a-z0-9_-]*[a-z0-9_])?")
# The last label of a name is never a number: browsers and C libraries read such hosts as addresses, in
# decimal, octal or hexadecimal (WHATWG URL, "ends in a number").
_NUMBER = re.compile(r"0x[0-9a-f]*|[0-9]+")
_IPV4 = re.compile(r"(0|[1-9][0-9]{0,2})(\.(0|[1-9][0-9]{0,2})){3}")
# Names that only mean something inside of a network (RFC 6761, 6762, 8375, and clouds' own).
_INSIDE = ("localhost", "local", "internal", "intranet", "lan", "home.arpa", "localdomain", "onion", "test")
# Protocol assignments, where a cloud keeps its metadata too, and relays of 6to4 (RFC 6890, 7526): `ipaddress`
# takes a part of them for public.
_NOT_PUBLIC_V4 = (IPv4Network("192.0.0.0/24"), IPv4Network("192.88.99.0/24"))
# Only this is given out for the public internet (RFC 4291).
_PUBLIC_V6 = IPv6Network("2000::/3")
# IPv4 addresses inside of IPv6 ones: those of a NAT64 gateway (RFC 6052) are judged by what they hold; 6to4
# and Teredo lead to relays of anybody.
_NAT64 = IPv6Network("64:ff9b::/96")
_TUNNELS = (IPv6Network("2002::/16"), IPv6Network("2001::/32"))
# Interface identifiers of ISATAP tunnels (RFC 5214), which hold an IPv4 address too.
_ISATAP = (0x00005EFE, 0x02005EFE)


@dataclass(frozen=True, slots=True, kw_only=True)
class OutboundPolicy:
    """What may be opened.

    Attributes
    ----------
    allow_http
        Whether without TLS too.
    allow_private
        Whether at addresses that are not of the public internet too: for tests, and receivers beside it.
    ports
        Which ports; None for any.
    """

    allow_http: bool = False
    allow_private: bool = False
    ports: frozenset[int] | None = frozenset({443})


@dataclass(frozen=True, slots=True, kw_only=True)
class Target:
    """A URL of a form that may be opened; `host` is a name in lower case, or an address without brackets."""

    scheme: str
    host: str
    port: int
    path: str

    @property
    def authority(self) -> str:
        """Return host and port as the field Host has them."""
        host = f"[{self.host}]" if ":" in self.host else self.host
        return host if self.port == _DEFAULT_PORTS[self.scheme] else f"{host}:{self.port}"

    @property
    def url(self) -> str:
        """Return the URL in its one spelling."""
        return f"{self.scheme}://{self.authority}{self.path}"

    def at(self, address: Address) -> str:
        """Return the URL with an address in the place of the name."""
        host = f"[{address}]" if address.version == 6 else str(address)
        return f"{self.scheme}://{host}:{self.port}{self.path}"


def parse_target(url: str, policy: OutboundPolicy) -> Target:
    """Return what a URL names, if its form is one that may be opened; nothing is resolved.

    Raises
    ------
    AddressRefusedError
        If it is too long, holds what is no character of a URL, or its scheme, host or port is not allowed.
        The message never repeats it: it may hold a secret.

    Examples
    --------
    >>> parse_target("https://Example.org/a?b=c", OutboundPolicy()).url
    'https://example.org/a?b=c'
    """
    if len(url) > MAX_URL_CHARS or not re.fullmatch(r"[!-~]+", url) or "\\" in url:
        raise _refuse(
            f"it is written in at most {MAX_URL_CHARS} printable ASCII characters, and no backslash"
        )
    try:
        parts = urlsplit(url)
        port = parts.port
    except ValueError:
        raise _refuse("it cannot be read") from None
    schemes = ("https", "http") if policy.allow_http else ("https",)
    if parts.scheme not in schemes or not url.lower().startswith(f"{parts.scheme}://"):
        raise _refuse(f"it begins with {' or '.join(f'{scheme}://' for scheme in schemes)}")
    if "@" in parts.netloc:
        raise _refuse("it names no user and no password")
    if parts.netloc.endswith(":"):
        raise _refuse("its port is a number")
    host = _check_host(parts.netloc, parts.hostname or "", policy)
    number = _DEFAULT_PORTS[parts.scheme] if port is None else port
    if policy.ports is not None and number not in policy.ports:
        raise _refuse(f"its port is {' or '.join(str(port) for port in sorted(policy.ports))}")
    path = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
    return Target(scheme=parts.scheme, host=host, port=number, path=path)


def check_addresses(addresses: tuple[Address, ...], policy: OutboundPolicy) -> tuple[Address, ...]:
    """Return the addresses of a name, if they may be connected to.

    Every one must be allowed, for a name that leads both outside and inside is a trick.

    Raises
    ------
    AddressRefusedError
        If there is none, or one is not of the public internet.
    """
    if not addresses or not (policy.allow_private or all(map(is_public, addresses))):
        raise _refuse("its host has an address of the public internet, and no other")
    return addresses


def literal_address(host: str) -> Address | None:
    """Return the address that a checked host is; None for a name."""
    try:
        return ip_address(host)
    except ValueError:
        return None


def is_public(address: Address) -> bool:
    """Return whether an address is one of the public internet, one machine's, and not of a tunnel.

    Examples
    --------
    >>> [is_public(ip_address(a)) for a in ("93.184.215.14", "10.0.0.1", "169.254.169.254", "::ffff:8.8.8.8")]
    [True, False, False, False]
    """
    if isinstance(address, IPv4Address):
        is_one = address.is_global and not (address.is_multicast or address.is_reserved)
        return is_one and not any(address in network for network in _NOT_PUBLIC_V4)
    if address.scope_id is not None:
        return False
    if address in _NAT64:
        return is_public(IPv4Address(int(address) & 0xFFFFFFFF))
    is_tunnel = (
        any(address in network for network in _TUNNELS) or (int(address) >> 32 & 0xFFFFFFFF) in _ISATAP
    )
    return address in _PUBLIC_V6 and address.is_global and not is_tunnel


def _check_host(netloc: str, host: str, policy: OutboundPolicy) -> str:
    """Return the host, if it is a plain name or an address as it is usually written."""
    if netloc.startswith("["):
        return _check_literal(host, policy)
    labels = host.split(".")
    if labels[-1] == "" and len(labels) > 1:  # the root's dot
        labels.pop()
    name = ".".join(labels)
    if _IPV4.fullmatch(name):
        return _check_literal(name, policy)
    if len(name) > _MAX_HOST_CHARS or not all(
        len(label) <= _MAX_LABEL_CHARS and _LABEL.fullmatch(label) for label in labels
    ):
        raise _refuse("its host is a name of a-z, 0-9, - and _ (xn-- for others), or an address")
    if _NUMBER.fullmatch(labels[-1]):
        raise _refuse("its host is a name, or an address as it is usually written")
    if not policy.allow_private and any(name == inside or name.endswith(f".{inside}") for inside in _INSIDE):
        raise _refuse("its host is not of the public internet")
    return name


def _check_literal(host: str, policy: OutboundPolicy) -> str:
    address = literal_address(host)
    if address is None or "%" in host:
        raise _refuse("its host is an address that cannot be read")
    check_addresses((address,), policy)
    return str(address)


def _refuse(rule: str) -> AddressRefusedError:
    return AddressRefusedError("the URL is not one that the service opens", hint=rule)
