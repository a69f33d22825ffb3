"""Every act has a name: who may be one, how they are recognised, and when the first of them has to go."""

from __future__ import annotations

from datetime import timedelta

import pytest

from policies.separation import AUDITOR_ALONE, SYSTEM_OR_SECURITY, UNKNOWN_ROLE
from provisioning.nouns.refusals import NotFound
from provisioning.nouns.told import Actor
from provisioning.operators.logins import LOGIN_TOLD_EVERY_S, REFUSED_TOLD_EVERY_S, REMEMBERED_MAX, Logins
from provisioning.operators.operators import (
    LastOfRole,
    NameMalformed,
    NameTaken,
    Operators,
    RolesRefused,
    TokenRefused,
)
from provisioning.operators.permits import PERMITS, Forbidden, permit
from provisioning.store import story as rows
from provisioning.story.story import told_in

ROOT = Actor("bootstrap", frozenset({"hr", "security", "system"}))
ORIGIN = "127.0.0.1"


@pytest.fixture
def operators(vault, story):
    return Operators(vault, story)


@pytest.fixture
def first(store, operators):
    """The bootstrap operator's token."""
    with store.writing() as tx:
        return operators.bootstrap(tx)


@pytest.fixture
def add(store, operators):
    def adding(name, *roles):
        with store.writing() as tx:
            return operators.add(tx, name, roles, ROOT)

    return adding


def who(store, operators, token):
    with store.reading() as tx:
        return operators.authenticate(tx, token)


def told(store):
    with store.reading() as tx:
        return [(one.kind, one.actor, told_in(one.body)["data"]) for one in rows.unsealed(tx, 0, 100)]


def test_the_first_token_is_made_once(store, operators, first):
    operator = who(store, operators, first)
    assert (operator.name, operator.roles, operator.bootstrap) == ("bootstrap", ROOT.roles, True)
    assert "auditor" not in operator.roles
    with store.writing() as tx:
        assert operators.bootstrap(tx) is None


def test_a_token_is_recognised_and_kept_nowhere(store, operators, add, tmp_path):
    token = add("wang", "hr")
    operator = who(store, operators, token)
    assert (operator.name, operator.roles, operator.bootstrap) == ("wang", frozenset({"hr"}), False)
    assert token.encode() not in b"".join(file.read_bytes() for file in tmp_path.iterdir())


@pytest.mark.parametrize("token", ["", "foyer_wrong", "x" * 5_000, "foyer_\ud800", "金"])
def test_another_token_is_refused(store, operators, add, token):
    add("wang", "hr")
    with pytest.raises(TokenRefused):
        who(store, operators, token)


def test_bootstrap_dies_when_the_three_exist(store, operators, first, add):
    add("sys", "system")
    add("sec", "security")
    assert who(store, operators, first)
    add("wang", "hr")
    assert who(store, operators, first)
    add("aud", "auditor")
    with pytest.raises(TokenRefused):
        who(store, operators, first)
    assert told(store)[-1][:2] == ("operator.ended", "house:operators")
    with store.writing() as tx:
        assert operators.bootstrap(tx) is None
        assert [one.name for one in operators.all(tx) if one.ended] == ["bootstrap"]


def test_bootstrap_lives_on_if_the_third_is_not_kept(store, operators, first, add):
    add("sys", "system")
    add("sec", "security")
    with pytest.raises(RuntimeError), store.writing() as tx:
        operators.add(tx, "aud", ["auditor"], ROOT)
        raise RuntimeError
    assert who(store, operators, first)


@pytest.mark.parametrize(
    ("roles", "why"),
    [
        (["auditor", "hr"], AUDITOR_ALONE),
        (["system", "security"], SYSTEM_OR_SECURITY),
        (["hr", "security", "system"], SYSTEM_OR_SECURITY),
        (["boss"], UNKNOWN_ROLE),
        ([], "Name at least one of the roles auditor, hr, security, system."),
    ],
)
def test_roles_that_one_account_may_not_hold(store, operators, add, roles, why):
    with pytest.raises(RolesRefused) as refused:
        add("wang", *roles)
    assert why in refused.value.sentence("en")
    assert why not in refused.value.sentence("zh")
    assert "。" in refused.value.sentence("zh")
    with store.reading() as tx:
        assert operators.all(tx) == []


