"""Tesseract is no condition: without its program and its data RapidOCR reads, and that is said."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from ocr.probe import draw_page
from tests.paths import ROOT

LINES = ("INVOICE 1042", "Copy paper A4", "Total 57.50 EUR")


@pytest.mark.slow
def test_a_clean_page_is_read_all_the_same(tmp_path: Path) -> None:
    (tmp_path / "page.png").write_bytes(draw_page(LINES))
    done = subprocess.run(
        [sys.executable, "-m", "rasg", "read", str(tmp_path / "page.png"), "--format", "json"],
        cwd=ROOT,
        # Nothing is on the path, and there is no data where it is looked for.
        env={**os.environ, "PATH": str(tmp_path), "TESSDATA_PREFIX": str(tmp_path)},
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    report = json.loads(done.stdout)
    words = report["pages"][0]["words"]
    assert {word["source"] for word in words} == {"rapidocr"}
    assert {"1042", "57.50"} <= {word["text"] for word in words}
    (warning,) = [w for w in report["warnings"] if w["code"] == "engine_fallback"]
    assert "another engine read the page" in warning["message"]
