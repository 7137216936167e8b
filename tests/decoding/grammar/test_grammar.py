from __future__ import annotations

import json
from dataclasses import replace
from datetime import date

import pytest

from decoding.grammar.build import build_grammar
from schemas.document import Document
from schemas.errors import EmptyDocumentError, GrammarCompileError
from schemas.layout import WordSpan
from schemas.spec import ArraySpec, ExtractionSchema, FieldSpec, ObjectSpec, Spec
from tests.decoding.engines.sampler import accepts, sample
from tests.decoding.pages import RECEIPT_LINES, document_of, page_of, schema_of

RECEIPT = document_of(RECEIPT_LINES)
EMPTY = document_of(())


def _accepts(spec: Spec, value: object, *, document: Document = RECEIPT, grounding: bool = True) -> bool:
    grammar = build_grammar(schema_of(x=spec), document, grounding=grounding)
    text = value if isinstance(value, str) else json.dumps(value, ensure_ascii=False, separators=(",", ":"))
    return accepts(grammar.lark, f'{{"x":{text}}}')


def _text(value: str) -> str:
    return json.dumps(value, ensure_ascii=False)


VERBATIM = FieldSpec(kind="verbatim")


@pytest.mark.parametrize(
    "span",
    [
        "ACME",
        "ACME TRADING SDN BHD",
        "SDN BHD 12, JALAN",  # over a line's end
        "JALAN BESAR, 43800 DENGKIL",
        'Copper pipe 12" 35.00',  # a quote inside
        "C:\\elbow",  # a backslash inside
        "42.50",
    ],
)
def test_a_run_of_whole_words_is_a_verbatim_value(span: str) -> None:
    assert _accepts(VERBATIM, _text(span))


@pytest.mark.parametrize(
    "text",
    [
        "ACM",  # half a word
        "CME TRADING",
        "ACME  TRADING",  # two spaces
        " ACME",
        "ACME ",
        "ACME SDN",  # a word left out
        "TRADING ACME",
        "Acme",
        "",
        " ",
        "42.50 ACME",  # from the end to the beginning
        "GLOBEX",
    ],
)
def test_other_text_is_no_verbatim_value(text: str) -> None:
    assert not _accepts(VERBATIM, _text(text))


def test_null_needs_a_nullable_field() -> None:
    assert _accepts(VERBATIM, None)
    assert not _accepts(FieldSpec(kind="verbatim", nullable=False), None)


def test_a_page_that_prints_null_gives_a_string() -> None:
    document = document_of(("null true",))
    assert _accepts(VERBATIM, '"null"', document=document)
    assert _accepts(VERBATIM, '"null true"', document=document)


def test_a_span_never_crosses_pages() -> None:
    document = document_of(("first page",), ("second page",))
    assert _accepts(VERBATIM, '"second page"', document=document)
    assert not _accepts(VERBATIM, '"page second"', document=document)


@pytest.mark.parametrize(
    "spec", [VERBATIM, FieldSpec(kind="date"), FieldSpec(kind="verbatim", max_length=11)]
)
def test_no_value_begins_with_the_colon_of_its_label(spec: FieldSpec) -> None:
    document = Document(
        sha256="0" * 64,
        media_type="text/plain",
        pages=(page_of(["Date :30-05-2018 = 1", ": :"]),),
    )
    assert _accepts(spec, '"30-05-2018"', document=document)
    assert not _accepts(spec, '":30-05-2018"', document=document)
    assert not _accepts(spec, '":"', document=document)
    assert not _accepts(spec, '": :"', document=document)


@pytest.mark.parametrize("spec", [VERBATIM, FieldSpec(kind="verbatim", max_length=11)])
def test_no_value_begins_with_a_mark_that_ends_what_stands_before(spec: FieldSpec) -> None:
    document = document_of(("10:02 , PM ) (M) .56 #7 !",))
    for value in ("(M)", ".56", "#7 !", "10:02 , PM"):
        assert _accepts(spec, _text(value), document=document), value
    for value in (",", ", PM", ")", ") (M)", "!"):
        assert not _accepts(spec, _text(value), document=document), value


