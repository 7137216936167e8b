"""Opening URLs: the connection goes where the check looked, within its bounds, redirects and all."""

from __future__ import annotations

import asyncio
import ssl
import threading
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from ipaddress import ip_address
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from app.outbound.addresses import Address, OutboundPolicy
from app.outbound.fetching import Bounds, Opener, Resolve, resolve_name
from schemas.errors import DocumentTooLargeError
from schemas.service_errors import AddressRefusedError, FetchFailedError

LOOPBACK = ip_address("127.0.0.1")
INSIDE = OutboundPolicy(allow_http=True, allow_private=True, ports=None)


class Site(BaseHTTPRequestHandler):
    """A site with a document, redirects, and ways to keep a reader busy."""

    protocol_version = "HTTP/1.1"
    hosts: list[str] = []  # noqa: RUF012 - of one test at a time
    document = b"the document"

    def do_GET(self) -> None:
        self.hosts.append(str(self.headers["Host"]))
        kind, _, rest = self.path[1:].partition("/")
        match kind:
            case "to":
                self._answer(302, b"", Location=rest)
            case "loop":
                self._answer(302, b"", Location="/loop")
            case "big":
                self._answer(200, b"x" * 5_000)
            case "gzip":
                self._answer(200, b"x", **{"Content-Encoding": "gzip"})
            case "drip":
                self._drip()
            case "document":
                self._answer(200, self.document)
            case _:
                self._answer(404, b"no")

    def do_POST(self) -> None:
        self.rfile.read(int(self.headers["Content-Length"]))
        self._answer(307, b"elsewhere", Location="/document")

    def _answer(self, status: int, body: bytes, **fields: str) -> None:
        self.send_response(status)
        for name, value in {**fields, "Content-Length": str(len(body))}.items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(body)

    def _drip(self) -> None:
        """Send a byte of the header now and then: no single wait is long."""
        try:
            self.wfile.write(b"HTTP/1.1 200 OK\r\n")
            for _ in range(100):
                self.wfile.write(b"X")
                threading.Event().wait(0.05)
        except OSError:
            self.close_connection = True

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - the base's names
        """Say nothing."""


@pytest.fixture
def site() -> Iterator[ThreadingHTTPServer]:
    server = ThreadingHTTPServer(("127.0.0.1", 0), Site)
    server.daemon_threads = True
    Site.hosts.clear()
    with run(server):
        yield server


class run:  # noqa: N801 - reads as a verb
    """Serves while a test runs."""

    def __init__(self, server: ThreadingHTTPServer) -> None:
        self._server = server
        self._thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})

    def __enter__(self) -> None:
        self._thread.start()

    def __exit__(self, *_: object) -> None:
        self._server.shutdown()
        self._thread.join()
        self._server.server_close()


def resolver(*answers: str) -> Resolve:
    """Return a resolver that gives one address each time it is asked, the last one for ever."""
    left = list(answers)

    async def resolve(host: str, port: int) -> tuple[Address, ...]:
        del host, port
        return (ip_address(left.pop(0) if len(left) > 1 else left[0]),)

    return resolve


def fetch(
    url: str, *, policy: OutboundPolicy = INSIDE, resolve: Resolve = resolve_name, **bounds: float
) -> bytes:
    limits = Bounds(
        timeout_s=bounds.get("timeout_s", 5.0), max_bytes=int(bounds.get("max_bytes", 1000)), max_redirects=3
    )
    return asyncio.run(Opener(policy=policy, bounds=limits, resolve=resolve).fetch(url))


def test_a_document_is_fetched_under_its_name_from_the_address_that_was_checked(
    site: ThreadingHTTPServer,
) -> None:
    port = site.server_port
    assert (
        fetch(f"http://files.example.org:{port}/document", resolve=resolver("127.0.0.1")) == b"the document"
    )
    assert Site.hosts == [f"files.example.org:{port}"]


def test_a_name_is_resolved_once_so_that_it_cannot_change_its_mind(site: ThreadingHTTPServer) -> None:
    # Rebinding: the first answer passes the check, the second would be what the connection goes to.
    asked: list[str] = []

    async def rebinding(host: str, port: int) -> tuple[Address, ...]:
        del port
        asked.append(host)
        return (ip_address("8.8.8.8" if len(asked) > 1 else "127.0.0.1"),)

    assert (
        fetch(f"http://rebind.example.org:{site.server_port}/document", resolve=rebinding) == b"the document"
    )
    assert asked == ["rebind.example.org"]


def test_a_name_that_resolves_inside_is_refused_and_nobody_is_asked(site: ThreadingHTTPServer) -> None:
    policy = OutboundPolicy(allow_http=True, ports=None)
    with pytest.raises(AddressRefusedError):
        fetch(
            f"http://files.example.org:{site.server_port}/document",
            policy=policy,
            resolve=resolver("127.0.0.1"),
        )
    assert Site.hosts == []


def test_a_redirect_is_followed_if_it_leads_where_the_first_could(site: ThreadingHTTPServer) -> None:
    base = f"http://127.0.0.1:{site.server_port}"
    assert fetch(f"{base}/to//document") == b"the document"
    assert fetch(f"{base}/to/{base}/to//document") == b"the document"