@pytest.mark.parametrize("name", ["", " wang", "wang li", "-wang", "x" * 65, "a\nb", "house:timer"])
def test_names_that_are_none(add, name):
    with pytest.raises(NameMalformed):
        add(name, "hr")


def test_a_name_is_never_given_twice(store, operators, add):
    add("王芳", "hr")
    with store.writing() as tx:
        operators.end(tx, "王芳", ROOT)
    with pytest.raises(NameTaken):
        add("王芳", "hr")


def test_an_ended_operator_is_refused(store, operators, first, add):
    token = add("wang", "hr")
    with store.writing() as tx:
        operators.end(tx, "wang", ROOT)
        operators.end(tx, "wang", ROOT)
        with pytest.raises(NotFound):
            operators.end(tx, "nobody", ROOT)
    with pytest.raises(TokenRefused):
        who(store, operators, token)
    assert [kind for kind, _, _ in told(store)] == ["operator.added", "operator.added", "operator.ended"]


@pytest.mark.parametrize(("name", "role"), [("sys", "system"), ("sec", "security"), ("aud", "auditor")])
def test_the_last_of_the_three_stays_until_there_is_another(store, operators, first, add, name, role):
    for one, its in (("sys", "system"), ("sec", "security"), ("aud", "auditor")):
        add(one, its)
    with pytest.raises(LastOfRole, match=role), store.writing() as tx:
        operators.end(tx, name, ROOT)
    add("another", role)
    with store.writing() as tx:
        operators.end(tx, name, ROOT)


def test_logins_are_told_once_a_while_and_refused_ones_without_their_token(store, operators, add, clock):
    token = add("wang", "hr")
    for _ in range(5):
        assert operators.enter(store, token, ORIGIN).name == "wang"
        with pytest.raises(TokenRefused):
            operators.enter(store, "foyer_stolen", ORIGIN)
    assert told(store)[1:] == [
        ("operator.entered", "wang", {"origin": ORIGIN, "count": 1}),
        ("operator.refused", "house:operators", {"origin": ORIGIN, "count": 1}),
    ]
    clock.put(clock.now() + timedelta(seconds=REFUSED_TOLD_EVERY_S))
    with pytest.raises(TokenRefused):
        operators.enter(store, "foyer_stolen", ORIGIN)
    operators.enter(store, token, ORIGIN)
    assert told(store)[3:] == [("operator.refused", "house:operators", {"origin": ORIGIN, "count": 5})]
    with store.reading() as tx:
        assert all(
            b"stolen" not in event.body and token.encode() not in event.body for event in rows.unsealed(tx, 0, 99)
        )


def test_memory_of_logins_is_bounded(clock):
    logins = Logins()
    for number in range(REMEMBERED_MAX + 50):
        assert logins.to_tell(None, str(number), clock.now()) == 1
    assert len(logins._said) == REMEMBERED_MAX
    later = clock.now() + timedelta(seconds=LOGIN_TOLD_EVERY_S)
    assert logins.to_tell(None, str(REMEMBERED_MAX), later) == 1


def test_the_auditor_only_reads_and_reads_everything():
    auditor = Actor("aud", frozenset({"auditor"}))
    for action in PERMITS:
        if action.endswith(".read"):
            permit(auditor, action)
        else:
            with pytest.raises(Forbidden):
                permit(auditor, action)


def test_the_system_administrator_grants_no_rights_to_people():
    system = Actor("sys", frozenset({"system"}))
    for action in ("hr.import", "card.write", "revoke", "rules.apply", "person.read", "story.read"):
        with pytest.raises(Forbidden, match=action):
            permit(system, action)
    for action in ("campus.apply", "operator.write", "targets.reconcile"):
        permit(system, action)


def test_only_the_auditor_reads_the_story():
    for role in ("hr", "security", "system"):
        with pytest.raises(Forbidden, match="auditor"):
            permit(Actor(role, frozenset({role})), "story.read")


@pytest.mark.parametrize("roles", [frozenset(), frozenset({"boss"})])
def test_without_a_role_nothing_is_allowed(roles):
    for action in PERMITS:
        with pytest.raises(Forbidden):
            permit(Actor("x", roles), action)


def test_an_action_that_nobody_named_is_allowed_to_nobody():
    with pytest.raises(Forbidden):
        permit(ROOT, "doors.open")
