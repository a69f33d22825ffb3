"""What is personal leaves no trace in clear: a planted name, number and phone are looked for in every byte that is kept."""

from __future__ import annotations

import base64
import logging
from pathlib import Path

import pytest

from provisioning.identity.id_number import check_character
from provisioning.intake.report import Report
from provisioning.intake.sheet import read_sheet
from tests.provisioning.housed import BOSS, Housed

NAME = "钱金丝雀"
BODY = "13999919881203771"
NUMBER = BODY + check_character(BODY)
PHONE = "15498765432"
REFUSED_NUMBER = "13999919881203999"
HEADERS = "姓名,工号,身份证号,部门,职务,人员类别,到岗日期,离岗日期,手机,门禁卡号,办公区"
CANARIES = {"name": NAME, "number": NUMBER, "phone": PHONE, "refused": REFUSED_NUMBER, "moved": "赵金丝雀"}


def take(housed: Housed, *rows: str) -> Report:
    with housed.house.store.writing() as tx:
        report = housed.house.intake.take(tx, read_sheet("\n".join([HEADERS, *rows]).encode(), "newcomers.csv"), BOSS)
        housed.house.grants.look(tx, report.people, BOSS)
    return report


def spellings(canary: str) -> list[bytes]:
    plain = [canary.encode(), canary.encode("utf-16-le"), canary.encode("utf-16-be"), canary.encode("gb18030")]
    escaped = [canary.encode("unicode_escape"), canary.encode().hex().encode(), base64.b64encode(canary.encode())]
    return plain + escaped


def traces(housed: Housed, log: str) -> dict[str, bytes]:
    folder = housed.house.settings.data
    kept = {str(path.relative_to(folder)): path.read_bytes() for path in folder.rglob("*") if path.is_file()}
    with housed.house.store.reading() as tx:
        exported = "\n".join(housed.house.proofs.export(tx, 0, None)).encode()
    return kept | {"the exported story": exported, "the log": log.encode()}


def test_a_planted_canary_is_found_nowhere(housed: Housed, caplog: pytest.LogCaptureFixture):
    caplog.set_level(logging.DEBUG)
    row = f"{NAME},E1,{NUMBER},财政局,科员,公务员,2026-03-02,,{PHONE},1001,北办公区"
    report = take(
        housed,
        row,
        f"{NAME},E2,{REFUSED_NUMBER},财政局,科员,公务员,2026-03-02,,{PHONE},1002,北办公区",
        f"{NAME},E3,,财政局,科员,公务员,2026-03-09,2026-03-01,{PHONE},1003,北办公区",
    )
    assert [line.effect.value for line in report.lines] == ["new", "refused", "refused"]
    housed.hand.work()
    take(housed, row.replace(NAME, CANARIES["moved"]).replace("财政局", "司法局"))
    with housed.house.store.reading() as tx:
        (found,) = housed.house.persons.search(tx, NUMBER, 10)
        private = housed.house.persons.private(tx, found)
    assert private is not None
    assert (private.name, private.id_number, private.phone) == (CANARIES["moved"], NUMBER, PHONE)
    housed.hand.work()
    housed.revoke(found)
    housed.hand.work()
    housed.house.sealer.seal_once()
    assert housed.house.sealer.checkpoint_once() is not None
    kept = traces(housed, caplog.text)
    assert {"hub.sqlite3", "hub.sqlite3-wal", "checkpoints.log", "the exported story"} <= set(kept)
    assert b"E1" in kept["hub.sqlite3"] + kept["hub.sqlite3-wal"], "the search itself finds what is in clear"
    for canary, secret in CANARIES.items():
        for spelled in spellings(secret):
            found_in = [place for place, data in kept.items() if spelled in data]
            assert found_in == [], f"the {canary} as {spelled!r}"


def test_the_exported_story_tells_of_the_person_without_saying_who(housed: Housed, tmp_path: Path):
    take(housed, f"{NAME},E1,{NUMBER},财政局,科员,公务员,2026-03-02,,{PHONE},1001,北办公区")
    housed.house.sealer.seal_once()
    housed.house.sealer.checkpoint_once()
    with housed.house.store.reading() as tx:
        exported = "\n".join(housed.house.proofs.export(tx, 0, None))
    assert "stay.announced" in exported
    assert housed.person("E1").id in exported
