"""What was bought, and the shapes in which tickets print it."""

from __future__ import annotations

from dataclasses import dataclass

from training.synthesis.numbers import amount_text, money_runs, price_cents
from training.synthesis.setting import Draft, Setting
from training.synthesis.text import fill, item_text
from training.synthesis.words import Run, Sheet, wrap


@dataclass(frozen=True, slots=True, kw_only=True)
class Item:
    """One bought thing; money in cents."""

    description: str
    code: str
    quantity: int
    unit_price: int

    @property
    def amount(self) -> int:
        """Return what the line costs."""
        return self.quantity * self.unit_price


@dataclass(frozen=True, slots=True, kw_only=True)
class Basket:
    """The items and their sums in cents; `rounding` takes `gross` to a multiple of five."""

    items: tuple[Item, ...]
    rate: float
    net: int
    tax: int
    gross: int
    discount: int
    rounding: int

    @property
    def n_pieces(self) -> int:
        """Return how many pieces were bought."""
        return sum(item.quantity for item in self.items)


_RATES = (0, 6, 6, 7, 8, 10, 10, 19, 20, 21, 5, 13, 8.25, 7.5, 6.625, 8.875, 9.75, 12.5)


def make_basket(setting: Setting) -> Basket:
    """Return random items and consistent sums; tickets of the template agree on tax."""
    rng, template = setting.rng, setting.template
    most = 2 if setting.difficulty < 0.25 else rng.choice((2, 3, 3, 5, 5, 7, 7, 10, 10, 16, 28))
    items = tuple(_item(setting) for _ in range(rng.randint(0 if setting.difficulty < 0.25 else 1, most)))
    total = sum(item.amount for item in items) or price_cents(rng)
    rate = template.choice("rate", _RATES)
    discount = total // 20 if rng.random() < 0.2 and template.chance("discounts", 0.4) else 0
    net = total - discount
    tax = round(net * rate / 100)
    gross = net + tax
    return Basket(
        items=items,
        rate=rate,
        net=net,
        tax=tax,
        gross=gross,
        discount=discount,
        rounding=round(gross / 5) * 5 - gross,
    )


def _item(setting: Setting) -> Item:
    rng, template = setting.rng, setting.template
    pattern = template.choice(
        "item.code", ("#############", "####", "#####", "@####", "955##########", "@@-###", "###")
    )
    return Item(
        description=setting.case(item_text(rng, longest=7 if setting.difficulty > 0.5 else 4)),
        code=fill(rng, pattern),
        quantity=rng.choice((1, 1, 1, 1, 2, 2, 3, rng.randint(1, 40))),
        unit_price=price_cents(rng),
    )


_SHAPES = (
    "table",
    "table",
    "code_first",
    "text_first",
    "times_below",
    "times_above",
    "quantity_first",
    "quantity_first",
    "quantity_first",
    "quantity_behind",
    "price_below",
    "price_below",
    "price_above",
    "bare",
    "bare",
)
# Which columns each shape prints.
_COLUMNS = {
    "table": ("description", "quantity", "unit_price", "amount"),
    "code_first": ("code", "quantity", "unit_price", "amount", "description"),
    "text_first": ("description", "code", "quantity", "unit_price", "amount"),
    "times_below": ("description", "quantity", "unit_price", "amount"),
    "times_above": ("quantity", "unit_price", "amount", "description"),
    "quantity_first": ("quantity", "description", "amount"),
    "quantity_behind": ("description", "quantity", "amount"),
    "price_below": ("description", "quantity", "unit_price", "amount"),
    "price_above": ("quantity", "unit_price", "description", "amount"),
    "bare": ("description", "amount"),
}


def draw_items(setting: Setting, draft: Draft, basket: Basket) -> None:
    """Print the items in the template's shape."""
    template, sheet = setting.template, draft.sheet
    shape = template.choice("items.shape", _SHAPES)
    if template.chance("items.header", 0.5) and setting.difficulty > 0.1:
        _header(setting, sheet, shape)
    for index, item in enumerate(basket.items):
        _draw_item(setting, sheet, shape, item, f"line.{index}.")
        _print_under_item(setting, sheet, item)
    draft.n_rows = len(basket.items)
    draft.columns = _COLUMNS[shape]
    if template.chance("items.rule", 0.12):
        sheet.line(
            template.choice("rule", ("-", "=", "*", "_", "."))
            * template.integer("rule.length", 8, int(sheet.width))
        )
    sheet.down(template.choice("items.gap", (0.0, 0.0, 0.5, 1.0)))


_MODIFIERS = ("@", "-", "*", "+", "@DISC", "NO", "ADD", "SUB", "")
_REDUCTIONS = (
    "disc item",
    "diskon:",
    "discount",
    "you saved",
    "item disc",
    "promo",
    "less",
    "rabatt",
    "disc",
)