def test_a_page_of_colons_has_no_value() -> None:
    document = Document(sha256="0" * 64, media_type="text/plain", pages=(page_of([": :: := ="]),))
    assert _accepts(VERBATIM, None, document=document)
    assert not _accepts(VERBATIM, '":"', document=document)


def test_column_order_is_an_alternative_to_row_order() -> None:
    # Two columns: "a b" over "c d" on the left, "x y" over "z" on the right.
    page = page_of(("a b x y", "c d z"), block_order=(0, 1, 4, 5, 2, 3, 6))
    document = Document(sha256="0" * 64, media_type="text/plain", pages=(page,))
    for span in ("b x", "a b c d", "x y z"):
        assert _accepts(VERBATIM, _text(span), document=document)
    assert not _accepts(VERBATIM, '"b z"', document=document)


def test_a_span_does_not_go_on_from_one_block_in_another() -> None:
    page = page_of(("a b x y", "c d z"), block_order=(0, 1, 4, 5, 2, 3, 6))
    page = replace(page, cuts=frozenset({(3, 4), (5, 2)}))
    document = Document(sha256="0" * 64, media_type="text/plain", pages=(page,))
    for span in ("b x", "a b c d", "x y z", "c d z"):
        assert _accepts(VERBATIM, _text(span), document=document)
    for span in ("y c", "d x", "a b x y c"):
        assert not _accepts(VERBATIM, _text(span), document=document)


def test_a_window_holds_only_its_words() -> None:
    spans = tuple(WordSpan(start=i, end=i + 1, page_index=0, word_index=i) for i in (0, 1, 3))
    grammar = build_grammar(schema_of(x=VERBATIM), RECEIPT, spans=spans)
    assert accepts(grammar.lark, '{"x":"ACME TRADING"}')
    assert accepts(grammar.lark, '{"x":"BHD"}')
    assert not accepts(grammar.lark, '{"x":"TRADING BHD"}')  # word 2 lies between them
    assert not accepts(grammar.lark, '{"x":"SDN"}')
    assert grammar.n_words == 3


def test_length_bounds_count_characters_of_the_value() -> None:
    short = FieldSpec(kind="verbatim", max_length=12)
    assert _accepts(short, '"ACME TRADING"')  # 4 + 1 + 7 = 12
    assert not _accepts(short, '"ACME TRADING SDN"')
    assert _accepts(FieldSpec(kind="verbatim", max_length=8), _text('pipe 12"'))  # 8 characters, 9 in JSON
    long = FieldSpec(kind="verbatim", min_length=13)
    assert not _accepts(long, '"ACME TRADING"')
    assert _accepts(long, '"ACME TRADING SDN"')
    assert _accepts(FieldSpec(kind="verbatim", max_length=1), '"x"')


def test_a_pattern_restricts_the_spans_of_the_page() -> None:
    number = FieldSpec(kind="verbatim", pattern=r"^INV-\d{4}/\d+$")
    assert _accepts(number, '"INV-2026/0042"')
    assert not _accepts(number, '"ACME"')
    nowhere = FieldSpec(kind="verbatim", pattern=r"PO-\d+")
    assert _accepts(nowhere, None)
    assert not _accepts(nowhere, '"PO-1"')


def test_a_field_that_nothing_can_fill_and_must_not_be_null_is_an_error() -> None:
    for spec in (
        FieldSpec(kind="verbatim", nullable=False, pattern=r"PO-\d+"),
        FieldSpec(kind="verbatim", nullable=False, min_length=200),
    ):
        with pytest.raises(EmptyDocumentError, match="'x'"):
            build_grammar(schema_of(x=spec), RECEIPT)
    with pytest.raises(EmptyDocumentError):
        build_grammar(schema_of(x=FieldSpec(kind="amount", nullable=False)), EMPTY)
    with pytest.raises(GrammarCompileError):
        build_grammar(schema_of(x=FieldSpec(kind="integer", nullable=False, minimum=2, maximum=1)), RECEIPT)


