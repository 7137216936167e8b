"""Models of a hub, against a stand-in that answers as the hub's API does."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from urllib.parse import unquote

import pytest

from app.models.folder import check_weights, read_origin
from app.models.hub import check_repository, hub_folder_name
from schemas.errors import InputError
from tests.decoding.engines.tiny_model import make_model
from tests.paths import ROOT

COMMIT = "0123456789abcdef0123456789abcdef01234567"


@pytest.fixture(scope="module")
def model(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = make_model(tmp_path_factory.mktemp("hub") / "tiny", seed=1)
    (folder / "pytorch_model.bin").write_bytes(b"pickled weights are never fetched")
    (folder / "modeling.py").write_text("raise RuntimeError('nor is code')")
    return folder


@pytest.fixture
def hub(model: Path) -> Iterator[str]:
    """Yield the address of a server that has one repository, `acme/tiny`."""

    class Hub(BaseHTTPRequestHandler):
        def do_HEAD(self) -> None:
            self._answer(with_body=False)

        def do_GET(self) -> None:
            self._answer(with_body=True)

        def _answer(self, *, with_body: bool) -> None:
            path = unquote(self.path.partition("?")[0])
            if path.startswith("/api/models/acme/tiny"):
                sizes = {file.name: file.stat().st_size for file in sorted(model.iterdir())}
                files = [{"rfilename": name, "size": size} for name, size in sizes.items()]
                tree = [{"type": "file", "path": k, "size": n, "oid": "0" * 40} for k, n in sizes.items()]
                info = {"id": "acme/tiny", "sha": COMMIT, "siblings": files, "cardData": {"license": "mit"}}
                body = json.dumps(tree if "/tree/" in path else info).encode()
                self._send(body, "application/json", with_body)
            elif path.startswith(f"/acme/tiny/resolve/{COMMIT}/") and (model / Path(path).name).is_file():
                self._send((model / Path(path).name).read_bytes(), "application/octet-stream", with_body)
            else:
                self.send_response(404)
                self.send_header("X-Error-Code", "RepoNotFound")
                self.send_header("Content-Length", "0")
                self.end_headers()

        def _send(self, body: bytes, kind: str, with_body: bool) -> None:
            self.send_response(200)
            self.send_header("Content-Type", kind)
            self.send_header("Content-Length", str(len(body)))
            self.send_header("ETag", f'"{abs(hash(body)):040x}"')
            self.send_header("X-Repo-Commit", COMMIT)
            self.end_headers()
            if with_body:
                self.wfile.write(body)

        def log_message(self, format: str, *args: object) -> None:  # noqa: A002, ARG002 - as overridden
            return

    server = ThreadingHTTPServer(("127.0.0.1", 0), Hub)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    yield f"http://127.0.0.1:{server.server_address[1]}"
    server.shutdown()
    thread.join()
    server.server_close()


def fetch(endpoint: str, name: str, folder: Path) -> subprocess.CompletedProcess[str]:
    """Run the command as a person does: the library reads its endpoint once, when it is imported."""
    own = {"HF_ENDPOINT": endpoint, "RASG_MODEL_CACHE": str(folder), "HF_HOME": str(folder / "hf")}
    environment = {**os.environ, **own}
    for variable in ("HF_HUB_OFFLINE", "TRANSFORMERS_OFFLINE"):
        environment.pop(variable, None)
    command = [sys.executable, "-m", "app.cli", "models", "fetch", name]
    return subprocess.run(
        command, cwd=ROOT, env=environment, capture_output=True, text=True, timeout=120, check=False
    )


def test_a_hubs_model_is_fetched_without_pickles_or_code(hub: str, model: Path, tmp_path: Path) -> None:
    done = fetch(hub, "hf:acme/tiny", tmp_path)
    assert done.returncode == 0, done.stderr
    folder = tmp_path / hub_folder_name("acme/tiny")
    assert {path.name for path in folder.iterdir()} == {
        *(path.name for path in model.iterdir() if path.suffix not in (".bin", ".py")),
        "origin.json",
    }
    check_weights(folder)
    origin = read_origin(folder)
    assert origin is not None
    assert (origin.source, origin.licence) == (f"hf:acme/tiny at {COMMIT}", "mit")
    again = fetch("http://127.0.0.1:9", "hf:acme/tiny", tmp_path)  # nothing listens there
    assert again.returncode == 0, again.stderr


def test_what_the_hub_does_not_have_is_one_readable_line(hub: str, tmp_path: Path) -> None:
    done = fetch(hub, "hf:acme/none", tmp_path)
    assert done.returncode == 2
    assert "the hub does not give acme/none" in done.stderr
    assert "Traceback" not in done.stderr
    assert not list(tmp_path.glob("hub--*"))


@pytest.mark.parametrize(
    "name", ["", "tiny", "a/b/c", "../tiny", "acme/..", "acme/ti ny", "acme/" + "x" * 200]
)
def test_a_name_that_is_no_repository_is_refused(name: str) -> None:
    with pytest.raises(InputError):
        check_repository(name)
