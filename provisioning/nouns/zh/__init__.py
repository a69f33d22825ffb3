"""The Chinese twins of every sentence, by the English template. A house test asserts that none is missing and that
both name the same fields."""

from __future__ import annotations

from provisioning.nouns.zh.alarms import ZH_ALARMS
from provisioning.nouns.zh.answers import ZH_ANSWERS
from provisioning.nouns.zh.asof import ZH_ASOF
from provisioning.nouns.zh.campus import ZH_CAMPUS
from provisioning.nouns.zh.commands import ZH_COMMANDS
from provisioning.nouns.zh.conditions import ZH_CONDITIONS
from provisioning.nouns.zh.doorkeeper import ZH_DOORKEEPER
from provisioning.nouns.zh.edge import ZH_EDGE
from provisioning.nouns.zh.eras import ZH_ERAS
from provisioning.nouns.zh.files import ZH_FILES
from provisioning.nouns.zh.fixtures import ZH_FIXTURES
from provisioning.nouns.zh.gateways import ZH_GATEWAYS
from provisioning.nouns.zh.grants import ZH_GRANTS
from provisioning.nouns.zh.hands import ZH_HANDS
from provisioning.nouns.zh.house import ZH_HOUSE
from provisioning.nouns.zh.lines import ZH_LINES
from provisioning.nouns.zh.lives import ZH_LIVES
from provisioning.nouns.zh.minds import ZH_MINDS
from provisioning.nouns.zh.passages import ZH_PASSAGES
from provisioning.nouns.zh.passing import ZH_PASSING
from provisioning.nouns.zh.people import ZH_PEOPLE
from provisioning.nouns.zh.registers import ZH_REGISTERS
from provisioning.nouns.zh.remote import ZH_REMOTE
from provisioning.nouns.zh.serial import ZH_SERIAL
from provisioning.nouns.zh.sites import ZH_SITES
from provisioning.nouns.zh.units import ZH_UNITS
from provisioning.nouns.zh.web import ZH_WEB

ZH: dict[str, str] = {
    **ZH_ALARMS,
    **ZH_ANSWERS,
    **ZH_ASOF,
    **ZH_CAMPUS,
    **ZH_COMMANDS,
    **ZH_CONDITIONS,
    **ZH_DOORKEEPER,
    **ZH_EDGE,
    **ZH_ERAS,
    **ZH_FILES,
    **ZH_FIXTURES,
    **ZH_GATEWAYS,
    **ZH_GRANTS,
    **ZH_HANDS,
    **ZH_HOUSE,
    **ZH_LINES,
    **ZH_LIVES,
    **ZH_MINDS,
    **ZH_PASSAGES,
    **ZH_PASSING,
    **ZH_PEOPLE,
    **ZH_REGISTERS,
    **ZH_SERIAL,
    **ZH_REMOTE,
    **ZH_SITES,
    **ZH_UNITS,
    **ZH_WEB,
}