def test_an_empty_page_leaves_null_and_empty_lists() -> None:
    schema = schema_of(a=VERBATIM, b=FieldSpec(kind="date"), c=ArraySpec(item=VERBATIM))
    assert sample(build_grammar(schema, EMPTY).lark, seed=0) == '{"a":null,"b":null,"c":[]}'


@pytest.mark.parametrize("amount", ["12,", "35.00", "42.50", "7.50", "2", "1"])
def test_amounts_are_the_spans_that_look_like_amounts(amount: str) -> None:
    assert _accepts(FieldSpec(kind="amount"), _text(amount))


@pytest.mark.parametrize("text", ["TOTAL", "RM 42.50", "42.5", "12/03/2026", "99.00", 'Copper pipe 12"'])
def test_other_spans_are_no_amounts(text: str) -> None:
    assert not _accepts(FieldSpec(kind="amount"), _text(text))


@pytest.mark.parametrize(
    "amount", ["1 234,56", "-45,00", "(1,234.50)", "12.50-", "RM35.00", "$9.00", "19 %", "- 3,00", "1.234,56"]
)
def test_amounts_of_every_locale_are_found(amount: str) -> None:
    document = document_of((f"Total {amount} due",))
    assert _accepts(FieldSpec(kind="amount"), _text(amount), document=document)


def test_an_amount_that_must_be_given_falls_back_to_any_words() -> None:
    document = document_of(("no figures here",))
    assert _accepts(FieldSpec(kind="amount"), None, document=document)
    assert not _accepts(FieldSpec(kind="amount"), '"no"', document=document)
    assert _accepts(FieldSpec(kind="amount", nullable=False), '"no"', document=document)


@pytest.mark.parametrize(
    "printed", ["12/03/2026", "12 March 2026", "March 12, 2026", "2026-03-12", "12. März 2026", "12-Mar-26"]
)
def test_dates_of_every_format_are_found(printed: str) -> None:
    document = document_of((f"Dated {printed} in Rome",))
    spec = FieldSpec(kind="date")
    assert _accepts(spec, _text(printed), document=document)
    assert not _accepts(spec, _text(f"Dated {printed}"), document=document)
    assert not _accepts(spec, '"01/01/2000"', document=document)


def test_numbers_are_those_that_the_page_shows_in_every_reading() -> None:
    document = document_of(("Total 1.234 and (7,50)",))
    spec = FieldSpec(kind="number")
    for number in ("1.234", "1234", "-7.50", "-7.5"):
        assert _accepts(spec, number, document=document)
    for number in ("7.50", "12", "1.2"):
        assert not _accepts(spec, number, document=document)
    assert _accepts(FieldSpec(kind="number", maximum=100), "1.234", document=document)
    assert not _accepts(FieldSpec(kind="number", maximum=100), "1234", document=document)


@pytest.mark.parametrize(
    ("spec", "good", "bad"),
    [
        (FieldSpec(kind="boolean"), ["true", "false", "null"], ["True", "1", '"true"']),
        (FieldSpec(kind="integer"), ["0", "-12", "9999999999999"], ["1.0", "01", "-0", "10000000000000"]),
        (FieldSpec(kind="integer", minimum=3, maximum=120), ["3", "99", "120"], ["2", "121", "-5", "03"]),
        (
            FieldSpec(kind="enum", enum_values=("a b", 'q"', 3, True)),
            ['"a b"', '"q\\""', "3", "true"],
            ['"a"'],
        ),
        (FieldSpec(kind="enum", enum_values=("a", None), nullable=False), ['"a"', "null"], ['""']),
        (FieldSpec(kind="free", max_length=3), ['""', '"abc"', '"a\\"b"', '"é😀x"'], ['"abcd"', '"a\nb"']),
        (FieldSpec(kind="free", pattern="^[A-Z]{3}$"), ['"EUR"'], ['"EURO"', '"eur"', '""']),
    ],
)
def test_bounded_kinds_accept_exactly_their_values(spec: FieldSpec, good: list[str], bad: list[str]) -> None:
    assert [text for text in good if not _accepts(spec, text)] == []
    assert [text for text in bad if _accepts(spec, text)] == []


