"""Every sentence that a person reads: an English template with named fields, and its Chinese twin in `zh/`."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Literal

from provisioning.nouns.zh import ZH

Language = Literal["en", "zh"]


def say(template: str, language: Language, fields: Mapping[str, object] | None = None) -> str:
    """The sentence in a language; where a twin is missing, the English one, for a reader is owed something."""
    if language == "en":
        return template.format_map(fields) if fields else template
    chosen = ZH.get(template, template)
    return chosen.format_map({name: _twin(value) for name, value in fields.items()}) if fields else chosen


def _twin(value: object) -> object:
    """A reason that is told within a sentence is one itself, and is said in the same language."""
    return ZH.get(value, value) if isinstance(value, str) and value.endswith(".") else value


def language_of(tag: str) -> Language:
    """The language of a locale or an Accept-Language header: `zh_CN.UTF-8`, `zh-CN,zh;q=0.9` → zh."""
    return "zh" if tag.strip().lower().startswith("zh") else "en"
