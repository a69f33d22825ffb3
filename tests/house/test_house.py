"""The house law: every law holds for the tree as it stands, and every law can fail."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.house import arrows, laws, source

ROOT = Path(__file__).resolve().parents[2]
Law = Callable[[Path], list[str]]

LAWS: tuple[Law, ...] = (
    arrows.floors,
    arrows.rooms,
    arrows.purity,
    arrows.queries,
    laws.sizes,
    laws.names,
    laws.mocks,
    laws.reasons,
    laws.connectors,
    laws.sentences,
    laws.marks,
    laws.places,
)

LONG = "def long():\n" + "    pass\n" * laws.FUNCTION_LINES_MAX
CONNECTOR = 'class Seats:\n    kind = "seats"\n    async def write(self, record): ...\n'
REFUSAL = 'class Refusal(Exception):\n    """No."""\n\nclass Taken(Refusal):\n    """{number} is taken."""\n'
KEPT = (
    "from connectors import contract\nfrom connectors.contract import EdgeError\nclass Full(EdgeError): 'It is full.'"
)
NO_ZH = 'ZH = {"No.": "不行。请写 `名称: 值`，或 127.0.0.1:端口（1.1:x, y）。"'

# Law, a tree that breaks it, and the words that tell so.
BREACHES: list[tuple[Law, dict[str, str], str]] = [
    (arrows.floors, {"policies/decide.py": "import devices.clock"}, "policies may not import devices.clock"),
    (arrows.floors, {"devices/wg/driver.py": "from policies import facts"}, "devices may not import policies.facts"),
    (arrows.floors, {"connectors/seats.py": "import provisioning"}, "connectors may not import provisioning"),
    (arrows.floors, {"devices/wire.py": "def f():\n    from tests.house import laws"}, "devices may not import tests"),
    (
        arrows.rooms,
        {"provisioning/store/rows.py": "from ..grants import plan"},
        "store may not import provisioning.grants",
    ),
    (
        arrows.rooms,
        {"provisioning/holds/a.py": "import provisioning.alarms.b"},
        "holds may not import provisioning.alarms",
    ),
    (arrows.rooms, {"provisioning/grants/a.py": "from provisioning import readiness"}, "grants may not import"),
    (arrows.rooms, {"provisioning/grants/a.py": "from provisioning.settings import S"}, "grants may not import"),
    (arrows.rooms, {"provisioning/settings.py": "from provisioning.store import engine"}, "settings may not import"),
    (arrows.rooms, {"provisioning/cli/cards.py": "from provisioning import compose"}, "cli may not import"),
    (arrows.rooms, {"provisioning/cli/serve.py": "from provisioning.store import engine"}, "cli may not import"),
    (arrows.rooms, {"provisioning/cli/serve.py": "from provisioning.api import app"}, "cli may not import"),
    (arrows.rooms, {"provisioning/attic/a.py": ""}, "knows no room attic"),
    (arrows.purity, {"policies/decide.py": "from time import time"}, "policies are pure"),
    (arrows.queries, {"provisioning/grants/a.py": "from sqlalchemy import select"}, "queries live in"),
    (arrows.queries, {"provisioning/grants/a.py": "import sqlalchemy as sa"}, "queries live in"),
    (arrows.queries, {"provisioning/api/a.py": "from sqlalchemy.sql.expression import func"}, "queries live in"),
    (laws.sizes, {"devices/a.py": "x = 1\n" * (laws.FILE_LINES_MAX + 1)}, "401 lines"),
    (laws.sizes, {"bench/a.py": LONG}, "long has 61 lines"),
    (laws.names, {"devices/utils.py": ""}, "says nothing"),
    (laws.names, {"provisioning/common/codes.py": ""}, "says nothing"),
    (laws.mocks, {"tests/test_a.py": "from unittest import mock"}, "is a mock"),
    (laws.mocks, {"tests/test_a.py": "from unittest.mock import patch"}, "is a mock"),
    (laws.reasons, {"devices/a.py": "x = 1  # noqa: S104, E501"}, "say why"),
    (laws.reasons, {"devices/a.py": "x = 1  # type: ignore[arg-type]"}, "say why"),
    (laws.connectors, {"connectors/seats.py": CONNECTOR, "README.md": "`seats`"}, "Seats is not in"),
    (laws.connectors, {"connectors/seats.py": CONNECTOR}, "no page in docs/ names `seats`"),
    (laws.sentences, {"provisioning/nouns/refusals.py": REFUSAL}, "no Chinese twin for: {number} is taken."),
    (laws.sentences, {"provisioning/nouns/zh/house.py": 'ZH = {"{a} is b.": "是{b}。"}'}, "names other fields"),
    (laws.sentences, {"policies/says.py": 'class Sentence(StrEnum):\n    LATE = "Too late."'}, "for: Too late."),
    (laws.sentences, {"devices/a.py": "say('Too late.', language)"}, "for: Too late."),
    (laws.sentences, {"provisioning/vault/a.py": "Alarm(template='Too hot.')"}, "for: Too hot."),
    (
        laws.sentences,
        {"connectors/contract.py": "class EdgeError(Exception): 'No.'", "connectors/kept.py": KEPT},
        "connectors/kept.py:3: no Chinese twin for: It is full.",
    ),
    *(
        (laws.marks, {"provisioning/nouns/zh/house.py": f'ZH = {{"No.": "{twin}"}}'}, f"in a Chinese sentence: {twin}")
        for twin in (
            "查看:foyer",
            "{a}(进程 {b})。",
            "停止它,或",
            "{why}。 请看。",
            "目录（{a}） 在",
            "不行.",
            "名称: 值",
        )
    ),
    (laws.places, {"docs/how.md": "cd /" + "root/foyer"}, "docs/how.md:1: names"),
    (laws.places, {"lock/run.txt": "--index-url https://pypi." + "org/simple"}, "lock/run.txt:1: names"),
    (laws.places, {"uv.lock": ""}, "names the addresses of a registry"),
]

LAWFUL = {
    "policies/decide.py": "from policies import facts",
    "devices/clock.py": "import time",
    "connectors/seats.py": "from devices import wire\nfrom policies import passage\n\n" + CONNECTOR,
    "connectors/registry.py": "from connectors.seats import Seats",
    "docs/connectors.md": "The kind `seats` keeps desks.",
    "provisioning/nouns/refusals.py": REFUSAL,
    "provisioning/nouns/zh/house.py": NO_ZH + ', "{number} is taken.": "{number} 已被占用。"}',
    "provisioning/store/engine.py": "from sqlalchemy import select\nfrom ..nouns import refusals",
    "provisioning/grants/plan.py": "from sqlalchemy.orm import Session\nfrom provisioning.delivery import work",
    "provisioning/api/app.py": "from provisioning.settings import Settings",
    "provisioning/cli/serve.py": "from provisioning import compose, settings",
    "provisioning/compose.py": "from provisioning import api, cli, console, store, settings",
    "provisioning/settings.py": "from provisioning.nouns import words",
    "devices/a.py": "x = 1  # noqa: S104: panels call from any address",
    "tests/test_a.py": "import provisioning.store\nfrom bench import walk",
}


def _build(root: Path, tree: dict[str, str]) -> Path:
    for name, text in tree.items():
        path = root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
    return root


def _name(law: Law) -> str:
    return law.__name__


@pytest.fixture(scope="module", autouse=True)
def trees() -> Iterator[None]:
    """Syntax trees are a hundred megabytes: they go with the laws."""
    yield
    source.parsed.cache_clear()


@pytest.mark.parametrize("law", LAWS, ids=_name)
def test_the_house_keeps_the_law(law: Law):
    broken = law(ROOT)
    assert not broken, "\n".join(["", *broken])


@pytest.mark.parametrize("law", LAWS, ids=_name)
def test_a_lawful_tree_passes(law: Law, tmp_path: Path):
    assert law(_build(tmp_path, LAWFUL)) == []


@pytest.mark.parametrize(
    ("law", "tree", "words"), BREACHES, ids=[f"{_name(law)}-{words}" for law, _, words in BREACHES]
)
def test_a_breach_is_seen(law: Law, tree: dict[str, str], words: str, tmp_path: Path):
    assert any(words in line for line in law(_build(tmp_path, tree)))


def test_every_law_has_a_breach():
    assert {_name(law) for law in LAWS} == {_name(law) for law, _, _ in BREACHES}