def test_iso_dates_are_those_that_the_page_shows_in_every_reading() -> None:
    page = document_of(("Date 03/04/2026 due 12 May 2026",))
    for nullable in (True, False):
        spec = FieldSpec(kind="iso_date", nullable=nullable)
        for day in ("2026-04-03", "2026-03-04", "2026-05-12"):
            assert _accepts(spec, f'"{day}"', document=page)
        assert not _accepts(spec, '"2026-05-13"', document=page)
        assert _accepts(spec, "null", document=page) == nullable


def test_a_page_without_dates_leaves_a_nullable_iso_date_null() -> None:
    page = document_of(("no day here",))
    assert not _accepts(FieldSpec(kind="iso_date"), '"2026-05-13"', document=page)
    assert _accepts(FieldSpec(kind="iso_date", nullable=False), '"2026-05-13"', document=page)


def test_iso_dates_are_those_of_the_calendar() -> None:
    spec = FieldSpec(kind="iso_date", nullable=False)
    for day in ("2026-02-28", "2024-02-29"):
        assert _accepts(spec, f'"{day}"', document=EMPTY)
    for day in ("2026-02-29", "2026-13-01", "26-01-01"):
        assert not _accepts(spec, f'"{day}"', document=EMPTY)
    grammar = build_grammar(schema_of(x=spec), EMPTY)
    for seed in range(50):
        date.fromisoformat(json.loads(sample(grammar.lark, seed=seed))["x"])


def test_lists_hold_between_min_and_max_items_and_no_more_than_words() -> None:
    item = FieldSpec(kind="boolean", nullable=False)
    spec = ArraySpec(item=item, min_items=1, max_items=3)
    assert not _accepts(spec, "[]")
    assert _accepts(spec, "[true]")
    assert _accepts(spec, "[true,true,false]")
    assert not _accepts(spec, "[true,true,true,true]")
    two_words = document_of(("two words",))
    assert _accepts(ArraySpec(item=item), "[true,true]", document=two_words)
    assert not _accepts(ArraySpec(item=item), "[true,true,true]", document=two_words)


def test_rows_that_nothing_can_fill_leave_an_empty_list() -> None:
    never = FieldSpec(kind="verbatim", nullable=False, pattern=r"PO-\d+")
    row = ObjectSpec(properties=(("any", VERBATIM), ("order", never)))
    assert _accepts(ArraySpec(item=row), "[]")
    assert not _accepts(ArraySpec(item=row), '[{"any":"ACME","order":"ACME"}]')
    assert _accepts(ObjectSpec(properties=(("order", never),), nullable=True), None)
    with pytest.raises(EmptyDocumentError, match=r"x\[0\]\.order"):
        build_grammar(schema_of(x=ArraySpec(item=row, min_items=1)), RECEIPT)


def test_nested_and_nullable_containers_are_written() -> None:
    inner = ObjectSpec(properties=(("n", FieldSpec(kind="boolean")),), nullable=True)
    spec = ArraySpec(
        item=ObjectSpec(properties=(("inner", inner), ("list", ArraySpec(item=inner)))), nullable=True
    )
    assert _accepts(spec, None)
    assert _accepts(spec, '[{"inner":null,"list":[{"n":true},null]},{"inner":{"n":null},"list":[]}]')
    assert not _accepts(spec, '[{"list":[],"inner":null}]')  # schema order


def test_output_is_compact_json_with_every_key() -> None:
    grammar = build_grammar(schema_of(a=FieldSpec(kind="boolean"), b=FieldSpec(kind="boolean")), EMPTY)
    assert accepts(grammar.lark, '{"a":true,"b":null}')
    for text in ('{"a": true,"b":null}', '{"a":true}', '{"b":null,"a":true}', '{"a":true,"b":null} '):
        assert not accepts(grammar.lark, text)


def test_keys_and_an_empty_object_are_written_as_json() -> None:
    odd = ExtractionSchema(
        name="odd",
        root=ObjectSpec(properties=(('q"\\/', FieldSpec(kind="boolean")), ("é ", ObjectSpec(properties=())))),
        json_schema="{}",
    )
    assert json.loads(sample(build_grammar(odd, EMPTY).lark, seed=1)).keys() == {'q"\\/', "é "}