def _print_under_item(setting: Setting, sheet: Sheet, item: Item) -> None:
    """Print what belongs to an item and is none: how it is made, and what its price is reduced by."""
    template, rng = setting.template, setting.rng
    if template.chance("items.modifiers", 0.14) and rng.random() < 0.5:
        text = f"{template.choice('modifier', _MODIFIERS)} {item_text(rng, longest=3)}".strip()
        sheet.put(template.choice("modifier.x", (2.0, 2.0, 4.0)), setting.case(text))
        if template.chance("modifier.free", 0.15):
            sheet.runs(_rights(setting, sheet, 1)[0], [(amount_text(0, setting.money), None)], align="right")
        sheet.down()
    if template.chance("items.reduced", 0.1) and rng.random() < 0.6:
        word = setting.case(template.choice("reduction", _REDUCTIONS))
        share = rng.choice((5, 10, 20, 25, 40, 50))
        off = amount_text(-item.amount * share // 100, setting.money)
        at_right = [(off, None)] if template.chance("reduction.amount", 0.8) else []
        text = f"{word} {template.choice('reduction.share', ('{}%', '({}%)', '-{}.000%', '')).format(share)}"
        sheet.put(template.choice("reduction.x", (0.0, 0.0, 2.0)), text.strip())
        sheet.runs(_rights(setting, sheet, 1)[0], at_right, align="right")
        sheet.down()


def _rights(setting: Setting, sheet: Sheet, n: int) -> list[float]:
    """Return right edges of `n` number columns, the last at the edge of the sheet."""
    width = sheet.width - (3.0 if _has_tax_letter(setting) else 0.0)
    step = setting.template.number("items.step", 7.0, 11.0)
    return [width - step * (n - 1 - index) for index in range(n)]


def _has_tax_letter(setting: Setting) -> bool:
    return setting.template.chance("items.letter", 0.25)


def _header(setting: Setting, sheet: Sheet, shape: str) -> None:
    columns = _COLUMNS[shape]
    if shape in {"times_below", "bare", "times_above", "quantity_behind", "price_below", "price_above"}:
        columns = (
            ("description", "quantity", "amount")
            if setting.template.chance("header.qty", 0.5)
            else ("description", "amount")
        )
    numbers = [column for column in columns if column in {"quantity", "unit_price", "amount"}]
    texts = [column for column in columns if column not in numbers][:1]
    if shape == "quantity_first":
        sheet.put(0.0, setting.label("col.quantity"))
        sheet.put(6.0, setting.label("col.description"))
        numbers, texts = ["amount"], []
    for column in texts:
        sheet.put(0.0, setting.label(f"col.{column}"))
    for right, column in zip(_rights(setting, sheet, len(numbers)), numbers, strict=True):
        sheet.runs(right, [(setting.label(f"col.{column}"), None)], align="right")
    sheet.down()
    if setting.template.chance("header.currency", 0.15):
        sheet.line([(f"({setting.money.currency})", None)] * 2, align="right")


def _draw_item(setting: Setting, sheet: Sheet, shape: str, item: Item, tag: str) -> None:
    numbers = _Numbers(
        quantity=(_quantity_text(setting, item.quantity), f"{tag}quantity"),
        price=_money(setting, item.unit_price, f"{tag}unit_price"),
        amount=_money(setting, item.amount, f"{tag}amount"),
    )
    description = (item.description, f"{tag}description")
    if shape in {"table", "code_first", "text_first"}:
        _draw_in_columns(setting, sheet, shape, description, (item.code, f"{tag}code"), numbers)
    elif shape in {"times_below", "times_above", "price_below", "price_above"}:
        _draw_with_price_apart(setting, sheet, shape, description, numbers)
    else:
        _draw_in_a_line(setting, sheet, shape, description, numbers)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Numbers:
    """What an item's numbers are printed as."""

    quantity: Run
    price: list[Run]
    amount: list[Run]


def _draw_in_columns(
    setting: Setting,
    sheet: Sheet,
    shape: str,
    text: tuple[str, str],
    code: tuple[str, str],
    numbers: _Numbers,
) -> None:
    columns = [[numbers.quantity], numbers.price, numbers.amount]
    if shape == "text_first":
        _wrapped(sheet, *text, int(sheet.width))
    _numbers_line(setting, sheet, *(text if shape == "table" else code), columns, room=3)
    if shape == "code_first":
        _wrapped(sheet, *text, int(sheet.width))


def _draw_with_price_apart(
    setting: Setting, sheet: Sheet, shape: str, text: tuple[str, str], numbers: _Numbers
) -> None:
    quantity, price, amount = numbers.quantity, numbers.price, numbers.amount
    if shape == "price_above":
        _price_line(setting, sheet, quantity, price, None)
        _numbers_line(setting, sheet, *text, [amount], room=1)
        return
    if shape == "times_above":
        _times_line(setting, sheet, quantity, price, amount)
    _wrapped(sheet, *text, int(sheet.width))
    if shape == "times_below":
        _times_line(setting, sheet, quantity, price, amount)
    elif shape == "price_below":
        _price_line(setting, sheet, quantity, price, amount)


def _draw_in_a_line(
    setting: Setting, sheet: Sheet, shape: str, text: tuple[str, str], numbers: _Numbers
) -> None:
    x = 0.0
    if shape == "quantity_first":
        end = sheet.runs(0.0, [numbers.quantity])
        x = max(end, setting.template.choice("items.indent", (2.0, 4.0, 6.0)))
    behind = numbers.quantity if shape == "quantity_behind" else None
    _numbers_line(setting, sheet, *text, [numbers.amount], room=1, x=x, behind=behind)


def _money(setting: Setting, cents: int, tag: str) -> list[Run]:
    marked = setting.template.chance("items.marked", 0.3)
    return money_runs(cents, setting.money, tag, bare=not marked)


def _quantity_text(setting: Setting, quantity: int) -> str:
    style = setting.template.choice("items.quantity", ("#", "#", "#", "#", "0", "00", "x"))
    if style == "x" and setting.template.chance("items.xfirst", 0.3):
        return f"{setting.template.choice('items.xmark', ('x', 'X'))}{quantity}"
    if style == "x":
        return f"{quantity}{setting.template.choice('items.x', ('x', 'X', 'PC', 'pcs'))}"
    return amount_text(quantity * 100, setting.money, decimals={"#": 0, "0": 2, "00": 3}[style])


def _wrapped(sheet: Sheet, text: str, tag: str, width: int) -> None:
    for line in wrap(text, width):
        sheet.line([(line, tag)])


def _times_line(setting: Setting, sheet: Sheet, quantity: Run, price: list[Run], amount: list[Run]) -> None:
    sign = setting.template.choice("items.times", ("x", "X", "@", "*", "x RM"))
    indent = setting.template.choice("items.timesindent", (0.0, 2.0, 8.0, 14.0))
    sheet.runs(indent, [quantity, (sign, None), *price])
    sheet.runs(_rights(setting, sheet, 1)[0], amount, align="right")
    _tax_letter(setting, sheet)
    sheet.down()


_PRICE_ORDERS = ("quantity", "quantity", "price", "unit")


def _price_line(
    setting: Setting, sheet: Sheet, quantity: Run, price: list[Run], amount: list[Run] | None
) -> None:
    """Print quantity and price in columns or side by side, in either order, and the amount at the edge."""
    template = setting.template
    order = template.choice("price.order", _PRICE_ORDERS)
    indent = template.choice("price.indent", (0.0, 1.0, 2.0, 6.0))
    step = template.choice("price.step", (1.0, 1.0, 3.0, 6.0, 9.0))
    if len(price) == 1 and template.chance("price.at", 0.25):
        price = [(f"@{price[0][0]}", price[0][1])]
    unit: list[Run] = [(template.choice("price.unit", ("PCS", "pc", "x", "X", "@", "ea")), None)]
    parts = {
        "quantity": [[quantity], price],
        "price": [price, [quantity]],
        "unit": [[quantity, *unit], price],
    }
    x = indent
    for part in parts[order]:
        x = sheet.runs(x, part) + step
    if amount is not None:
        sheet.runs(_rights(setting, sheet, 1)[0], amount, align="right")
        _tax_letter(setting, sheet)
    sheet.down()


def _numbers_line(
    setting: Setting,
    sheet: Sheet,
    text: str,
    tag: str | None,
    numbers: list[list[Run]],
    *,
    room: int,
    x: float = 0.0,
    behind: Run | None = None,
) -> None:
    """Print text on the left, wrapped before the number columns, and the numbers on its first or last line.

    `behind` is printed behind the text of that line.
    """
    rights = _rights(setting, sheet, room)
    lines = wrap(text, max(8, int(rights[0] - 7 - x)))
    on_last = setting.template.chance("items.last", 0.25)
    at = len(lines) - 1 if on_last else 0
    for index, line in enumerate(lines):
        end = sheet.runs(x, [(line, tag)])
        if index == at:
            if behind is not None:
                sheet.runs(end + 1.0, [behind])
            for right, runs in zip(rights, numbers, strict=True):
                sheet.runs(right, runs, align="right")
            _tax_letter(setting, sheet)
        sheet.down()


def _tax_letter(setting: Setting, sheet: Sheet) -> None:
    if _has_tax_letter(setting):
        letter = setting.template.choice("items.letters", ("SR", "S", "*", "A", "T", "ZRL", "B", "F"))
        sheet.put(sheet.width - 2.0, letter)
