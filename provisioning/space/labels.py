"""Labels for seats: what a phone reads off one leads to the seat's page, and only the hub can make one that does. A sheet
is A4 with cut marks, in Chinese, for whoever sits there reads it."""

from __future__ import annotations

import base64
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from hmac import compare_digest
from pathlib import Path
from typing import TYPE_CHECKING

from provisioning.campus.file import Campus
from provisioning.nouns.refusals import Refusal
from provisioning.vault.vault import Vault

if TYPE_CHECKING:
    from fpdf import FPDF
    from PIL.Image import Image

SIGNATURE_BYTES = 12
"""96 bits: nobody hits upon one by trying."""

FONT_FOLDERS = (Path("/usr/share/fonts"), Path("/usr/local/share/fonts"))
FONT_FILE = "NotoSansCJK-Regular.ttc"
FONT_FACE = 2
"""The face for simplified Chinese, of those in the file."""

COLUMNS, ROWS = 3, 8
PAGE_MM = (210.0, 297.0)
LABEL_MM = (PAGE_MM[0] / COLUMNS, PAGE_MM[1] / ROWS)
MARGIN_MM = 4.5
QR_MM = 26.0
GAP_MM = 3.0
MARK_MM = 2.0
TEXT_MM = LABEL_MM[0] - 2 * MARGIN_MM - QR_MM - GAP_MM
POINT_SMALLEST = 6.0
POINT_STEP = 0.5
# Choosing the handsomest of eight masks takes four times as long, and every reader reads them all.
QR_MASK = 0
QR_ERROR = "m"


class FontMissing(Refusal):
    """The font for Chinese labels ({font}) is not on this machine, so no label was made. Install Debian's
    fonts-noto-cjk, or run scripts/system-packages run, and ask again."""

    status = 503


@dataclass(frozen=True, slots=True)
class Line:
    """One line of a label: how large it is at most (points), and how far below the top it stands (mm)."""

    text: str
    points: float
    down_mm: float


class Labels:
    """Makes labels, and knows its own again."""

    def __init__(self, vault: Vault, fonts: Sequence[Path] = FONT_FOLDERS) -> None:
        self._vault = vault
        self._fonts = tuple(fonts)

    def signature(self, seat: str) -> str:
        """What stands behind the seat's id in a label's address."""
        digest = self._vault.label_digest(f"seat {seat}")[:SIGNATURE_BYTES]
        return base64.urlsafe_b64encode(digest).decode()

    def genuine(self, seat: str, signature: str) -> bool:
        """Whether the signature is the seat's; how long it takes tells nothing."""
        return compare_digest(self.signature(seat).encode(), signature.encode(errors="replace"))

    def address(self, base_url: str, seat: str) -> str:
        """Where a label leads."""
        return f"{base_url.rstrip('/')}/seat/{seat}/{self.signature(seat)}"

    def sheet(self, campus: Campus, seats: Iterable[str], base_url: str) -> bytes:
        """A PDF with a label for each of these seats, in order. Raises `FontMissing`."""
        pdf = _blank(self._font())
        for number, seat in enumerate(seats):
            place = number % (COLUMNS * ROWS)
            if place == 0:
                pdf.add_page()
                _cut_marks(pdf)
            _put(pdf, place, _qr(self.address(base_url, seat)), _lines(campus, seat))
        return bytes(pdf.output())

    def _font(self) -> Path:
        found = (path for folder in self._fonts for path in sorted(folder.rglob(FONT_FILE)))
        font = next(found, None)
        if font is None:
            raise FontMissing(font=FONT_FILE)
        return font


def _blank(font: Path) -> FPDF:
    from fpdf import FPDF

    pdf = FPDF(format=PAGE_MM)
    pdf.set_auto_page_break(False)
    pdf.set_margin(0)
    pdf.set_lang("zh-CN")
    pdf.add_font("cjk", fname=font, collection_font_number=FONT_FACE)  # pyrefly: ignore - its stubs are of an older fpdf2
    return pdf


def _lines(campus: Campus, seat: str) -> tuple[Line, ...]:
    office = campus.seats[seat]
    department = "" if office.department is None else campus.departments[office.department].name["zh"]
    return (
        Line(office.name["zh"], 11.0, 9.0),
        Line(f"工位 {seat.removeprefix(office.id + '-')}", 15.0, 17.0),
        Line(department, 9.0, 23.5),
        Line(f"{campus.name['zh']} {seat}", 7.0, 29.5),
    )


def _qr(address: str) -> Image:
    from PIL import Image
    from segno import make_qr

    matrix = make_qr(address, error=QR_ERROR, mask=QR_MASK).matrix
    size = len(matrix)
    dots = bytes(0 if dot else 255 for row in matrix for dot in row)
    return Image.frombytes("L", (size, size), dots).convert("1")


def _put(pdf: FPDF, place: int, code: Image, lines: Sequence[Line]) -> None:
    left = place % COLUMNS * LABEL_MM[0]
    top = place // COLUMNS * LABEL_MM[1]
    pdf.image(code, left + MARGIN_MM, top + (LABEL_MM[1] - QR_MM) / 2, QR_MM, QR_MM)
    for line in lines:
        pdf.text(left + MARGIN_MM + QR_MM + GAP_MM, top + line.down_mm, _fitted(pdf, line))


def _fitted(pdf: FPDF, line: Line) -> str:
    """The line's text in the largest size that fits; where even the smallest does not, its beginning."""
    points, text = line.points, line.text
    _size(pdf, points)
    while pdf.get_string_width(text) > TEXT_MM and points > POINT_SMALLEST:
        points -= POINT_STEP
        _size(pdf, points)
    while len(text) > 1 and pdf.get_string_width(text) > TEXT_MM:
        text = text.removesuffix("…")[:-1] + "…"
    return text


def _size(pdf: FPDF, points: float) -> None:
    pdf.set_font("cjk", size=points)  # pyrefly: ignore - its stubs are of an older fpdf2


def _cut_marks(pdf: FPDF) -> None:
    """A small cross at each corner of a label."""
    pdf.set_draw_color(150)
    pdf.set_line_width(0.1)
    for column in range(COLUMNS + 1):
        for row in range(ROWS + 1):
            across, down = column * LABEL_MM[0], row * LABEL_MM[1]
            pdf.line(across - MARK_MM, down, across + MARK_MM, down)
            pdf.line(across, down - MARK_MM, across, down + MARK_MM)
