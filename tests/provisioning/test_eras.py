"""After a restore nothing that was revoked since the backup opens again: not where the tail is whole, not where it is cut,
missing, damaged or another's, and not at any moment on the way."""

from __future__ import annotations

import base64
import json
from pathlib import Path

import pytest

from devices.clock import SetClock
from provisioning.grants.eras import EraOther, EraRole, EraSecond, NoEra
from provisioning.nouns.people import CardState, StayState
from provisioning.nouns.told import Actor
from provisioning.story.offline import Sentence, verify_export
from provisioning.story.restoring import KeysMissing, OfAnotherHub, TailMissing
from provisioning.story.signing import Signer
from provisioning.vault.vault import SealedWithAnother
from tests.provisioning.housed import BOSS, Housed
from tests.provisioning.restored import Life, back_up, card, era_of, recovering, seal, verdict, watch, work_through

CHEN, ZHANG = (Actor(name, frozenset({"security"})) for name in ("chen", "zhang"))
WANG = Actor("wang", frozenset({"system"}))


@pytest.fixture
def life(tmp_path: Path, clock: SetClock) -> Life:
    return Life(tmp_path / "hub", clock)


@pytest.fixture
def archive(life: Life, tmp_path: Path) -> Path:
    """Four people proved on every panel; then a backup; then one revoked, one card lost, one departed, one arrived."""
    with life.house() as housed:
        for nth in range(1, 5):
            housed.come(f"E{nth}", 1000 + nth)
        work_through(housed)
        seal(housed)
        housed.later(minutes=5)
        path = back_up(housed, tmp_path / "hub.tar")
        housed.later(minutes=5)
        housed.revoke(housed.person("E2"))
        with housed.house.store.writing() as tx:
            housed.house.cards.lost(tx, 1003, BOSS)
        housed.look(housed.person("E3"))
        housed.come("E4", 1004, departure="2026-03-02")
        housed.come("E5", 1005)
        work_through(housed)
        assert card(1005) in housed.hand.memory["a-1"]
        assert not {card(1002), card(1003)} & housed.hand.memory["a-1"].keys()
        housed.later(hours=20)
        work_through(housed)
    assert card(1004) not in life.panels["a-1"]
    return path


def gone(housed: Housed) -> None:
    """At no moment was anything written for whoever lost it, and no panel holds it."""
    hand = housed.hand
    assert not {card(1002), card(1003), card(1004)} & watch(housed).written
    for held in hand.memory.values():
        assert not {card(1002), card(1003), card(1004)} & held.keys()


def test_with_a_whole_tail_it_is_settled_by_itself(life: Life, archive: Path):
    life.restore(archive)
    with life.house() as housed:
        era = era_of(housed)
        assert era is not None
        assert era.whole, era.differences
        assert era.settled is not None
        work_through(housed)
        gone(housed)
        assert card(1001) in housed.hand.memory["a-1"], "what was wanted and is wanted is there"
        assert card(1005) not in housed.hand.memory["a-1"], "nobody is given anything by a replay"
        assert {each["kind"] for each in era.differences["again"]} >= {"arrival", "stay", "card"}
        assert {each["no"] for each in era.differences["again"]} == {"E5"}
        assert verdict(housed).template == Sentence.AGREES
        kinds = [each["kind"] for each in housed.story()]
        assert kinds.index("person.revoked") < kinds.index("era.begun") < kinds.index("era.settled")
        assert housed.alarms().count("era.settled") == 1


def test_what_was_taken_is_taken_with_its_own_name(life: Life, archive: Path):
    with life.house() as housed:
        (before,) = housed.story("person.revoked")
        targets = {line.target for line in housed.certificate(before["trace"]).lines}
    life.restore(archive)
    with life.house() as housed:
        certificate = housed.certificate(before["trace"])
        assert (certificate.no, certificate.reason, certificate.operator) == ("E2", "left", BOSS.name)
        assert {line.target for line in certificate.lines} == targets
        work_through(housed)
        assert housed.certificate(before["trace"]).settled
        with housed.house.store.reading() as tx:
            (stay,) = housed.house.persons.stays(tx, housed.person("E2").id)
            (lost,) = housed.house.cards.of(tx, housed.person("E3").id)
        assert stay.state is StayState.REVOKED
        assert lost.state is CardState.LOST
        assert len(housed.story("person.revoked")) == 1


def test_who_came_after_the_backup_can_be_read_and_is_taken_again_when_sent_again(life: Life, archive: Path):
    life.restore(archive)
    with life.house() as housed:
        with housed.house.store.reading() as tx:
            private = housed.house.persons.private(tx, housed.person("E5"))
        assert private is not None
        assert private.name == "测试员"
        assert housed.grants(housed.person("E5")) == []
        work_through(housed)
        housed.come("E5", 1005)
        work_through(housed)
        assert card(1005) in housed.hand.memory["a-1"]


