"""Torch is imported in parts: what only compilers and Transformers need comes when they do."""

from __future__ import annotations

import os
import subprocess
import sys

import pytest

from tests.paths import ROOT

LATER = "sys.modules['torch._meta_registrations']"
HAS_RUN = f"'register_meta' in vars({LATER})"


def run(code: str) -> str:
    done = subprocess.run(
        [sys.executable, "-c", f"import sys\nfrom decoding.engines.torch_import import import_torch\n{code}"],
        cwd=ROOT,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return done.stdout.strip()


def test_what_operators_do_without_data_is_not_imported() -> None:
    code = f"import_torch(); import torch; print({HAS_RUN}, torch.ones(2).sum().item())"
    assert run(code) == "False 2.0"


def test_it_is_imported_when_something_of_it_is_asked_for() -> None:
    code = f"import_torch(); from torch._meta_registrations import register_meta; print({HAS_RUN})"
    assert run(code) == "True"


def test_a_name_that_it_has_not_is_an_error_as_of_any_module() -> None:
    code = f"import_torch(); print(hasattr({LATER}, 'no_such_name'), hasattr({LATER}, '__wrapped__'))"
    assert run(code) == "False False"


@pytest.mark.parametrize("library", ["transformers", "torch._dynamo"])
def test_it_is_imported_before_who_needs_it(library: str) -> None:
    assert run(f"import_torch(); import {library}; print({HAS_RUN})") == "True"


def test_torch_that_was_imported_before_stays_as_it_is() -> None:
    code = f"import torch; import_torch(); print({HAS_RUN}, len(sys.meta_path))"
    assert run(code) == f"True {run('print(len(sys.meta_path))')}"


def test_operators_without_data_are_as_they_are_in_the_whole_of_torch() -> None:
    code = "import torch, transformers; x = torch.ones(2, 3, device='meta'); print(torch.cdist(x, x).shape)"
    assert run(f"import_torch(); {code}") == run(code) == "torch.Size([2, 2])"


def test_an_install_without_torch_is_for_the_engine_to_report() -> None:
    hide = "sys.path[:] = [place for place in sys.path if 'site-packages' not in place]"
    assert run(f"{hide}; import_torch(); print('torch' in sys.modules)") == "False"
