"""Labels: the sheet can be cut, read by people and by phones; what a scan shows, and to whom."""

from __future__ import annotations

import re
from io import BytesIO
from pathlib import Path

import pypdfium2
import pytest
import zxingcpp

from devices.clock import SetClock
from provisioning.campus.file import Campus
from provisioning.operators.permits import PERMITS
from provisioning.space.labels import COLUMNS, FONT_FILE, ROWS, FontMissing, Labels
from provisioning.space.scans import QUIET_S, Scans
from provisioning.vault.vault import Vault
from tests.provisioning.roomed import campus_of
from tests.provisioning.served import Served

BASE = "https://foyer.example.gov.cn"
SHEET = COLUMNS * ROWS
# 200 dots an inch: a phone's camera sees more of a label than that.
SCALE = 200 / 72
PDF_BYTES_MAX = 2_000_000


@pytest.fixture
def labels(vault: Vault) -> Labels:
    return Labels(vault)


def codes(sheet: bytes) -> list[str]:
    """Every QR code on every page, as a reader reads them."""
    document = pypdfium2.PdfDocument(BytesIO(sheet))
    pages = [page.render(scale=SCALE).to_pil() for page in document]
    return [found.text for page in pages for found in zxingcpp.read_barcodes(page)]


def texts(sheet: bytes) -> list[str]:
    return [page.get_textpage().get_text_range() for page in pypdfium2.PdfDocument(BytesIO(sheet))]


