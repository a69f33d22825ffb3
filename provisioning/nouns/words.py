"""Every sentence that a person reads: an English template with named fields, and its Chinese twin in `zh/`."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Literal

from provisioning.nouns.zh import ZH

Language = Literal["en", "zh"]


def say(template: str, language: Language, fields: Mapping[str, object] | None = None) -> str:
    """The sentence in a language; where a twin is missing, the English one, for a reader is owed something."""
    chosen = ZH.get(template, template) if language == "zh" else template
    return chosen.format_map(fields) if fields else chosen


def language_of(tag: str) -> Language:
    """The language of a locale or an Accept-Language header: `zh_CN.UTF-8`, `zh-CN,zh;q=0.9` → zh."""
    return "zh" if tag.strip().lower().startswith("zh") else "en"
