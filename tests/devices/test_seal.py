"""Seals against vectors of their standards, and against whoever changes a byte."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from devices.seal import AeadName, SealBroken, digest, keyed_digest, seal, subkey, unseal

CIPHERS: list[AeadName] = ["aes-256-gcm", "sm4-gcm"]
KEY, NONCE = bytes(range(32)), bytes(12)


def test_digests_match_their_standards():
    # FIPS 180-4 and GB/T 32905-2016, both for "abc"
    sha256 = "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"
    sm3 = "66c7f0f462eeedd9d1f2d46bdc10e4e24167c4875cf2f7a2297da02b8f4ba8e0"
    assert digest("sha256", b"abc").hex() == sha256
    assert digest("sm3", b"abc").hex() == sm3


def test_keyed_digest_matches_rfc_4231_case_2():
    expected = "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843"
    assert keyed_digest("sha256", b"Jefe", b"what do ya want for nothing?").hex() == expected
    assert keyed_digest("sm3", b"Jefe", b"x") != keyed_digest("sm3", b"jefe", b"x")


def test_sm4_gcm_matches_rfc_8998_appendix_a_1():
    key = bytes.fromhex("0123456789ABCDEFFEDCBA9876543210")
    nonce = bytes.fromhex("00001234567800000000ABCD")
    owner = bytes.fromhex("FEEDFACEDEADBEEFFEEDFACEDEADBEEFABADDAD2")
    plain = b"".join(bytes([byte]) * 8 for byte in (0xAA, 0xBB, 0xCC, 0xDD, 0xEE, 0xFF, 0xEE, 0xAA))
    ciphertext = (
        "17f399f08c67d5ee19d0dc9969c4bb7d5fd46fd3756489069157b282bb200735"
        "d82710ca5c22f0ccfa7cbf93d496ac15a56834cbcf98c397b4024a2691233b8d"
    )
    tag = "83de3541e4c2b58177e065a9bf7b62ec"
    sealed = seal("sm4-gcm", key, nonce, plain, owner)
    assert sealed[13:].hex() == ciphertext + tag
    assert unseal(key, sealed, owner) == plain


def test_subkeys_for_two_purposes_differ():
    assert subkey("sha256", KEY, "a") != subkey("sha256", KEY, "b")
    assert len(subkey("sm3", KEY, "a")) == 32


@given(st.sampled_from(CIPHERS), st.binary(max_size=200), st.binary(max_size=40))
def test_what_is_sealed_opens_for_its_owner(cipher, plain, owner):
    assert unseal(KEY, seal(cipher, KEY, NONCE, plain, owner), owner) == plain


@pytest.mark.parametrize("cipher", CIPHERS)
def test_no_changed_byte_opens(cipher):
    sealed = seal(cipher, KEY, NONCE, b"plain", b"owner")
    for place in range(len(sealed)):
        changed = bytearray(sealed)
        changed[place] ^= 1
        with pytest.raises(SealBroken):
            unseal(KEY, bytes(changed), b"owner")


@pytest.mark.parametrize("cipher", CIPHERS)
def test_neither_another_owner_nor_another_key_opens(cipher):
    sealed = seal(cipher, KEY, NONCE, b"plain", b"owner")
    for key, owner in ((KEY, b"other"), (KEY[::-1], b"owner")):
        with pytest.raises(SealBroken):
            unseal(key, sealed, owner)


@given(st.binary(max_size=60))
def test_garbage_is_refused(garbage):
    with pytest.raises(SealBroken):
        unseal(KEY, garbage, b"owner")
