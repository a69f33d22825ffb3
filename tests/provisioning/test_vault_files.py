"""Key files: their owner's alone, made once, never replaced by a new key behind anybody's back."""

from __future__ import annotations

import stat
import threading

import pytest

from provisioning.story.signing import load_or_make_signer
from provisioning.vault.keyfile import KeyDamaged, KeyExposed, KeyMissing, KeyUnreadable
from provisioning.vault.master import MASTER_BYTES, load_or_make


@pytest.fixture(params=["master", "signer"])
def load(request, random_bytes):
    """Both kinds of key file, loaded to something that can be compared."""

    def master(path, *, fresh):
        return load_or_make(path, random_bytes, fresh=fresh)

    def signer(path, *, fresh):
        return load_or_make_signer(path, random_bytes, fresh=fresh).verifying_key

    return master if request.param == "master" else signer


def test_made_once_and_then_read(load, tmp_path):
    path = tmp_path / "keys" / "secret.key"
    made = load(path, fresh=True)
    assert load(path, fresh=False) == made == load(path, fresh=True)
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert [file.name for file in path.parent.iterdir()] == ["secret.key"]


def test_missing_beside_a_database_is_not_made_anew(load, tmp_path):
    with pytest.raises(KeyMissing) as refused:
        load(tmp_path / "secret.key", fresh=False)
    assert "secret.key is missing" in refused.value.sentence("en")
    assert "secret.key" in refused.value.sentence("zh")
    assert not (tmp_path / "secret.key").exists()


@pytest.mark.parametrize("mode", [0o640, 0o604, 0o660, 0o666])
def test_readable_by_others_is_refused(load, tmp_path, mode):
    path = tmp_path / "secret.key"
    load(path, fresh=True)
    path.chmod(mode)
    with pytest.raises(KeyExposed, match=f"{mode:03o}"):
        load(path, fresh=False)


@pytest.mark.parametrize("content", [b"", b"short", b"x" * 65, b"x" * 5_000, b"PRIVATE+KEY+a+b+c", b"\xff" * 40])
def test_damaged_is_refused(load, tmp_path, content):
    path = tmp_path / "secret.key"
    path.write_bytes(content)
    path.chmod(0o600)
    with pytest.raises(KeyDamaged):
        load(path, fresh=True)
    assert path.read_bytes() == content


def test_signer_whose_id_does_not_fit_its_key_is_refused(tmp_path, random_bytes):
    path = tmp_path / "story.key"
    load_or_make_signer(path, random_bytes, fresh=True)
    path.write_text(path.read_text().replace("+foyer/", "+other/"))
    with pytest.raises(KeyDamaged):
        load_or_make_signer(path, random_bytes, fresh=False)


def test_folder_that_cannot_be_made_is_refused(load, tmp_path):
    (tmp_path / "file").write_text("no folder")
    with pytest.raises(KeyUnreadable):
        load(tmp_path / "file" / "secret.key", fresh=True)


def test_two_that_start_at_once_end_with_one_key(tmp_path, random_bytes):
    path, made, together = tmp_path / "master.key", [], threading.Barrier(8)

    def start():
        together.wait()
        made.append(load_or_make(path, random_bytes, fresh=True))

    threads = [threading.Thread(target=start) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(made) == 8
    assert set(made) == {path.read_bytes()}
    assert len(made[0]) == MASTER_BYTES