def test_every_code_of_a_campus_is_read_and_leads_to_its_seat(small: Campus, labels: Labels):
    sheet = labels.sheet(small, small.seats, BASE)
    found = codes(sheet)
    assert sorted(found) == sorted(labels.address(BASE, seat) for seat in small.seats)
    for address in found:
        seat, signature = address.removeprefix(f"{BASE}/seat/").split("/")
        assert labels.genuine(seat, signature)
    assert len(texts(sheet)) == -(-len(small.seats) // SHEET)


def test_the_text_is_chinese_and_can_be_taken_out(small: Campus, labels: Labels):
    (text,) = texts(labels.sheet(small, small.offices["a-201"].seats, BASE))
    assert "A 座 201 室" in text
    assert "机关事务管理局" in text
    assert "工位 06" in text
    assert "先行示范园区 a-201-06" in text


def test_only_what_is_used_of_the_font_is_in_the_file(small: Campus, labels: Labels):
    font = next(Path("/usr/share/fonts").rglob(FONT_FILE))
    sheet = labels.sheet(small, small.seats, BASE)
    assert len(sheet) < PDF_BYTES_MAX < font.stat().st_size


def test_a_long_name_is_made_smaller_and_then_cut(labels: Labels):
    name = "综合保障与后勤服务管理事务联合办公大厅第一会议与接待联合工作区域"
    campus = campus_of([f"{{id: o, name: {{zh: {name}, en: O}}, building: a, floor: 1, area: north, seats: 1}}"])
    (text,) = texts(labels.sheet(campus, campus.seats, BASE))
    shown = next(line for line in text.splitlines() if line.startswith("综合保障"))
    assert shown.endswith("…")
    assert name.startswith(shown[:-1])
    assert "工位 01" in text


def test_without_the_font_no_label_is_made_and_the_cure_is_named(vault: Vault, small: Campus, tmp_path: Path):
    with pytest.raises(FontMissing) as caught:
        Labels(vault, [tmp_path]).sheet(small, small.seats, BASE)
    assert "fonts-noto-cjk" in caught.value.sentence("en")
    assert "fonts-noto-cjk" in caught.value.sentence("zh")


def test_a_signature_is_of_one_seat_and_one_hub(labels: Labels, random_bytes):
    signature = labels.signature("a-201-01")
    assert len(signature) * 6 >= 80
    assert labels.genuine("a-201-01", signature)
    assert not labels.genuine("a-201-02", signature)
    assert not labels.genuine("a-201-01", signature[:-1])
    assert not labels.genuine("a-201-01", "张" * len(signature))
    assert not labels.genuine("a-201-01", "")
    other = Labels(Vault(bytes(64), random_bytes))
    assert not other.genuine("a-201-01", signature)
    turned = Labels(Vault(bytes(32) + bytes(range(32, 64)), random_bytes))
    assert turned.genuine("a-201-01", signature), "turning the master leaves labels on their desks as they are"


def test_a_scanner_in_a_loop_is_told_of_once_a_minute(vault, story, labels, clock: SetClock):
    scans = Scans(vault, story, labels, clock)
    told = [scans.worth_telling("a-201-01") for _ in range(1000)]
    assert told.count(True) == 1
    assert scans.worth_telling("a-201-02"), "another seat is another event"
    clock.put(clock.now().replace(minute=clock.now().minute + 1))
    assert scans.worth_telling("a-201-01") == (QUIET_S <= 60)


@pytest.fixture(scope="module")
def seated(served: Served) -> Served:
    """The hub with 张三 and 李四, who have a seat each."""
    head = "姓名,工号,部门,职务,人员类别,到岗日期,离岗日期,门禁卡号,办公区"
    rows = "张三,FX1,财政局,科员,公务员,{0},,,北办公区\n李四,FX2,司法局,科员,公务员,{0},,,南办公区\n"
    with served.house.store.reading() as tx:
        today = tx.now.astimezone(served.house.campuses.current(tx).zone).date()
    _take(served, f"{head}\n{rows.format(today)}")
    return served


def _take(served: Served, sheet: str) -> None:
    with served.client("hr") as hr:
        answer = hr.post("/hr/batches", files={"file": ("one.csv", sheet.encode())})
    assert answer.status_code == 200, answer.text


def _address(served: Served, seat: str) -> str:
    return f"/seat/{seat}/{served.house.labels.signature(seat)}"


def _seat(served: Served, no: str = "FX1") -> str:
    with served.client("hr") as hr:
        return next(one["unit"] for one in hr.get("/seats").json() if one["no"] == no)


def test_a_scan_shows_anybody_whose_seat_it_is_with_the_name_masked(seated: Served):
    seat = _seat(seated)
    with seated.client(language="zh") as phone:
        answer = phone.get(_address(seated, seat))
    assert answer.status_code == 200
    assert "张*" in answer.text
    assert "财政局" in answer.text
    assert seat in answer.text
    assert "张三" not in answer.text
    assert "FX1" not in answer.text
    with seated.client(language="en") as phone:
        assert "Whose seat" in phone.get(_address(seated, seat)).text


def test_a_vacant_seat_is_nobodys(seated: Served):
    with seated.client(language="en") as phone:
        assert "vacant" in phone.get(_address(seated, "e-301-04")).text


def test_a_wrong_signature_is_nothing_and_says_nothing(seated: Served):
    seat = _seat(seated)
    with seated.client(language="en") as phone:
        for path in (
            f"/seat/{seat}/AAAAAAAAAAAAAAAA",
            f"/seat/{seat}/{seated.house.labels.signature('e-301-04')}",
            f"/seat/nowhere-01/{seated.house.labels.signature('nowhere-01')}",
        ):
            answer = phone.get(path)
            assert answer.status_code == 404
            assert "No such label" in answer.text
            assert "张" not in answer.text


def test_an_operator_who_may_sees_the_staff_number_and_another_does_not(seated: Served):
    seat = _seat(seated)
    assert "system" not in PERMITS["seat.read"]
    for role, sees in (("hr", True), ("auditor", True), ("system", False)):
        with seated.client(language="en") as phone:
            entered = phone.post(
                "/enter", data={"token": seated.tokens[role]}, headers={"sec-fetch-site": "same-origin"}
            )
            assert entered.status_code == 303
            assert ("FX1" in phone.get(_address(seated, seat)).text) == sees


def test_a_scan_is_in_the_story_once_a_minute(seated: Served):
    house = seated.house
    with seated.client() as phone:
        for _ in range(20):
            assert phone.get(_address(seated, "d-101-01")).status_code == 200
    house.sealer.seal_once()
    with seated.client("auditor") as auditor:
        events = auditor.get("/story", params={"limit": 1000}).json()
    scans = [event for event in events if event["kind"] == "seat.scanned" and event["data"]["unit"] == "d-101-01"]
    assert len(scans) == 1
    assert scans[0]["actor"] == "house:scan"


def test_nothing_of_an_erased_person_is_shown(seated: Served):
    seat, house = _seat(seated, "FX2"), seated.house
    with seated.client(language="zh") as phone:
        assert "李*" in phone.get(_address(seated, seat)).text
        with house.store.writing() as tx:
            house.vault.forget(tx, house.persons.get(tx, "FX2").id)
        answer = phone.get(_address(seated, seat))
    assert answer.status_code == 200
    assert "李" not in answer.text


def test_labels_come_by_the_api_for_the_offices_that_are_named(served: Served):
    with served.client("hr") as hr:
        answer = hr.get("/seats/labels", params={"office": ["a-201", "a-202"], "base": BASE})
        plain = hr.get("/seats/labels", params={"office": "a-203"})
        wrong = hr.get("/seats/labels", params={"office": "nowhere"})
        bad = hr.get("/seats/labels", params={"base": "javascript:alert(1)"})
    assert answer.headers["content-type"] == "application/pdf"
    found = codes(answer.content)
    assert len(found) == 10
    assert all(re.fullmatch(rf"{BASE}/seat/a-20[12]-\d\d/[\w-]{{16}}", address) for address in found)
    assert {address.partition("/seat/")[0] for address in codes(plain.content)} == {served.url}
    assert wrong.status_code == 404
    assert bad.status_code == 422
