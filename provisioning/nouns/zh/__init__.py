"""The Chinese twins of every sentence, by the English template. A house test asserts that none is missing and that
both name the same fields."""

from __future__ import annotations

from provisioning.nouns.zh.answers import ZH_ANSWERS
from provisioning.nouns.zh.campus import ZH_CAMPUS
from provisioning.nouns.zh.commands import ZH_COMMANDS
from provisioning.nouns.zh.edge import ZH_EDGE
from provisioning.nouns.zh.grants import ZH_GRANTS
from provisioning.nouns.zh.house import ZH_HOUSE
from provisioning.nouns.zh.people import ZH_PEOPLE
from provisioning.nouns.zh.web import ZH_WEB

ZH: dict[str, str] = {
    **ZH_ANSWERS,
    **ZH_CAMPUS,
    **ZH_COMMANDS,
    **ZH_EDGE,
    **ZH_GRANTS,
    **ZH_HOUSE,
    **ZH_PEOPLE,
    **ZH_WEB,
}
