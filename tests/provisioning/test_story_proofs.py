"""Whoever changes, removes, adds, moves or cuts off an event is found out, with the database and without it."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
from datetime import timedelta
from pathlib import Path

import pytest

from provisioning.nouns.refusals import NotFound
from provisioning.nouns.told import Told
from provisioning.nouns.words import say
from provisioning.store import story as rows
from provisioning.story import offline
from provisioning.story.offline import Sentence, verify_consistency, verify_export, verify_proof
from provisioning.story.proofs import NotSignedYet, Proofs
from provisioning.story.sealer import Sealer
from provisioning.story.signing import Signer
from provisioning.story.tree import leaf_hash

SIGNER = Signer("foyer/test", bytes(range(32)))
VKEY = SIGNER.verifying_key.text()
STRANGER = Signer("foyer/test", bytes(32)).verifying_key.text()


@pytest.fixture
def outside_path(tmp_path):
    return tmp_path / "checkpoints.jsonl"


@pytest.fixture
def proofs(outside_path):
    return Proofs(SIGNER.verifying_key, outside_path)


@pytest.fixture
def told(store, story, outside_path, clock):
    """A story of 4 + 5 + 6 events under three checkpoints, and 2 sealed and 1 waiting after them. The ids."""
    sealer, ids = Sealer(store, SIGNER, outside_path), []

    def telling(count):
        with store.writing() as tx:
            rows_told = (Told("test", "王", "per-1", "panel-1", "ntc-1", {"n": len(ids) + n}) for n in range(count))
            ids.extend(story.tell(tx, *rows_told))

    for count in (4, 5, 6):
        clock.put(clock.now() + timedelta(minutes=1))
        telling(count)
        sealer.seal_once()
        assert sealer.checkpoint_once()
    telling(2)
    sealer.seal_once()
    telling(1)
    return ids


def verdict(store, proofs):
    with store.reading() as tx:
        return proofs.verify(tx)


def exported(store, proofs, since=0, until=None):
    with store.reading() as tx:
        return list(proofs.export(tx, since, until))


def tamper(store, *statements):
    with store.writing() as tx:
        for trigger in ("event_unchanged", "event_stays", "checkpoint_unchanged", "checkpoint_stays"):
            tx.connection.exec_driver_sql(f"DROP TRIGGER {trigger}")
        for statement in statements:
            if isinstance(statement, str):
                tx.connection.exec_driver_sql(statement)
            else:
                tx.connection.exec_driver_sql(*statement)


def test_a_whole_story_agrees(store, proofs, told):
    result = verdict(store, proofs)
    assert result.ok
    assert result.fields == {"events": 18, "checkpoints": 3, "unsigned": 3}
    for language in ("en", "zh"):
        assert "18" in say(result.template, language, result.fields)


def test_a_story_with_nothing_in_it_agrees(store, proofs):
    assert verdict(store, proofs).ok
    assert verify_export(exported(store, proofs), VKEY).ok


@pytest.mark.parametrize(
    ("sentence", "statement", "fields"),
    [
        (Sentence.EVENT_CHANGED, "UPDATE event SET body = replace(body, 'n', 'm') WHERE position = 6", {"position": 6}),
        (Sentence.EVENT_CHANGED, "UPDATE event SET body = x'00' WHERE position = 16", {"position": 16}),
        (Sentence.EVENT_CHANGED, "UPDATE event SET leaf = zeroblob(32) WHERE position = 0", {"position": 0}),
        (Sentence.COLUMNS_CHANGED, "UPDATE event SET actor = 'nobody' WHERE position = 7", {"position": 7}),
        (Sentence.COLUMNS_CHANGED, "UPDATE event SET at = at + 1 WHERE position = 16", {"position": 16}),
        (Sentence.COLUMNS_CHANGED, "UPDATE event SET person = NULL WHERE position = 2", {"position": 2}),
        (Sentence.EVENT_CHANGED, "UPDATE event SET leaf = 'text' WHERE position = 3", {"position": 3}),
        (Sentence.UNREADABLE, "UPDATE event SET at = 'text' WHERE position = 3", {"position": 0}),
        (Sentence.EVENT_MISSING, "DELETE FROM event WHERE position = 6", {"position": 6, "found": 7}),
        (Sentence.EVENT_MISSING, "DELETE FROM event WHERE position < 4", {"position": 0, "found": 4}),
        (Sentence.EVENT_MISSING, "DELETE FROM event WHERE position = 15", {"position": 15, "found": 16}),
        (Sentence.CUT_SHORT, "DELETE FROM event WHERE position >= 14", {"events": 14, "size": 15}),
        (Sentence.CUT_SHORT, "DELETE FROM event", {"events": 0, "size": 4}),
        (Sentence.WAITING_CHANGED, "UPDATE event SET leaf = zeroblob(32) WHERE position IS NULL", {}),
        (Sentence.WAITING_CHANGED, "UPDATE event SET kind = 'other' WHERE position IS NULL", {}),
        (Sentence.NOT_SIGNED, "UPDATE checkpoint SET note = replace(note, '9', '8') WHERE size = 9", {"size": 9}),
        (Sentence.NOT_SIGNED, "UPDATE checkpoint SET root = zeroblob(32) WHERE size = 9", {"size": 9}),
        (Sentence.NOT_IN_DATABASE, "DELETE FROM checkpoint WHERE size = 9", {"size": 9}),
        (Sentence.NOT_IN_DATABASE, "DELETE FROM checkpoint", {"size": 4}),
    ],
)
def test_tampering_is_named(store, proofs, told, sentence, statement, fields):
    tamper(store, statement)
    result = verdict(store, proofs)
    assert not result.ok
    assert result.template == sentence
    assert fields.items() <= result.fields.items()
    assert say(result.template, "zh", result.fields) != say(result.template, "en", result.fields)


def test_a_forged_event_with_a_hash_that_fits_is_found_by_the_signature(store, proofs, told):
    with store.reading() as tx:
        event = rows.event_of(tx, told[6])
    assert event is not None
    body = event.body.replace(b'"n":6', b'"n":9')
    tamper(store, ("UPDATE event SET body = ?, leaf = ? WHERE position = 6", (body, leaf_hash(body))))
    result = verdict(store, proofs)
    assert (result.template, result.fields) == (Sentence.NOT_AS_SIGNED, {"since": 4, "size": 9})


def test_two_events_that_changed_places_are_found(store, proofs, told):
    tamper(
        store,
        "UPDATE event SET position = 99 WHERE position = 10",
        "UPDATE event SET position = 10 WHERE position = 11",
        "UPDATE event SET position = 11 WHERE position = 99",
    )
    result = verdict(store, proofs)
    assert (result.template, result.fields) == (Sentence.NOT_AS_SIGNED, {"since": 9, "size": 15})


def test_an_old_backup_put_back_is_found(store, proofs, told):
    tamper(store, "DELETE FROM event WHERE position >= 9 OR position IS NULL", "DELETE FROM checkpoint WHERE size > 9")
    result = verdict(store, proofs)
    assert (result.template, result.fields) == (Sentence.NOT_IN_DATABASE, {"size": 15})


def test_a_story_rewritten_by_somebody_with_the_signers_key_is_found_by_the_file_outside(
    store, proofs, told, outside_path
):
    kept = outside_path.read_bytes()
    body = b"{}"
    tamper(
        store,
        "DELETE FROM event WHERE position >= 9 OR position IS NULL",
        "DELETE FROM checkpoint WHERE size > 4",
        "UPDATE lease SET until = 0",
        ("UPDATE event SET body = ?, leaf = ? WHERE position = 8", (body, leaf_hash(body))),
    )
    outside_path.write_bytes(kept.splitlines(keepends=True)[0])
    assert Sealer(store, SIGNER, outside_path).checkpoint_once()
    outside_path.write_bytes(kept)
    result = verdict(store, proofs)
    assert (result.template, result.fields["size"]) == (Sentence.TWO_CHECKPOINTS, 9)


def test_a_shortened_file_outside_is_found(store, proofs, told, outside_path):
    lines = outside_path.read_bytes().splitlines(keepends=True)
    outside_path.write_bytes(b"".join(lines[:2]))
    assert verdict(store, proofs).ok  # one behind: a crash can do that, and the sealer mends it
    for left, size in ((lines[:1], 15), (lines[1:], 4), ([lines[0], lines[2]], 9), ([], 9)):
        outside_path.write_bytes(b"".join(left))
        result = verdict(store, proofs)
        assert (result.template, result.fields["size"]) == (Sentence.NOT_OUTSIDE, size)
    outside_path.write_bytes(b"[]\n")
    assert not verdict(store, proofs).ok


def test_what_the_sealer_writes_meanwhile_is_not_held_against_the_story(
    store, story, proofs, told, outside_path, clock
):
    with store.reading() as tx:
        before = proofs.verify(tx)
        sealer = Sealer(store, SIGNER, outside_path)
        clock.put(clock.now() + timedelta(minutes=1))
        sealer.seal_once()
        assert sealer.checkpoint_once()
    assert before.ok
    after = verdict(store, proofs)
    assert (after.ok, after.fields["checkpoints"]) == (True, 4)


def test_an_export_is_checked_without_the_database(store, proofs, told):
    lines = exported(store, proofs)
    result = verify_export(iter(lines), VKEY)
    assert (result.ok, result.template) == (True, Sentence.AGREES)
    assert result.fields == {"events": 17, "checkpoints": 3, "unsigned": 2}
    own = verify_export(lines)
    assert (own.ok, own.template) == (True, Sentence.AGREES_BY_ITS_OWN_KEY)


@pytest.mark.parametrize("since", range(0, 18, 3))
def test_every_piece_of_the_story_is_checked_by_itself(store, proofs, told, since):
    for until in range(since, 19):
        result = verify_export(exported(store, proofs, since, until), VKEY)
        assert result.ok, (until, result)
        count = max(0, min(until, 17) - min(since, 17))
        assert result.fields["events"] == count
        assert result.fields["unsigned"] == max(0, min(until, 17) - max(since, 15)), until


def test_an_export_shows_bodies_only_of_what_was_asked_for(store, proofs, told):
    lines = [json.loads(line) for line in exported(store, proofs, 5, 7)]
    assert [line["position"] for line in lines if "body" in line] == [5, 6]
    assert [line["position"] for line in lines if "leaf" in line] == [5, 6, 7, 8]
    assert json.loads(lines[1]["body"])["data"] == {"n": 5}


def changed(lines, number, **fields):
    return [*lines[:number], json.dumps({**json.loads(lines[number]), **fields}), *lines[number + 1 :]]


def test_a_changed_export_is_refused(store, proofs, told):
    lines = exported(store, proofs, 2, 8)
    checkpoint = next(number for number, line in enumerate(lines) if "checkpoint" in line)
    other_body = json.loads(lines[1])["body"].replace("王", "李")
    other_leaf = json.loads(lines[2])["leaf"]
    wrong = {
        Sentence.EVENT_CHANGED: [changed(lines, 1, body=other_body), changed(lines, 1, leaf=other_leaf)],
        Sentence.EVENT_MISSING: [lines[:1] + lines[2:], changed(lines, 1, position=7), [*lines, lines[1]]],
        Sentence.CUT_SHORT: [lines[:-4], [lines[0], lines[checkpoint], *lines[1:]]],
        Sentence.NOT_AS_SIGNED: [changed(lines, 0, before=[other_leaf])],
        Sentence.NOT_SIGNED: [changed(lines, checkpoint, checkpoint="nobody signed this")],
        Sentence.OUT_OF_PLACE: [[*lines, lines[checkpoint]]],
        Sentence.NO_EXPORT: [
            [],
            lines[1:],
            ["[]"],
            ["garbage"],
            [lines[0], "garbage"],
            [lines[0], "3"],
            [lines[0], '{"position": 2}'],
            changed(lines, 0, before=["x"]),
            changed(lines, 0, before=[]),
            changed(lines, 0, since="two"),
        ],
    }
    for sentence, files in wrong.items():
        for place, file in enumerate(files):
            result = verify_export(file, VKEY)
            assert (result.ok, result.template) == (False, sentence), (place, result)


def test_an_export_signed_by_another_key_is_refused(store, proofs, told):
    assert verify_export(exported(store, proofs), STRANGER).template == Sentence.NOT_SIGNED
    assert verify_export(exported(store, proofs), "no key").template == Sentence.NO_KEY


def test_every_signed_event_can_be_proved(store, proofs, told):
    text = ""
    for place, event_id in enumerate(told[:15]):
        with store.reading() as tx:
            text = proofs.prove(tx, event_id).json()
        result = verify_proof(text, VKEY)
        assert (result.ok, result.template) == (True, Sentence.PROVED)
        assert result.fields == {"position": place, "size": 15, "origin": "foyer/test"}
    assert verify_proof(text).template == Sentence.PROVED_BY_ITS_OWN_KEY


def test_what_is_not_signed_yet_or_not_there_cannot_be_proved(store, proofs, told):
    with store.reading() as tx:
        for event_id in told[15:]:
            with pytest.raises(NotSignedYet):
                proofs.prove(tx, event_id)
        with pytest.raises(NotFound):
            proofs.prove(tx, 99)


def test_a_changed_proof_is_refused(store, proofs, told):
    with store.reading() as tx:
        proof = json.loads(proofs.prove(tx, told[6]).json())
    body = proof["body"].replace("王", "李")
    wrong = {
        Sentence.NOT_PROVED: [{"body": body}, {"position": 7}, {"path": proof["path"][1:]}, {"position": -1}],
        Sentence.NOT_SIGNED: [{"checkpoint": proof["checkpoint"].replace("15", "16")}],
        Sentence.NO_PROOF: [{"is": "other"}, {"path": ["x"]}, {"body": 3}, {"path": None}],
    }
    for sentence, changes in wrong.items():
        for change in changes:
            result = verify_proof(json.dumps({**proof, **change}), VKEY)
            assert (result.ok, result.template) == (False, sentence), change
    assert verify_proof(json.dumps(proof), STRANGER).template == Sentence.NOT_SIGNED
    for garbage in ("", "[]", "{}", "3"):
        assert verify_proof(garbage, VKEY).template == Sentence.NO_PROOF


def test_one_signed_story_is_shown_to_begin_with_another(store, proofs, told):
    with store.reading() as tx:
        for first, second in ((4, 9), (4, 15), (9, 15), (9, 9)):
            text = proofs.prove_consistency(tx, first, second)
            assert verify_consistency(text, VKEY).template == Sentence.EXTENDS
            other = json.loads(text)
            other["first"] = SIGNER.checkpoint(first, bytes(32))
            assert verify_consistency(json.dumps(other), VKEY).template == Sentence.NOT_EXTENDED
        with pytest.raises(NotFound):
            proofs.prove_consistency(tx, 5, 9)
    assert verify_consistency("{}", VKEY).template == Sentence.NO_PROOF


def test_the_offline_verifier_needs_none_of_the_house(store, proofs, told, tmp_path):
    """Three files, copied out of the house, check an export in a process that cannot see the rest of it."""
    folder = tmp_path / "elsewhere" / "provisioning" / "story"
    folder.mkdir(parents=True)
    for name in ("offline", "tree", "notes"):
        shutil.copy(Path(offline.__file__).with_name(f"{name}.py"), folder)
    (tmp_path / "story.jsonl").write_text("\n".join(exported(store, proofs)) + "\n", encoding="utf-8")
    program = (
        "import sys; sys.path[0] = sys.argv[1]\n"
        "from provisioning.story.offline import verify_export\n"
        "verdict = verify_export(open(sys.argv[2], encoding='utf-8'), sys.argv[3])\n"
        "print(verdict.ok, dict(verdict.fields))"
    )
    arguments = [str(tmp_path / "elsewhere"), str(tmp_path / "story.jsonl"), VKEY]
    done = subprocess.run(
        [sys.executable, "-c", program, *arguments], capture_output=True, text=True, check=True, cwd=tmp_path
    )
    assert done.stdout.strip() == "True {'events': 17, 'checkpoints': 3, 'unsigned': 2}"
