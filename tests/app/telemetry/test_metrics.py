"""What Prometheus reads: counts by labels of few values, whatever callers choose."""

from __future__ import annotations

import re

import pytest

from app.telemetry.metrics import EngineReading, Metrics, QueueReading
from schemas.errors import EmptyDocumentError, RetrievalError
from schemas.extraction import Extraction, Output, ReviewReason, Usage
from tests.paths import ROOT

SECRET = "Kaufvertrag-Müller"


def extraction(**changes: object) -> Extraction:
    made = Extraction(
        document_sha256="0" * 64,
        schema_name="invoice",
        status="needs_review",
        output=Output(value={"a": SECRET}, metadata={}),
        usage=Usage(
            n_pages=3,
            n_windows=1,
            n_prompt_tokens=100,
            n_completion_tokens=40,
            stage_seconds={"read": 0.2, "decode": 4.0},
        ),
        engine="embedded",
        model="tiny",
        review=(ReviewReason(code="sum_mismatch", message=SECRET),),
    )
    return made.model_copy(update=changes)


def lines(metrics: Metrics) -> set[str]:
    return set(metrics.expose().decode().splitlines())


def test_an_answered_document_counts_with_its_pages_tokens_seconds_and_reasons() -> None:
    metrics = Metrics()
    metrics.count_extraction(extraction())
    metrics.count_extraction(extraction())
    assert lines(metrics) >= {
        'rasg_documents_total{outcome="needs_review",schema="invoice"} 2.0',
        "rasg_pages_total 6.0",  # 3 pages, twice
        'rasg_tokens_total{direction="prompt"} 200.0',
        'rasg_tokens_total{direction="completion"} 80.0',
        'rasg_stage_seconds_bucket{le="5.0",stage="decode"} 2.0',
        'rasg_stage_seconds_bucket{le="2.5",stage="decode"} 0.0',
        'rasg_review_reasons_total{code="sum_mismatch"} 2.0',
    }


def test_names_that_callers_choose_are_no_labels() -> None:
    metrics = Metrics()
    metrics.count_extraction(
        extraction(
            schema_name=SECRET,
            usage=Usage(
                n_pages=1, n_windows=1, n_prompt_tokens=1, n_completion_tokens=1, stage_seconds={SECRET: 1.0}
            ),
        )
    )
    metrics.count_request(method=SECRET, route="/v1/schemas/{name}", status=404, seconds=0.1)
    assert SECRET not in metrics.expose().decode()
    assert lines(metrics) >= {
        'rasg_documents_total{outcome="needs_review",schema="custom"} 1.0',
        'rasg_stage_seconds_count{stage="other"} 1.0',
        'rasg_http_requests_total{method="other",route="/v1/schemas/{name}",status="404"} 1.0',
    }


def test_what_fails_counts_by_its_code_and_what_is_not_ours_as_internal() -> None:
    metrics = Metrics()
    metrics.count_failure(EmptyDocumentError(SECRET))
    metrics.count_failure(ZeroDivisionError(SECRET))
    assert lines(metrics) >= {
        'rasg_document_failures_total{code="empty_document"} 1.0',
        'rasg_document_failures_total{code="internal_error"} 1.0',
        'rasg_documents_total{outcome="failed",schema="custom"} 2.0',
    }
    assert SECRET not in metrics.expose().decode()


def test_the_queue_is_asked_at_each_scrape() -> None:
    metrics, n_asked = Metrics(), 0

    def read() -> QueueReading:
        nonlocal n_asked
        n_asked += 1
        return QueueReading(n_by_state={"queued": n_asked, "running": 2}, oldest_age_s=7.5)

    metrics.watch_queue(read)
    assert n_asked == 0
    metrics.expose()
    assert lines(metrics) >= {
        'rasg_queue_jobs{state="queued"} 2.0',  # the second scrape
        'rasg_queue_jobs{state="running"} 2.0',
        "rasg_queue_oldest_age_seconds 7.5",
        "rasg_queue_up 1.0",
    }


def test_a_queue_that_cannot_be_read_leaves_the_other_metrics() -> None:
    metrics = Metrics()

    def fail() -> QueueReading:
        raise RetrievalError("the database is gone")

    metrics.watch_queue(fail)
    found = lines(metrics)
    assert "rasg_queue_up 0.0" in found
    assert "rasg_pages_total 0.0" in found
    assert not any(line.startswith("rasg_queue_jobs") for line in found)


@pytest.mark.parametrize(("is_ready", "is_cut_off"), [(True, False), (False, True)])
def test_the_engine_says_how_it_is(is_ready: bool, is_cut_off: bool) -> None:
    metrics = Metrics()
    metrics.watch_engine(lambda: EngineReading(name="vllm", is_ready=is_ready, is_cut_off=is_cut_off))
    assert lines(metrics) >= {
        f'rasg_engine_ready{{engine="vllm"}} {float(is_ready)}',
        f'rasg_engine_circuit_open{{engine="vllm"}} {float(is_cut_off)}',
    }


def test_the_page_for_operators_lists_each_metric_with_its_labels() -> None:
    metrics = Metrics()
    metrics.count_extraction(extraction())
    metrics.count_failure(EmptyDocumentError(""))
    metrics.count_request(method="GET", route="/livez", status=200, seconds=0.1)
    metrics.set_build(version="1", commit=None)
    metrics.watch_queue(lambda: QueueReading(n_by_state={"queued": 1}, oldest_age_s=0))
    metrics.watch_engine(lambda: EngineReading(name="vllm", is_ready=True, is_cut_off=False))
    shown: dict[str, set[str]] = {}
    for name, labels in re.findall(
        r"^(rasg_\w+?)(?:_bucket|_sum|_count)?(\{.*\})? ", metrics.expose().decode(), re.MULTILINE
    ):
        shown[name] = shown.get(name, set()) | set(re.findall(r"(\w+)=", labels)) - {"le"}
    page = (ROOT / "docs" / "operations.md").read_text()
    listed = {
        name: set(re.findall(r"`(\w+)`", labels))
        for name, labels in re.findall(r"^\| `(rasg_\w+)` \| (.*?) ?\| ", page, re.MULTILINE)
    }
    assert listed == shown
    assert set(re.findall(r"\b(rasg_\w+?)\b", page)) <= listed.keys()
