"""What a gateway keeps on its own disk: it survives restarts, torn files and clocks that jump."""

from __future__ import annotations

import asyncio
import logging
import sqlite3
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from connectors.kept import Kept, KeptUnusable
from devices.clock import SetClock

NOW = datetime(2027, 3, 1, 8, tzinfo=UTC)
SETTLE_S = 5.0


async def inline(work: Callable[..., Any], *told: Any) -> Any:
    return work(*told)


def old_file(path: Path, clock: SetClock) -> Kept:
    """A file that is old enough to know all that was sent."""
    Kept(path, SetClock(clock.now() - timedelta(hours=1)), inline).close()
    return Kept(path, clock, inline)


def send(kept: Kept, key: str, body: str | None, span_s: float = 2.0) -> None:
    asyncio.run(kept_note(kept, key, body, span_s))
    kept.sending("t", key, body, for_s=0)


async def kept_note(kept: Kept, key: str, body: str | None, span_s: float) -> None:
    await kept.note("t", [(key, body)], span_s)


def test_other_content_must_settle_and_the_same_need_not(tmp_path: Path) -> None:
    clock = SetClock(NOW)
    kept = old_file(tmp_path / "kept", clock)
    send(kept, "k", "wide")
    clock.put(NOW + timedelta(seconds=2))
    assert kept.waits_s("t", "k", "wide", SETTLE_S, first=False) == 0
    assert kept.waits_s("t", "k", "narrow", SETTLE_S, first=False) == pytest.approx(3)
    assert kept.waits_s("t", "k", None, SETTLE_S, first=False) == pytest.approx(3)
    assert kept.waits_s("other", "k", None, SETTLE_S, first=False) == 0
    send(kept, "k", None)
    assert kept.waits_s("t", "k", None, SETTLE_S, first=False) == pytest.approx(3)
    assert kept.waits_s("t", "k", "wide", SETTLE_S, first=False) == pytest.approx(5)
    clock.put(NOW + timedelta(seconds=5))
    assert kept.waits_s("t", "k", None, SETTLE_S, first=False) == 0
    kept.close()


def test_while_something_is_leaving_it_counts_as_not_sent_yet(tmp_path: Path) -> None:
    kept = old_file(tmp_path / "kept", SetClock(NOW))
    kept.sending("t", "k", "wide", for_s=1.5)
    assert kept.waits_s("t", "k", None, SETTLE_S, first=False) == pytest.approx(6.5)
    kept.sending("t", "k", "wide", for_s=0)
    assert kept.waits_s("t", "k", None, SETTLE_S, first=False) == pytest.approx(5)
    kept.close()


def test_a_restart_remembers_what_had_been_noted_even_where_it_never_left(tmp_path: Path) -> None:
    clock = SetClock(NOW)
    kept = old_file(tmp_path / "kept", clock)
    asyncio.run(kept_note(kept, "k", "wide", 2.0))
    kept.close()
    clock.put(NOW + timedelta(seconds=4))
    kept = Kept(tmp_path / "kept", clock, inline)
    assert kept.waits_s("t", "k", None, SETTLE_S, first=False) == pytest.approx(5)
    assert kept.waits_s("t", "other", None, SETTLE_S, first=False) == 0
    kept.close()


def test_without_a_file_it_waits_unless_nothing_else_was_ever_wanted(tmp_path: Path) -> None:
    clock = SetClock(NOW)
    kept = Kept(tmp_path / "kept", clock, inline)
    assert kept.waits_s("t", "k", None, SETTLE_S, first=False) == pytest.approx(5)
    assert kept.waits_s("t", "k", "wide", SETTLE_S, first=True) == 0
    kept.close()
    clock.put(NOW + timedelta(seconds=2))
    kept = Kept(tmp_path / "kept", clock, inline)
    assert kept.waits_s("t", "k", None, SETTLE_S, first=False) == pytest.approx(3)
    kept.close()


