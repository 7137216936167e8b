"""Parts of the documents: the same in every run, of about the shares that are asked."""

from __future__ import annotations

from collections import Counter

import pytest

from app.bench.gold_set import GoldDocument
from ocr.layout_document import layout_document
from schemas.errors import ConfigurationError
from schemas.registry import from_json_schema
from training.sft.split import Shares, part_of, split

SCHEMA = from_json_schema(
    {"title": "s", "type": "object", "properties": {"no": {"type": ["string", "null"]}}}
)


def document(number: int, *, value: str | None = None) -> GoldDocument:
    return GoldDocument(
        document=layout_document("Total 9.00", sha256=f"{number:064x}"),
        pages=(),
        schema=SCHEMA,
        value={"no": value},
        unknown=(),
    )


def test_shares_are_kept_about() -> None:
    found = Counter(part_of(document(n), Shares(validation=0.1, kept_out=0.3)) for n in range(4000))
    assert found["kept_out"] / 4000 == pytest.approx(0.3, abs=0.03)
    assert found["validation"] / 4000 == pytest.approx(0.1, abs=0.02)


def test_more_documents_move_none_of_the_others() -> None:
    shares = Shares()
    whole = split([document(n) for n in range(60)], shares)
    half = split([document(n) for n in range(30)], shares)
    assert {d.sha256 for d in half.training} <= {d.sha256 for d in whole.training}
    assert {d.sha256 for d in half.kept_out} <= {d.sha256 for d in whole.kept_out}


def test_a_wider_validation_takes_nothing_from_what_is_kept_out() -> None:
    few, many = (split([document(n) for n in range(99)], Shares(validation=v)) for v in (0.1, 0.4))
    assert few.kept_out == many.kept_out


def test_renderings_of_one_invoice_stay_together() -> None:
    shares = Shares(by="no")
    assert len({part_of(document(n, value="R-1"), shares) for n in range(40)}) == 1
    assert len({part_of(document(n, value=None), shares) for n in range(40)}) > 1


@pytest.mark.parametrize(("validation", "kept_out"), [(0.5, 0.5), (-0.1, 0.2), (1.0, 0.0)])
def test_shares_that_leave_nothing_are_refused(validation: float, kept_out: float) -> None:
    with pytest.raises(ConfigurationError):
        Shares(validation=validation, kept_out=kept_out)


def test_no_documents_have_no_parts() -> None:
    found = split([], Shares())
    assert (found.training, found.validation, found.kept_out) == ((), (), ())


def test_what_is_unseen_is_everything_but_training() -> None:
    parts = split([document(n) for n in range(60)], Shares(validation=0.3, kept_out=0.3))
    assert parts.unseen.isdisjoint(d.sha256 for d in parts.training)
    assert len(parts.unseen) == 60 - len(parts.training)
