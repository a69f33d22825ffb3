"""Notes and checkpoints against the vectors of Go's sumdb/note and the C2SP texts, and against forgers."""

from __future__ import annotations

import base64

import pytest
from hypothesis import given
from hypothesis import strategies as st

from provisioning.story.notes import DASH, Head, NoteBroken, VerifyingKey, read_head, read_vkey, signed_note
from provisioning.story.signing import Signer, load_or_make_signer

# golang.org/x/mod/sumdb/note, package example
VKEY = "PeterNeumann+c74f20a3+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW"
SKEY = "PRIVATE+KEY+PeterNeumann+c74f20a3+AYEKFALVFGyNhPJEMzD1QIDr+Y7hfZx09iUvxdXHKDFz"
NOTE = (
    "If you think cryptography is the answer to your problem,\n"
    "then you don't know what your problem is.\n"
    "\n"
    "\u2014 PeterNeumann x08go/ZJkuBS9UG/SffcvIAQxVBtiFupLLr8pAcElZInNIuGUgYN1FFYC2pZSNXgKvqfqdngotpRZb6KE6RyyBwJnAM=\n"
)
# c2sp.org/tlog-checkpoint, its example
CHECKPOINT = "example.com/behind-the-sofa\n20852163\nCsUYapGGPo4dkMgIAUqom/Xajj7h2fB2MPA3j2jxq2I=\n"
SIGNER = Signer("foyer/test", bytes(range(32)))
KEY = SIGNER.verifying_key


def test_gos_note_opens_with_gos_key():
    key = read_vkey(VKEY)
    assert key.text() == VKEY
    assert key.open(NOTE) == NOTE.rpartition("\n\n")[0] + "\n"


def test_gos_signing_key_is_read_and_signs_the_same(tmp_path, random_bytes):
    path = tmp_path / "go.key"
    path.write_text(SKEY + "\n")
    path.chmod(0o600)
    signer = load_or_make_signer(path, random_bytes, fresh=False)
    assert signer.verifying_key.text() == VKEY
    text = NOTE.rpartition("\n\n")[0] + "\n"
    key = signer.verifying_key
    assert signed_note(text, key.name, key.id(), signer._key.sign(text.encode())) == NOTE


def test_checkpoint_text_is_as_c2sp_writes_it():
    head = read_head(CHECKPOINT)
    assert (head.origin, head.size) == ("example.com/behind-the-sofa", 20852163)
    assert head.text() == CHECKPOINT


@given(st.integers(0, 2**62), st.binary(min_size=32, max_size=32))
def test_what_we_sign_opens(size, root):
    assert KEY.head(SIGNER.checkpoint(size, root)) == Head("foyer/test", size, root)


def test_no_changed_letter_opens_as_another_head():
    note = SIGNER.checkpoint(7, bytes(32))
    for place in range(len(note)):
        changed = note[:place] + ("B" if note[place] != "B" else "C") + note[place + 1 :]
        with pytest.raises(NoteBroken):
            KEY.head(changed)


def test_signatures_of_strangers_are_passed_over_but_not_enough():
    note = SIGNER.checkpoint(7, bytes(32))
    stranger = Signer("witness", bytes(32))
    text = note.rpartition("\n\n")[0] + "\n"
    other = signed_note(text, "witness", stranger.verifying_key.id(), stranger._key.sign(text.encode()))
    both = note + other.rpartition("\n\n")[2]
    assert KEY.head(both) == KEY.head(note)
    with pytest.raises(NoteBroken, match="no signature"):
        KEY.head(other)


def test_same_name_and_id_with_a_wrong_signature_rejects_the_note():
    text = Head("foyer/test", 7, bytes(32)).text()
    good = SIGNER.checkpoint(7, bytes(32))
    forged = f"{DASH}foyer/test {base64.b64encode(KEY.id() + bytes(64)).decode()}\n"
    with pytest.raises(NoteBroken):
        KEY.open(good + forged)
    with pytest.raises(NoteBroken):
        KEY.open(f"{text}\n{forged}")


def test_a_signed_head_of_another_tree_is_not_ours():
    text = Head("foyer/other", 7, bytes(32)).text()
    note = signed_note(text, KEY.name, KEY.id(), SIGNER._key.sign(text.encode()))
    with pytest.raises(NoteBroken, match="another tree"):
        KEY.head(note)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "foyer/test\n7\n",
        "foyer/test\n07\n" + base64.b64encode(bytes(32)).decode() + "\n",
        "foyer/test\n-7\n" + base64.b64encode(bytes(32)).decode() + "\n",
        "foyer/test\n٧\n" + base64.b64encode(bytes(32)).decode() + "\n",
        "foyer/test\n7\n" + base64.b64encode(bytes(31)).decode() + "\n",
        "foyer/test\n7\nnot base64\n",
        "\n7\n" + base64.b64encode(bytes(32)).decode() + "\n",
        "foyer/test\n7\n" + base64.b64encode(bytes(32)).decode(),
    ],
)
def test_text_that_is_no_checkpoint(text):
    with pytest.raises(NoteBroken):
        read_head(text)


@pytest.mark.parametrize(
    "vkey", ["", "a+b", "a b+c74f20a3+AR", VKEY[:-4], VKEY.replace("c7", "c8"), VKEY.replace("+AR", "+Ah")]
)
def test_text_that_is_no_vkey(vkey):
    with pytest.raises(NoteBroken):
        read_vkey(vkey)


@given(st.text(max_size=300))
def test_garbage_is_only_ever_a_broken_note(garbage):
    for attempt in (KEY.open, read_head, read_vkey):
        with pytest.raises(NoteBroken):
            attempt(garbage)


def test_keys_of_two_houses_have_two_names(tmp_path, random_bytes):
    one = load_or_make_signer(tmp_path / "1.key", random_bytes, fresh=True).verifying_key
    two = load_or_make_signer(tmp_path / "2.key", random_bytes, fresh=True).verifying_key
    assert one.name != two.name
    assert isinstance(one, VerifyingKey)


def test_every_key_that_is_made_can_be_read_again(tmp_path, random_bytes):
    for number in range(60):  # one in three holds a plus sign in its base64
        path = tmp_path / f"{number}.key"
        made = load_or_make_signer(path, random_bytes, fresh=True).verifying_key
        assert load_or_make_signer(path, random_bytes, fresh=False).verifying_key == made == read_vkey(made.text())
