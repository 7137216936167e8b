"""Torch is imported beside other imports, and works as it does otherwise."""

from __future__ import annotations

from tests.python_process import run_python


def run(code: str) -> str:
    return run_python(f"import sys\nfrom decoding.engines.torch_import import import_torch\n{code}").strip()


def test_torch_works_that_was_imported_in_a_thread() -> None:
    code = """import threading
thread = threading.Thread(target=import_torch); thread.start()
import torch
thread.join(); print(torch.ones(2).sum().item())"""
    assert run(code) == "2.0"


def test_an_install_without_torch_is_for_the_engine_to_report() -> None:
    hide = "sys.path[:] = [place for place in sys.path if 'site-packages' not in place]"
    assert run(f"{hide}; import_torch(); print('torch' in sys.modules)") == "False"
