"""Pages as pictures: words at their boxes, to look at."""

from __future__ import annotations

from pathlib import Path

from PIL import Image, ImageDraw, ImageFont

from schemas.document import Document, Page

_WIDTH_PX = 1100
_LONGEST_PX = 4000


def draw_pages(document: Document, folder: Path, name: str) -> None:
    """Write each page to `folder`/`name`-NUMBER.png: black words, each set into its box, on white."""
    folder.mkdir(parents=True, exist_ok=True)
    for page in document.pages:
        _picture(page).save(folder / f"{name}-{page.page_index + 1}.png")


def _picture(page: Page) -> Image.Image:
    height = min(round(_WIDTH_PX * page.height_pt / page.width_pt), _LONGEST_PX)
    image = Image.new("L", (_WIDTH_PX, height), 255)
    for word in page.words:
        box = word.bbox
        size = (max(round(box.width * _WIDTH_PX), 4), max(round(box.height * height), 4))
        image.paste(_set(word.text, size), (round(box.left * _WIDTH_PX), round(box.top * height)))
    return image


def _set(text: str, size: tuple[int, int]) -> Image.Image:
    """Return a word as wide and high as its box."""
    font = ImageFont.load_default(size=max(size[1], 8))
    left, top, right, bottom = (int(edge) for edge in font.getbbox(text))
    drawn = Image.new("L", (max(right - left, 1), max(bottom - top, 1)), 255)
    ImageDraw.Draw(drawn).text((-left, -top), text, font=font, fill=0)
    return drawn.resize(size)