def test_a_second_restore_of_the_same_backup_is_no_different(life: Life, archive: Path):
    for _ in range(2):
        life.restore(archive)
        with life.house() as housed:
            work_through(housed)
            gone(housed)
            assert not recovering(housed)
            assert verdict(housed).template == Sentence.AGREES


def test_a_panel_that_was_off_is_mended_when_it_comes_back(life: Life, archive: Path):
    life.panels["a-1"][card(1002)] = life.panels["a-1"][card(1001)]
    life.restore(archive)
    with life.house() as housed:
        housed.hand.off = {"a-1", "b-1"}
        work_through(housed)
        housed.hand.off = set()
        housed.later(hours=1)
        work_through(housed)
        gone(housed)


def test_without_a_tail_only_erasures_go_out_until_two_accept(life: Life, archive: Path):
    for path in life.settings.tail_folder.iterdir():
        path.unlink()
    with pytest.raises(
        TailMissing, match=r"There is no tail of the story in .+\. The backup ends at event \d+, but"
    ) as missing:
        life.restore(archive)
    assert "The tail ends" not in str(missing.value), "there is none"
    assert "。 " not in missing.value.sentence("zh")
    life.panels["c-1"][card(77)] = life.panels["a-1"][card(1001)]
    life.panels["a-1"].clear()
    life.restore(archive, without_tail=True)
    with life.house() as housed:
        work_through(housed)
        assert recovering(housed)
        assert "era.recovering" in housed.alarms()
        assert watch(housed).written == set()
        assert card(77) not in housed.hand.memory["c-1"]
        assert housed.hand.claim_targets() == set(), "what is held back keeps nobody busy"
        _revoked_meanwhile(housed)
        assert verdict(housed).template == Sentence.AGREES_WITHOUT_SOME
    with life.house() as housed:
        assert recovering(housed), "a start settles nothing"
        work_through(housed)
        assert watch(housed).written == set()
        _accepted(housed)
        work_through(housed)
        assert card(1003) in housed.hand.memory["a-1"], "they accepted it"
        assert card(1001) not in housed.hand.memory["a-1"]
        assert verdict(housed).ok


def _revoked_meanwhile(housed: Housed) -> None:
    revocation = housed.revoke(housed.person("E1"))
    housed.hand.work()
    assert housed.certificate(revocation).settled


def _accepted(housed: Housed) -> None:
    """One person is not enough, nor are two of one role, nor whoever was shown something else."""
    store, eras = housed.house.store, housed.house.eras
    with store.reading() as tx:
        state = eras.state(tx)
    assert state is not None
    with store.writing() as tx, pytest.raises(EraOther):
        eras.accept(tx, "0" * 12, CHEN)
    with store.writing() as tx:
        assert not eras.accept(tx, state.digest, CHEN)
    with store.writing() as tx, pytest.raises(EraSecond):
        eras.accept(tx, state.digest, CHEN)
    with store.writing() as tx, pytest.raises(EraRole):
        eras.accept(tx, state.digest, ZHANG)
    assert recovering(housed)
    with store.writing() as tx:
        assert eras.accept(tx, state.digest, WANG)
    with store.writing() as tx, pytest.raises(NoEra):
        eras.accept(tx, state.digest, ZHANG)
    kinds = [each["kind"] for each in housed.story()]
    assert kinds.count("era.accepted") == 2
    assert kinds[-1] == "era.settled"


def test_a_tail_that_was_cut_takes_away_what_it_shows_and_opens_nothing(life: Life, archive: Path):
    (path,) = sorted(life.settings.tail_folder.iterdir())[-1:]
    lines = path.read_bytes().splitlines(keepends=True)
    path.write_bytes(b"".join(lines[:-3]) + lines[-3][:20])
    with pytest.raises(TailMissing, match="were signed"):
        life.restore(archive)
    life.restore(archive, without_tail=True)
    with life.house() as housed:
        work_through(housed)
        assert watch(housed).written == set()
        with housed.house.store.reading() as tx:
            (stay,) = housed.house.persons.stays(tx, housed.person("E2").id)
        assert stay.state is StayState.REVOKED
        gone(housed)
        found = verdict(housed)
        assert (found.ok, found.template) == (True, Sentence.AGREES_WITHOUT_SOME)
        with housed.house.store.reading() as tx:
            lines = [*housed.house.proofs.export(tx)]
            assert verify_export(lines, housed.house.proofs.key.text()) == found
            assert not verify_export(lines[:-1] if '"checkpoint"' not in lines[-1] else lines[:-2]).ok
    _go_on_past_the_gap(life, archive.with_name("later.tar"))


