"""What is sealed stays sealed, opens for its person, and is lost with its key."""

from __future__ import annotations

import sqlite3

import pytest

from devices.seal import Suite
from provisioning.store.engine import Store
from provisioning.vault.master import MASTER_BYTES, turned
from provisioning.vault.vault import UNWRAPPED_MAX, SealedWithAnother, Vault

CANARY = "110101199003078515"
NAME = "欧阳金丝雀"
MASTER = bytes(range(64))


def test_sealed_opens_for_the_person(store, vault, newcomer):
    with store.writing() as tx:
        person = newcomer(tx, "1001")
        sealed = vault.seal(tx, person, {"name": NAME, "id_number": CANARY})
    with store.reading() as tx:
        assert vault.open(tx, person, sealed) == {"name": NAME, "id_number": CANARY}
    assert NAME.encode() not in sealed
    assert CANARY.encode() not in sealed


def test_same_words_sealed_twice_differ(store, vault, newcomer):
    with store.writing() as tx:
        person = newcomer(tx, "1001")
        assert vault.seal(tx, person, {"name": NAME}) != vault.seal(tx, person, {"name": NAME})


def test_one_persons_seal_does_not_open_for_another(store, vault, newcomer):
    with store.writing() as tx:
        one, other = newcomer(tx, "1001"), newcomer(tx, "1002")
        sealed = vault.seal(tx, one, {"name": NAME})
        vault.seal(tx, other, {"name": "someone"})
        with pytest.raises(SealedWithAnother):
            vault.open(tx, other, sealed)


def test_many_are_sealed_and_opened_in_order(store, vault, newcomer):
    with store.writing() as tx:
        people = [newcomer(tx, str(no)) for no in range(1_200)]
        sealed = vault.seal_all(tx, [(person, {"n": place}) for place, person in enumerate(people)])
    with store.reading() as tx:
        opened = vault.open_all(tx, list(zip(people, sealed, strict=True)))
    assert opened == [{"n": place} for place in range(1_200)]


def test_forgotten_is_gone_also_from_memory(store, vault, newcomer):
    with store.writing() as tx:
        person = newcomer(tx, "1001")
        sealed = vault.seal(tx, person, {"name": NAME})
    with store.writing() as tx:
        assert vault.forget(tx, person)
    with store.writing() as tx:
        assert vault.open(tx, person, sealed) is None
        assert not vault.forget(tx, person)


def test_forgotten_elsewhere_is_gone_here(store, vault, newcomer, random_bytes):
    with store.writing() as tx:
        person = newcomer(tx, "1001")
        sealed = vault.seal(tx, person, {"name": NAME})
    with store.writing() as tx:
        Vault(MASTER, random_bytes).forget(tx, person)
    with store.reading() as tx:
        assert vault.open(tx, person, sealed) is None


def test_key_made_in_a_lost_transaction_is_never_used_again(store, vault, newcomer):
    with store.writing() as tx:
        person = newcomer(tx, "1001")
    with pytest.raises(RuntimeError), store.writing() as tx:
        vault.seal(tx, person, {"name": "lost"})
        raise RuntimeError
    with store.writing() as tx:
        sealed = vault.seal(tx, person, {"name": NAME})
    with store.reading() as tx:
        assert vault.open(tx, person, sealed) == {"name": NAME}


def test_memory_of_keys_is_bounded(store, random_bytes, newcomer):
    vault = Vault(MASTER, random_bytes)
    with store.writing() as tx:
        people = [newcomer(tx, str(no)) for no in range(UNWRAPPED_MAX + 20)]
        sealed = vault.seal_all(tx, [(person, {}) for person in people])
        vault.open_all(tx, list(zip(people, sealed, strict=True)))
    assert len(vault._unwrapped) == UNWRAPPED_MAX


def test_digests_find_but_do_not_tell(vault, random_bytes):
    other = Vault(bytes(64), random_bytes)
    assert vault.id_digest("11010119900307851x") == vault.id_digest(" 11010119900307851X ")
    assert vault.id_digest(CANARY) != vault.id_digest(CANARY[::-1])
    assert vault.id_digest(CANARY) != other.id_digest(CANARY)
    assert vault.id_digest(CANARY) != vault.token_digest(CANARY)


def test_turned_master_opens_everything_and_the_old_one_nothing(store, vault, newcomer, random_bytes):
    with store.writing() as tx:
        people = [newcomer(tx, str(no)) for no in range(700)]
        sealed = vault.seal_all(tx, [(person, {"name": NAME}) for person in people])
        new = turned(MASTER, random_bytes)
        assert vault.rewrap(tx, new) == 700
    renewed = Vault(new, random_bytes)
    with store.reading() as tx:
        assert renewed.open_all(tx, list(zip(people, sealed, strict=True))) == [{"name": NAME}] * 700
        with pytest.raises(SealedWithAnother):
            Vault(MASTER, random_bytes).open(tx, people[0], sealed[0])
    assert renewed.id_digest(CANARY) == vault.id_digest(CANARY)


def test_sm4_seals_and_a_changed_setting_still_opens(store, newcomer, random_bytes):
    chinese = Vault(MASTER, random_bytes, Suite("sm3", "sm4-gcm"))
    later = Vault(MASTER, random_bytes, Suite("sm3", "aes-256-gcm"))
    with store.writing() as tx:
        person = newcomer(tx, "1001")
        sealed = chinese.seal(tx, person, {"name": NAME})
        assert later.open(tx, person, sealed) == {"name": NAME}


def test_master_of_another_length_is_no_master(random_bytes):
    with pytest.raises(ValueError, match=str(MASTER_BYTES)):
        Vault(bytes(32), random_bytes)


def test_canary_is_in_no_byte_of_the_files(store: Store, vault, newcomer, tmp_path):
    with store.writing() as tx:
        person = newcomer(tx, "1001")
        sealed = vault.seal(tx, person, {"name": NAME, "id_number": CANARY})
        tx.connection.exec_driver_sql("UPDATE person SET sealed = ?, id_digest = ?", (sealed, vault.id_digest(CANARY)))
    files = [file for file in tmp_path.iterdir() if file.is_file()]
    assert any(file.name.endswith("-wal") for file in files)
    whole = b"".join(file.read_bytes() for file in files)
    assert sealed in whole
    for canary in (CANARY.encode(), NAME.encode(), NAME.encode("utf-16-le"), NAME.encode("gb18030")):
        assert canary not in whole


def test_lost_key_leaves_no_byte_once_the_log_is_merged(store: Store, vault, newcomer, tmp_path):
    with store.writing() as tx:
        person = newcomer(tx, "1001")
        vault.seal(tx, person, {"name": NAME})
        wrapped = tx.connection.exec_driver_sql("SELECT wrapped FROM person_key").scalar_one()
    with store.writing() as tx:
        vault.forget(tx, person)
    with sqlite3.connect(store.path) as connection:
        connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    connection.close()
    assert wrapped not in b"".join(file.read_bytes() for file in tmp_path.iterdir())
