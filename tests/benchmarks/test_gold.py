from __future__ import annotations

import json
from pathlib import Path

import pytest

from benchmarks.gold import documents, normalised, stands, stands_as_words, stands_in_segments


def test_values_are_compared_by_letters_and_digits() -> None:
    assert normalised("EUR 1.234,50 (net)") == "eur123450net"


@pytest.mark.parametrize("printed", ["13.11.2017", "11/13/17", "13 Nov 2017", "13. November 2017"])
def test_a_normalised_date_stands_in_the_ways_it_is_printed(printed: str) -> None:
    assert stands(("2017-11-13",), [normalised(printed)])
    assert not stands(("2017-11-14",), [normalised(printed)])


def test_an_empty_value_never_stands() -> None:
    assert not stands(("-",), ["anything"])


def test_a_value_glued_to_another_word_does_not_stand_as_words() -> None:
    assert stands_as_words(("35.00",), [["Total", "35.00"]])
    assert stands_as_words(("Main Street 4",), [["Main", "Street", "4,", "Bristol"]])
    assert not stands_as_words(("35.00",), [["Total35.00"]])
    assert not stands_as_words(("35.00",), [["35.00EUR"]])


def test_segments_may_stand_in_any_order_and_all_must() -> None:
    assert stands_in_segments(("Omaha,NE 12300Dodge",), ["12300dodgeomahane"])
    assert not stands_in_segments(("Omaha,NE 99999Dodge",), ["12300dodgeomahane"])


def test_documents_are_taken_evenly_from_the_sorted_ids(tmp_path: Path) -> None:
    (tmp_path / "made_up").mkdir()
    records = [
        {"id": f"{i}", "file": f"docs/{i}.jpg", "kie": {"total": "1.00", "tax": None}} for i in (3, 1, 0, 2)
    ]
    (tmp_path / "made_up" / "labels.jsonl").write_text("\n".join(map(json.dumps, records)), "utf-8")
    gold = documents(tmp_path, "made_up", 2)
    assert [document.document_id for document in gold] == ["0", "2"]
    assert gold[0].fields == (("total", ("1.00",)),)


def test_all_documents_are_taken_where_fewer_are_there_and_none_for_none(tmp_path: Path) -> None:
    (tmp_path / "made_up").mkdir()
    lines = "\n".join(json.dumps({"id": f"{i}", "file": "a", "kie": {}}) for i in range(5))
    (tmp_path / "made_up" / "labels.jsonl").write_text(lines)
    assert [d.document_id for d in documents(tmp_path, "made_up", 3)] == ["0", "1", "3"]
    assert len(documents(tmp_path, "made_up", 9)) == 5
    assert documents(tmp_path, "made_up", 0) == ()


def test_what_only_looks_like_a_date_stands_as_written() -> None:
    assert stands(("2017-45-12",), [normalised("2017-45-12")])
