"""The list through whatever may happen to it, against a small model: what opens a door is what was put, less what was taken
away, on a disk that fails and in a process that dies at any step; and reports come once each."""

from __future__ import annotations

import asyncio
import secrets
import tempfile
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path

from hypothesis import given, settings
from hypothesis import strategies as st

from connectors.contract import EdgeError, Heard, Mark, PassageKind, canonical
from connectors.kept_list import KeptList
from devices.clock import SystemClock

LINE = "lines/g-1"
FIRST = datetime(2027, 3, 1, tzinfo=UTC)
Span = tuple[int, int]
"""Days from the first on."""

cards = st.integers(1, 3)
spans = st.tuples(st.integers(0, 9), st.integers(1, 9)).map(lambda told: (told[0], told[0] + told[1]))
steps = st.lists(
    st.one_of(
        st.tuples(st.just("put"), cards, spans),
        st.tuples(st.just("drop"), cards, spans),
        st.tuples(st.just("keep"), cards, spans),
        st.tuples(st.just("settle"), cards, spans),
        st.tuples(st.just("die"), cards, spans),
        st.tuples(st.sampled_from(["fail", "mend"]), cards, spans),
    ),
    max_size=30,
)


@dataclass
class Model:
    """What must be so: in memory, on disk, and of what happened."""

    memory: dict[int, Span | None] = field(default_factory=dict)
    disk: dict[int, Span | None] = field(default_factory=dict)
    kept: list[int] = field(default_factory=list)
    owed: list[int] = field(default_factory=list)


@settings(max_examples=60, deadline=None)
@given(steps)
def test_what_opens_is_what_was_put_less_what_was_taken_away(told: list[tuple[str, int, Span]]) -> None:
    asyncio.run(_walk(told))


async def _walk(told: list[tuple[str, int, Span]]) -> None:
    with tempfile.TemporaryDirectory() as name:
        path, model, failing = Path(name) / "list.sqlite", Model(), False
        kept = KeptList(path, SystemClock(), secrets.token_bytes)
        try:
            for step, card, span in told:
                if step == "die":
                    kept.close()
                    kept = KeptList(path, SystemClock(), secrets.token_bytes)
                    model.memory, model.owed, failing = dict(model.disk), [], False
                elif step in {"fail", "mend"}:
                    failing = step == "fail"
                    kept._file._writer.execute(f"PRAGMA query_only={int(failing)}")
                else:
                    await _do(kept, model, step, card, span, failing=failing)
                _agrees(kept, model)
        finally:
            kept.close()


async def _do(kept: KeptList, model: Model, step: str, card: int, span: Span, *, failing: bool) -> None:
    done = await _done(kept, step, card, span)
    assert done is (not failing if step != "settle" else bool(model.owed) and not failing)
    if step == "put":
        before = model.memory.get(card)
        model.memory[card] = span if done else None if before is None else _common(before, span)
        model.disk |= {card: span} if done else {}
    elif step == "drop":
        model.memory[card] = None
        if done:
            model.disk.pop(card, None)
    elif step == "keep":
        (model.kept if done else model.owed).append(card)
    elif done:
        model.kept, model.owed = model.kept + model.owed, []


async def _done(kept: KeptList, step: str, card: int, span: Span) -> bool:
    """Whether it went well."""
    try:
        if step == "put":
            await kept.put(LINE, f"card:{card}", _body(card, span))
        elif step == "drop":
            await kept.drop(LINE, f"card:{card}")
        elif step == "keep":
            await kept.keep(LINE, _told(card))
        else:
            return await kept.settle(LINE)
    except EdgeError:
        if step == "keep":
            kept.owe(LINE, _told(card))
        return False
    return True


def _agrees(kept: KeptList, model: Model) -> None:
    roll = kept.roll(LINE)
    for card in range(1, 4):
        windows = roll.cards[card].entry.windows if card in roll.cards else ()
        opens = [(one.opens, one.closes) for one in windows]
        span = model.memory.get(card)
        assert opens == ([] if span is None else [(_at(span[0]), _at(span[1]))])
        on_disk = model.disk.get(card)
        assert kept.read(LINE, f"card:{card}") == (None if on_disk is None else _body(card, on_disk))
    told = [one for one in kept.passages(LINE, Mark(), 100) if isinstance(one, Heard)]
    assert [(one.index, one.card) for one in told] == list(enumerate(model.kept, 1))


def _common(one: Span, other: Span) -> Span | None:
    begins, ends = max(one[0], other[0]), min(one[1], other[1])
    return (begins, ends) if begins < ends else None


def _at(day: int) -> datetime:
    return FIRST + timedelta(days=day)


def _body(card: int, span: Span) -> str:
    window = [f"{_at(day).replace(tzinfo=None).isoformat()}Z" for day in span]
    return canonical({"doors": {"1": [[*window, None]]}, "number": card, "pin": None})


def _told(card: int) -> Heard:
    return Heard(0, PassageKind.PASSED, "door:1", card, FIRST, True, "card", None)