@pytest.mark.parametrize("back_s", [0, 7200, -30, -7200])
def test_a_clock_that_was_set_meanwhile_neither_hides_nor_prolongs(tmp_path: Path, back_s: int) -> None:
    kept = old_file(tmp_path / "kept", SetClock(NOW))
    send(kept, "k", "wide")
    kept.close()
    kept = Kept(tmp_path / "kept", SetClock(NOW - timedelta(seconds=back_s)), inline)
    assert kept.waits_s("t", "k", None, SETTLE_S, first=False) == pytest.approx(5)
    kept.close()


@pytest.mark.parametrize("damage", ["not a database at all, and long enough to have been one" * 40, "half"])
def test_a_torn_file_is_set_aside_and_said(tmp_path: Path, damage: str, caplog: pytest.LogCaptureFixture) -> None:
    path = tmp_path / "kept"
    clock = SetClock(NOW)
    kept = old_file(path, clock)
    for n in range(200):
        send(kept, f"k{n}", "wide")
    kept.close()
    whole = path.read_bytes()
    path.write_bytes(whole[: len(whole) // 2] if damage == "half" else damage.encode())
    with caplog.at_level(logging.WARNING):
        kept = Kept(path, clock, inline)
    assert "is torn" in caplog.text
    assert list(tmp_path.glob("kept.torn-*"))
    assert kept.waits_s("t", "k", None, SETTLE_S, first=False) == pytest.approx(5)
    send(kept, "k", "wide")
    kept.close()


def test_an_empty_file_is_as_none(tmp_path: Path) -> None:
    (tmp_path / "kept").write_bytes(b"")
    kept = Kept(tmp_path / "kept", SetClock(NOW), inline)
    assert kept.waits_s("t", "k", None, SETTLE_S, first=False) == pytest.approx(5)
    kept.close()


def test_old_sendings_are_forgotten(tmp_path: Path) -> None:
    clock = SetClock(NOW)
    kept = old_file(tmp_path / "kept", clock)
    send(kept, "k", "wide")
    clock.put(NOW + timedelta(seconds=90))
    send(kept, "other", "wide")
    kept.close()
    with sqlite3.connect(tmp_path / "kept") as file:
        assert file.execute("SELECT key FROM sent").fetchall() == [("other",)]
    file.close()


def test_a_place_that_cannot_be_written_is_said(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(KeptUnusable, match=r"own file .* cannot be used .* Free disk space"):
        Kept(tmp_path / "file" / "kept", SetClock(NOW), inline)
    with pytest.raises(KeptUnusable):
        Kept(tmp_path, SetClock(NOW), inline)


def test_a_wire_that_settles_longer_than_sendings_are_kept_is_a_bug(tmp_path: Path) -> None:
    kept = Kept(tmp_path / "kept", SetClock(NOW), inline)
    with pytest.raises(ValueError, match="longer than"):
        kept.waits_s("t", "k", None, 61, first=True)
    kept.close()


def test_what_another_gateway_sent_before_the_hand_over_must_settle(tmp_path: Path) -> None:
    clock = SetClock(NOW)
    kept = old_file(tmp_path / "kept", clock)
    kept.handed("own", 0)
    assert kept.waits_s("own", "k", None, SETTLE_S, first=False) == 0
    for handed in (7, 9):
        kept.handed("t", handed)
        assert kept.waits_s("t", "k", None, SETTLE_S, first=False) == pytest.approx(5)
        assert kept.waits_s("t", "k", "wide", SETTLE_S, first=True) == 0
        clock.put(clock.now() + timedelta(seconds=3))
        kept.handed("t", handed)
        assert kept.waits_s("t", "k", None, SETTLE_S, first=False) == pytest.approx(2)
        clock.put(clock.now() + timedelta(seconds=2))
        assert kept.waits_s("t", "k", None, SETTLE_S, first=False) == 0
    kept.close()
    again = Kept(tmp_path / "kept", clock, inline)
    again.handed("t", 9)
    assert again.waits_s("t", "k", None, SETTLE_S, first=False) == pytest.approx(5)
    again.close()
