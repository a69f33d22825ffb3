"""From one cell to one value, as HR offices write them. Each function returns the value or raises the refusal that its
reader sees beside line and column; no sentence repeats what is personal."""

from __future__ import annotations

import re
import unicodedata
from datetime import date, datetime

from provisioning.identity.cards import check_number
from provisioning.identity.id_number import checked
from provisioning.intake.pages import CELL_CHARS_MAX, Cell
from provisioning.nouns.refusals import Refusal

NO_CHARS_MAX = 32
NAME_CHARS_MAX = 50
TEXT_CHARS_MAX = 64
CARD_DIGITS_MAX = 10

_NO = re.compile(rf"\w[\w.-]{{0,{NO_CHARS_MAX - 1}}}")
# Marks without width, which come along when text is copied from a page or a dialogue.
_UNSEEN = dict.fromkeys(map(ord, "\u200b\u200e\u200f\u202a\u202b\u202c\u202d\u202e\u2060\ufeff"))
# Dots between the parts of a name come in many shapes and mean one thing.
_DOTS = dict.fromkeys(map(ord, "•‧・･∙⋅᛫"), "·")
_BETWEEN_NAMES = frozenset("·-'. ")
_HAN = "[\u3007\u3400-\u9fff\uf900-\ufaff\U00020000-\U0003ffff]"
_PARTED = re.compile(rf"(?<={_HAN}) +(?={_HAN})")
_STOPS = re.compile(rf"(?<={_HAN}) ?[.。] ?(?={_HAN})")
# What programs write to make Excel keep a text as it is: ="00123" and '00123.
_KEPT = re.compile(r"""="([^"]*)"|'(.*)""", re.DOTALL)
_ERROR = re.compile(r"#(N/A|REF!|VALUE!|NAME\?|DIV/0!|NUM!|NULL!|SPILL!|CALC!|GETTING_DATA|BLOCKED!|UNKNOWN!|FIELD!)")
_MARKS = frozenset("=＝'＇#＃")
_NONE = frozenset({"无", "暂无", "没有", "无固定期限", "长期", "长期在岗", "至今", "待定", "n/a", "none"})
_STROKES = frozenset("-‐‑‒–—―−/\\_~ ")
_PHONES = re.compile(r"1[3-9]\d{9}|0\d{2,3}-?\d{7,8}(-\d{1,6})?|\d{7,8}", re.ASCII)
_ROUNDED = re.compile(r"\d(\.\d+)?E\+?\d+", re.ASCII | re.IGNORECASE)


class CellMissing(Refusal):
    """This must not be blank. Fill it in."""


class CellFormula(Refusal):
    """A formula stands here that Excel never worked out, or its text. Copy the column in Excel, paste it as values, and
    send the file again."""


class CellError(Refusal):
    """Excel shows an error here, such as #N/A. Put the formula right, or type the value."""


class CellText(Refusal):
    """This has more than {limit} characters, or some that cannot be printed. Shorten it, or type it again."""


class NoShape(Refusal):
    """A staff number has at most {limit} letters, digits, dots and hyphens, with no spaces. Correct it."""


class NameShape(Refusal):
    """A name has at most {limit} letters, and between them only a space, a hyphen or "·". Type it again."""


class PhoneShape(Refusal):
    """This is no telephone number. Write a mobile number of 11 digits, or a landline such as 0312-5620000."""


class IdNumberRounded(Refusal):
    """Excel keeps this identity number as a number and has lost its last digits. Give the column the format Text and
    type the number again."""


class CardShape(Refusal):
    """This is no card number. Write the digits on the card, from 1 to 4294967294, in a cell with the format Text."""


def text_of(cell: Cell) -> str:
    """What a cell says, in one form: full-width letters made narrow, blanks trimmed, marks without width taken out, a
    whole number without ".0"."""
    match cell:
        case None:
            return ""
        case str():
            told = cell if cell.isascii() else unicodedata.normalize("NFKC", cell.translate(_UNSEEN))
            return " ".join(told.split())
        case float() if cell % 1 == 0:
            return str(int(cell))
        case datetime():
            return cell.date().isoformat()
        case _:
            return str(cell)


def value(cell: Cell) -> Cell:
    """What a cell holds, once what Excel itself made of it is taken off. Raises `CellError`, `CellFormula`, `CellText`."""
    # Whoever reads a file cuts a longer text, so what stands behind the cut is not known.
    if isinstance(cell, str) and len(cell) > CELL_CHARS_MAX:
        raise CellText(limit=CELL_CHARS_MAX)
    if not isinstance(cell, str) or cell.lstrip()[:1] not in _MARKS:
        return cell
    told = text_of(cell)
    if kept := _KEPT.fullmatch(told):
        return kept[1] if kept[1] is not None else kept[2]
    if told.startswith("="):
        raise CellFormula
    if _ERROR.fullmatch(told.upper()):
        raise CellError
    return cell


def says_none(told: str) -> bool:
    """Whether a text only says that there is nothing to say: 无, 长期, a stroke."""
    return told.casefold() in _NONE or set(told) <= _STROKES


def unparted(told: str) -> str:
    """A text without the blanks that only set its Chinese characters apart: 财 政 局."""
    return _PARTED.sub("", told)


def plain(cell: Cell) -> str:
    """Printable text of at most TEXT_CHARS_MAX characters; may be empty."""
    told = text_of(cell)
    if len(told) > TEXT_CHARS_MAX or not told.isprintable():
        raise CellText(limit=TEXT_CHARS_MAX)
    return told


def staff_no(cell: Cell) -> str:
    """A staff number (工号)."""
    told = text_of(cell)
    if not _NO.fullmatch(told):
        raise NoShape(limit=NO_CHARS_MAX)
    return told


def name(cell: Cell) -> str:
    """A person's name, of any script; the dot between the parts of a name always as "·"."""
    told = unparted(re.sub(r" *· *", "·", _STOPS.sub("·", text_of(cell).translate(_DOTS))))
    letters = [unicodedata.category(char)[0] in "LM" for char in told]
    known = all(letter or char in _BETWEEN_NAMES for letter, char in zip(letters, told, strict=True))
    if not told or len(told) > NAME_CHARS_MAX or not known or not letters[0]:
        raise NameShape(limit=NAME_CHARS_MAX)
    return told


def id_number(cell: Cell, today: date) -> str:
    """An identity number that passes GB 11643."""
    if isinstance(cell, int | float) or _ROUNDED.fullmatch(text_of(cell)):
        raise IdNumberRounded
    return checked(text_of(cell), today)


def phone(cell: Cell) -> str:
    """A mainland mobile or landline number, without blanks and country code."""
    told = text_of(cell).replace(" ", "")
    mobile = re.sub(r"^(\+?86-?|0086-?)", "", told)
    told = mobile.replace("-", "") if mobile.startswith("1") else mobile
    if not _PHONES.fullmatch(told):
        raise PhoneShape
    return told


def card(cell: Cell) -> int:
    """A card number from 1 to 4294967294; leading zeros mean nothing."""
    told = text_of(cell).lstrip("0") or "0"
    # A longer one is not shown back: it may be an identity number in the wrong column.
    if isinstance(cell, bool) or not (told.isascii() and told.isdecimal() and len(told) <= CARD_DIGITS_MAX):
        raise CardShape
    return check_number(int(told))
