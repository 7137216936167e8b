"""Tokens a second of a vLLM server, with and without a grammar, for one request and for many at once.

    python -m benchmarks.vllm_decoding --python .venv-vllm/bin/python --drafted 0 5

The requests ask for the shipped samples. With a grammar an answer ends where it ends; without, as many tokens
are written as all answers have on average. Prompts are read within the time.
"""

# The client's body is what is measured.
# pyright: reportPrivateUsage=false
from __future__ import annotations

import argparse
import time
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from itertools import cycle, islice
from pathlib import Path
from typing import Any

from app.models.choice import choose_model
from app.settings import load_settings
from decoding.engines.vllm_client import VllmEngine
from decoding.engines.vllm_server import ServerOptions, VllmServer, free_port
from decoding.engines.vllm_wire import ChatResponse, parse_as
from decoding.grammar.build import build_grammar
from decoding.prompt import build_prompt
from ocr.layout import layout_text
from ocr.reader import read_document
from schemas.registry import get_schema

SAMPLES = {"invoice.pdf": "invoice", "order.pdf": "purchase_order", "receipt.png": "receipt"}
MAX_TOKENS = 400


def main() -> None:
    """Print the table as Markdown."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("--python", type=Path, default=Path(".venv-vllm/bin/python"))
    parser.add_argument("--samples", type=Path, default=Path("samples"))
    parser.add_argument("--drafted", type=int, nargs="+", default=[0, 5])
    parser.add_argument("--requests", type=int, nargs="+", default=[1, 16])
    parser.add_argument("--threads", type=int, default=1)
    parser.add_argument("--log", type=Path, default=None)
    arguments = parser.parse_args()
    model = choose_model(load_settings())
    print("| drafted | requests | free, tokens/s | constrained, tokens/s | constrained / free |")
    print("|---|---|---|---|---|")
    for n_drafted in arguments.drafted:
        options = ServerOptions(
            model_folder=model.folder,
            python=arguments.python.absolute(),
            port=free_port(),
            adapters=model.adapters,
            max_lora_rank=32,
            n_threads=arguments.threads,
            n_drafted=n_drafted,
            kv_cache_bytes=2**30,
        )
        with VllmServer(options, log_path=arguments.log) as server:
            server.wait_until_ready(timeout_s=300)
            engine = server.engine(timeout_s=1200)
            bodies = _bodies(arguments.samples, next(iter(model.adapters), engine.model))
            _ask_all(engine, bodies)  # what is made once
            for n_requests in arguments.requests:
                rate, free_rate = _measure_rates(engine, list(islice(cycle(bodies), n_requests)))
                print(
                    f"| {n_drafted} | {n_requests} | {free_rate:.1f} | {rate:.1f} | {rate / free_rate:.2f} |",
                    flush=True,
                )


def _measure_rates(engine: VllmEngine, bodies: Sequence[dict[str, Any]]) -> tuple[float, float]:
    """Return the tokens a second of the bodies as they are, and without their grammars at the same length."""
    written, seconds = _ask_all(engine, bodies)
    length = {"max_tokens": written // len(bodies), "ignore_eos": True}
    free = [
        {key: value for key, value in body.items() if key != "structured_outputs"} | length for body in bodies
    ]
    freely, free_seconds = _ask_all(engine, free)
    return written / seconds, freely / free_seconds


def _bodies(samples: Path, model: str) -> list[dict[str, Any]]:
    bodies: list[dict[str, Any]] = []
    for file, name in SAMPLES.items():
        document, schema = read_document((samples / file).read_bytes()), get_schema(name)
        prompt = build_prompt(schema, layout_text(document).text)
        bodies.append(VllmEngine._body(prompt, build_grammar(schema, document).lark, model, MAX_TOKENS))
    return bodies


def _ask_all(engine: VllmEngine, bodies: Sequence[dict[str, Any]]) -> tuple[int, float]:
    """Return the tokens that were written in answer to all of the bodies at once, and the seconds."""

    def ask(body: dict[str, Any]) -> int:
        return len(parse_as(ChatResponse, engine._post("/v1/chat/completions", body)).choices[0].tokens)

    started = time.perf_counter()
    with ThreadPoolExecutor(len(bodies)) as pool:
        n_written = sum(pool.map(ask, bodies))
    return n_written, time.perf_counter() - started


if __name__ == "__main__":
    main()