def _go_on_past_the_gap(life: Life, archive: Path) -> None:
    """What was lost stays lost; the next backup and its tail are whole again."""
    with life.house() as housed:
        _accepted(housed)
        work_through(housed)
        back_up(housed, archive)
        housed.revoke(housed.person("E1"))
        work_through(housed)
    life.restore(archive)
    with life.house() as housed:
        era = era_of(housed)
        assert era is not None
        assert era.whole, era.differences
        work_through(housed)
        assert card(1001) not in watch(housed).written
        assert verdict(housed).template == Sentence.AGREES_WITHOUT_SOME


@pytest.mark.parametrize("wrong", ["mangled", "altered", "missing line"])
def test_a_damaged_tail_still_tells_of_all_revocations_behind_the_damage(life: Life, archive: Path, wrong: str):
    path, place = _line_of(life, "card.lost")
    lines = path.read_bytes().splitlines(keepends=True)
    if wrong == "mangled":
        lines[place] = b"{" + lines[place][20:]
    elif wrong == "altered":
        told = json.loads(lines[place])
        lines[place] = json.dumps(told | {"actor": "nobody"}).encode() + b"\n"
    else:
        del lines[place]
    path.write_bytes(b"".join(lines))
    life.restore(archive, without_tail=True)
    with life.house() as housed:
        era = era_of(housed)
        assert era is not None
        assert not era.whole
        work_through(housed)
        assert watch(housed).written == set()
        gone(housed)


def _line_of(life: Life, kind: str) -> tuple[Path, int]:
    for path in sorted(life.settings.tail_folder.iterdir()):
        for number, line in enumerate(path.read_bytes().splitlines()):
            if json.loads(line).get("kind") == kind:
                return path, number
    pytest.fail(f"no {kind} in the tail")


def test_another_hubs_tail_is_no_tail_of_ours(life: Life, archive: Path, tmp_path: Path, clock: SetClock):
    folder = life.settings.tail_folder
    for path in sorted(folder.iterdir()):
        text = path.read_text("utf-8").replace(json.loads(path.read_text("utf-8").splitlines()[0])["origin"], "foyer/x")
        path.write_text(text, "utf-8")
    with pytest.raises(TailMissing, match="another hub"):
        life.restore(archive)
    life.restore(archive, without_tail=True)
    with life.house() as housed:
        assert recovering(housed)
        work_through(housed)
        assert watch(housed).written == set()
        seal(housed)
        assert "story.untailed" in housed.alarms()


def test_without_the_checkpoints_nobody_knows_how_far_the_tail_should_reach(life: Life, archive: Path):
    life.settings.checkpoints.unlink()
    with pytest.raises(TailMissing, match="nobody can tell"):
        life.restore(archive)
    life.restore(archive, without_tail=True)
    with life.house() as housed:
        assert recovering(housed)
        work_through(housed)
        assert watch(housed).written == set()
        gone(housed)
        assert verdict(housed).template == Sentence.AGREES


def test_keys_are_asked_for_before_anything_is_touched(life: Life, archive: Path):
    database = life.settings.database.read_bytes()
    for path in (life.settings.master_key, life.settings.signing_key):
        kept = path.read_bytes()
        path.unlink()
        with pytest.raises(KeysMissing, match=path.name):
            life.restore(archive)
        path.write_bytes(kept)
        path.chmod(0o600)
    _replaced(life, archive, life.settings.master_key, bytes(64), SealedWithAnother)
    other = _signing_key(b"foyer/another", bytes(32))
    _replaced(life, archive, life.settings.signing_key, other, OfAnotherHub)
    assert life.settings.database.read_bytes() == database
    assert not (life.folder / "hub.restored.sqlite3").exists()


def _replaced(life: Life, archive: Path, path: Path, key: bytes, refusal: type[Exception]) -> None:
    kept = path.read_bytes()
    path.write_bytes(key)
    with pytest.raises(refusal):
        life.restore(archive)
    path.write_bytes(kept)


def _signing_key(name: bytes, seed: bytes) -> bytes:
    key = Signer(name.decode(), seed).verifying_key
    return b"PRIVATE+KEY+" + name + b"+" + key.id().hex().encode() + b"+" + base64.b64encode(b"\x01" + seed) + b"\n"


def test_an_older_database_put_in_place_by_hand_is_a_restore(life: Life, tmp_path: Path):
    with life.house() as housed:
        housed.come("E1", 1001)
        work_through(housed)
    older = life.settings.database.read_bytes()
    with life.house() as housed:
        housed.revoke(housed.person("E1"))
        work_through(housed)
    life.settings.database.write_bytes(older)
    with life.house() as housed:
        era = era_of(housed)
        assert era is not None
        assert recovering(housed)
        work_through(housed)
        assert card(1001) not in watch(housed).written
        assert housed.grants(housed.person("E1")) == []
        assert verdict(housed).template == Sentence.AGREES
