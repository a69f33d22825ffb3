"""Every sentence that a person reads: an English template with named fields, and its Chinese twin in `zh/`."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from functools import cache, lru_cache
from string import Formatter
from typing import Literal

from provisioning.nouns.zh import ZH

Language = Literal["en", "zh"]

SAID_MAX = 1_000
"""Characters. What is longer is no sentence of ours."""
TOLD_ANEW_MAX = 2_048
"""So many sentences that bear their fields already are kept in Chinese: whoever looks at a target reads the same ones."""
WORDS_MIN = 16
"""Templates with fewer letters of their own between their fields fit nearly anything, and tell nobody what they are."""
AS_WORD = "word"
"""How a Chinese template asks for the twin of a field that is one word, such as `{kind:word}`."""


def say(template: str, language: Language, fields: Mapping[str, object] | None = None) -> str:
    """The sentence in a language; where a twin is missing, the English one, for a reader is owed something."""
    if language == "en":
        return template.format_map(fields) if fields else template
    if fields:
        return _filled(ZH.get(template, template), fields)
    return ZH.get(template) or (_told_anew(template) if template.endswith(".") else template)


def joined(sentences: Iterable[str], language: Language) -> str:
    """Sentences one after another: in Chinese no blank stands between them."""
    return ("" if language == "zh" else " ").join(sentences)


def listed(values: Iterable[str], language: Language) -> str:
    """Several words or names in a line, parted as the language does it."""
    return ("、" if language == "zh" else ", ").join(values)


class _Told(str):
    """A text in a Chinese sentence. `{kind:word}` says it by its twin: it is one of our own words there, and no name."""

    __slots__ = ()

    def __format__(self, how: str) -> str:
        return ZH.get(self, self) if how == AS_WORD else super().__format__(how)


def _filled(twin: str, fields: Mapping[str, object]) -> str:
    told = {name: _twin(value) for name, value in fields.items()}
    return twin.format_map({name: _Told(value) if isinstance(value, str) else value for name, value in told.items()})


def _twin(value: object) -> object:
    """A reason that is told within a sentence is words itself, and is said in the same language; a name is not."""
    return ZH.get(value) or _told_anew(value) if isinstance(value, str) and " " in value else value


@lru_cache(TOLD_ANEW_MAX)
def _told_anew(said: str) -> str:
    """A sentence that came in English with its fields in their places, such as a device's path, in Chinese: by the template
    with the most words of its own that fits it. As it is, where none does."""
    if len(said) > SAID_MAX:
        return said
    for words, template in _templates():
        if all(each in said for each in words) and (found := re.fullmatch(_shape(template), said, re.DOTALL)):
            return _filled(ZH[template], found.groupdict())
    return said


@cache
def _templates() -> tuple[tuple[tuple[str, ...], str], ...]:
    """The words between the fields of a sentence, and the sentence; those with the most words of their own come first."""
    found: list[tuple[tuple[str, ...], str]] = []
    for template in ZH:
        parts = list(Formatter().parse(template))
        words, names = tuple(text for text, *_ in parts), [name for _, name, *_ in parts if name]
        if len("".join(words)) >= WORDS_MIN and names and len(set(names)) == len(names):
            found.append((words, template))
    return tuple(sorted(found, key=lambda each: -len("".join(each[0]))))


def _shape(template: str) -> str:
    """What a sentence looks like once its fields are filled in, as a pattern."""
    parts = Formatter().parse(template)
    return "".join(re.escape(text) + (f"(?P<{name}>.+?)" if name else "") for text, name, *_ in parts)


def language_of(tag: str) -> Language:
    """The language of a locale or an Accept-Language header: `zh_CN.UTF-8`, `zh-CN,zh;q=0.9` → zh."""
    return "zh" if tag.strip().lower().startswith("zh") else "en"