def test_reasoning_comes_first_bounded_and_plain() -> None:
    schema = schema_of(x=FieldSpec(kind="boolean"))
    for mode, n_chars in (("brief", 200), ("full", 1200)):
        grammar = build_grammar(schema, EMPTY, reasoning=mode)  # pyright: ignore[reportArgumentType]
        assert grammar.reasoning_key == "reasoning"
        assert accepts(grammar.lark, f'{{"reasoning":"{"é" * n_chars}","x":null}}')
        assert not accepts(grammar.lark, f'{{"reasoning":"{"é" * (n_chars + 1)}","x":null}}')
        assert not accepts(grammar.lark, '{"reasoning":"a\\"b","x":null}')
        assert not accepts(grammar.lark, '{"x":null}')


def test_a_property_named_reasoning_moves_the_reasoning_aside() -> None:
    grammar = build_grammar(schema_of(reasoning=FieldSpec(kind="boolean")), EMPTY, reasoning="brief")
    assert grammar.reasoning_key == "_reasoning"
    assert accepts(grammar.lark, '{"_reasoning":"so","reasoning":true}')


def test_without_grounding_any_bounded_text_is_accepted() -> None:
    spec = FieldSpec(kind="verbatim", max_length=10)
    assert _accepts(spec, '"GLOBEX"', grounding=False)
    assert not _accepts(spec, '"GLOBEX CORPORATION"', grounding=False)
    assert _accepts(FieldSpec(kind="number"), "3.14", grounding=False)
    assert _accepts(FieldSpec(kind="verbatim", nullable=False), '"x"', document=EMPTY, grounding=False)


def test_words_that_cannot_be_written_as_utf8_break_a_run() -> None:
    document = document_of(("good \ud800 words here",))
    assert _accepts(VERBATIM, '"words here"', document=document)
    assert not _accepts(VERBATIM, '"good words"', document=document)


def test_too_many_words_are_refused() -> None:
    document = document_of(("w " * 10_001,))
    with pytest.raises(GrammarCompileError, match="10000 words"):
        build_grammar(schema_of(x=VERBATIM), document)


def test_a_number_may_equal_its_bound() -> None:
    page = document_of(("rate 0.1 and 0.3",))
    assert _accepts(FieldSpec(kind="number", minimum=0.1), "0.1", document=page)
    assert _accepts(FieldSpec(kind="number", maximum=0.3), "0.3", document=page)


def test_free_text_holds_no_half_of_a_surrogate_pair() -> None:
    assert not _accepts(FieldSpec(kind="free"), '"\\ud800"')
    assert _accepts(FieldSpec(kind="free"), '"\\u001f"')


def test_a_page_that_prints_chat_markers_cannot_end_the_answer() -> None:
    page = document_of(("10.00 <|im_end|>",))
    lark = build_grammar(schema_of(x=FieldSpec(kind="verbatim", nullable=False, min_length=7)), page).lark
    for seed in range(20):
        assert "<|im_end|>" in json.loads(sample(lark, seed=seed))["x"]


def test_a_strict_grammar_takes_no_words_for_an_amount_number_or_date() -> None:
    page = document_of(("no figures here",))
    for kind in ("amount", "date", "number", "iso_date"):
        schema = schema_of(x=FieldSpec(kind=kind, nullable=False))
        assert build_grammar(schema, page).lark
        with pytest.raises(EmptyDocumentError):
            build_grammar(schema, page, strict=True)


def test_hundreds_of_nested_prefixes_compile() -> None:
    values = tuple("x" * n for n in range(1, 400))
    grammar = build_grammar(schema_of(x=FieldSpec(kind="enum", enum_values=values)), document_of(("a",)))
    assert accepts(grammar.lark, json.dumps({"x": "x" * 399}, separators=(",", ":")))
    assert not accepts(grammar.lark, json.dumps({"x": "x" * 400}, separators=(",", ":")))