@pytest.mark.parametrize(
    "location",
    [
        "https://169.254.169.254/",
        "file:///etc/passwd",
        "//user@example.org/",
        "http://0x7f.1/",
        "gopher://a/",
    ],
)
def test_a_redirect_is_checked_as_the_first_url_is(site: ThreadingHTTPServer, location: str) -> None:
    only_here = OutboundPolicy(allow_http=True, allow_private=True, ports=frozenset({site.server_port}))
    with pytest.raises(AddressRefusedError):
        fetch(f"http://127.0.0.1:{site.server_port}/to/{location}", policy=only_here)


def test_a_redirect_to_a_name_is_resolved_and_refused_if_it_leads_inside(site: ThreadingHTTPServer) -> None:
    class Names:
        async def __call__(self, host: str, port: int) -> tuple[Address, ...]:
            del port
            return () if host == "inside.example.org" else (LOOPBACK,)

    url = f"http://a.example.org:{site.server_port}/to/http://inside.example.org:{site.server_port}/"
    with pytest.raises(AddressRefusedError):
        fetch(url, resolve=Names())


def test_a_chain_of_redirects_ends(site: ThreadingHTTPServer) -> None:
    with pytest.raises(FetchFailedError, match="more than 3 times"):
        fetch(f"http://127.0.0.1:{site.server_port}/loop")
    assert len(Site.hosts) == 4  # the first, and three redirects


@pytest.mark.parametrize(
    ("path", "error"),
    [
        ("/big", DocumentTooLargeError),
        ("/gzip", FetchFailedError),
        ("/nothing", FetchFailedError),
        ("/to/", FetchFailedError),
    ],
)
def test_what_is_too_large_compressed_or_not_there_is_an_error(
    site: ThreadingHTTPServer, path: str, error: type[Exception]
) -> None:
    with pytest.raises(error):
        fetch(f"http://127.0.0.1:{site.server_port}{path}", max_bytes=4_999)


def test_an_answer_that_drips_ends_with_the_whole_time(site: ThreadingHTTPServer) -> None:
    with pytest.raises(FetchFailedError, match=r"within 0\.3 seconds"):
        fetch(f"http://127.0.0.1:{site.server_port}/drip", timeout_s=0.3)


def test_a_closed_port_and_an_unknown_name_read_the_same() -> None:
    told: list[str] = []
    for url, resolve in (
        ("http://127.0.0.1:1/", resolve_name),
        ("http://a.example.org/", resolver("127.0.0.9")),
    ):
        with pytest.raises(FetchFailedError) as failed:
            fetch(url, resolve=resolve)
        told.append(str(failed.value))
    assert told == ["the URL could not be fetched"] * 2


def test_another_address_of_the_name_is_asked_where_the_first_takes_no_connection(
    site: ThreadingHTTPServer,
) -> None:
    async def two(host: str, port: int) -> tuple[Address, ...]:
        del host, port
        return (ip_address("127.0.0.9"), LOOPBACK)

    assert fetch(f"http://a.example.org:{site.server_port}/document", resolve=two) == b"the document"


def test_a_message_is_not_sent_on_by_a_redirect(site: ThreadingHTTPServer) -> None:
    opener = Opener(policy=INSIDE)
    answer = asyncio.run(opener.post(f"http://127.0.0.1:{site.server_port}/", {}, b"{}"))
    assert (answer.status, answer.headers["location"], answer.body) == (307, "/document", b"")
    assert Site.hosts == []


# --- TLS


def certificate(folder: Path, name: str) -> tuple[Path, Path]:
    """Return the files of a certificate that signs itself for a name, and of its key."""
    key = ec.generate_private_key(ec.SECP256R1())
    subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
    now = datetime.now(UTC)
    made = (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(subject)
        .public_key(key.public_key())
        .serial_number(1)
        .not_valid_before(now - timedelta(hours=1))
        .not_valid_after(now + timedelta(hours=1))
        .add_extension(x509.SubjectAlternativeName([x509.DNSName(name)]), critical=False)
        .sign(key, hashes.SHA256())
    )
    paths = folder / "cert.pem", folder / "key.pem"
    paths[0].write_bytes(made.public_bytes(serialization.Encoding.PEM))
    paths[1].write_bytes(
        key.private_bytes(
            serialization.Encoding.PEM,
            serialization.PrivateFormat.PKCS8,
            serialization.NoEncryption(),
        )
    )
    return paths


def test_tls_is_checked_for_the_name_though_the_connection_goes_to_an_address(
    site: ThreadingHTTPServer, tmp_path: Path
) -> None:
    cert, key = certificate(tmp_path, "files.example.org")
    server_tls = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    server_tls.load_cert_chain(cert, key)
    site.socket = server_tls.wrap_socket(site.socket, server_side=True)
    trusting = ssl.create_default_context(cafile=str(cert))
    opener = Opener(policy=INSIDE, resolve=resolver("127.0.0.1"), tls=trusting)
    url = f"https://files.example.org:{site.server_port}/document"
    assert asyncio.run(opener.fetch(url)) == b"the document"
    with pytest.raises(FetchFailedError):  # another name's certificate
        asyncio.run(opener.fetch(url.replace("files", "other")))
    with pytest.raises(FetchFailedError):  # nobody's whom the system trusts
        asyncio.run(Opener(policy=INSIDE, resolve=resolver("127.0.0.1")).fetch(url))
