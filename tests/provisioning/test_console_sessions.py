"""Sessions and one-time links: bounded in time and number, spent once, known by digest alone."""

from __future__ import annotations

from datetime import timedelta
from itertools import count

import pytest

from provisioning.console.sessions import LINK_S_MAX, LINKS_MAX, SESSION_S_MAX, Sessions


@pytest.fixture
def sessions(clock, vault):
    numbers = count()
    return Sessions(clock, lambda: f"secret-{next(numbers)}", vault.token_digest)


def _later(clock, seconds):
    clock.put(clock.now() + timedelta(seconds=seconds))


def test_a_session_lasts_its_time_and_no_longer(sessions, clock):
    cookie = sessions.open("wang")
    _later(clock, SESSION_S_MAX - 1)
    assert sessions.who(cookie) == "wang"
    _later(clock, 2)
    assert sessions.who(cookie) is None


def test_a_session_ends_when_it_is_left(sessions):
    cookie, other = sessions.open("wang"), sessions.open("wang")
    sessions.end(cookie)
    assert (sessions.who(cookie), sessions.who(other)) == (None, "wang")


def test_a_link_opens_once(sessions):
    key = sessions.link("wang")
    assert (sessions.redeem(key), sessions.redeem(key)) == ("wang", None)


def test_a_link_is_too_old_after_ten_minutes(sessions, clock):
    key = sessions.link("wang")
    _later(clock, LINK_S_MAX + 1)
    assert sessions.redeem(key) is None


def test_a_link_is_no_session_and_a_session_no_link(sessions):
    assert sessions.who(sessions.link("wang")) is None
    assert sessions.redeem(sessions.open("wang")) is None
    assert sessions.who("") is None


def test_there_are_never_more_than_the_bound(sessions):
    keys = [sessions.link("wang") for _ in range(LINKS_MAX + 1)]
    assert [sessions.redeem(key) for key in (keys[0], keys[1], keys[-1])] == [None, "wang", "wang"]
