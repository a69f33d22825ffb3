"""Frames at a glance and card numbers: golden vectors, byte by byte, and garbage."""

from __future__ import annotations

from binascii import crc_hqx

import pytest
from hypothesis import given
from hypothesis import strategies as st

from devices.osdp import glance
from devices.osdp.cards import FORMATS, NoSuchCard, decoded, encoded
from devices.osdp.glance import Scanner, answers_by_nobodys_key

# What two ends of libosdp 3.2.9 said to each other, with the mark byte before a command.
ASKS_IDENTITY = bytes.fromhex("ff53050900046100c125")
TELLS_IDENTITY = bytes.fromhex("538514000445bebafe0101afbeaddeaddead01b9")
CHALLENGE = bytes.fromhex("ff530513000e03110176d764c8cce93255c4cdcf")
ANSWER_IN_INSTALL_MODE = bytes.fromhex(
    "53852b000e03120176beba0100afbeadde478d7aa05d83f3eaea0a1be29d5ea29c12e3ea262d2a4af87330"
)
ANSWER_BY_DEFAULT_KEY = bytes.fromhex(
    "53852b000f03120076beba0100afbeaddea2b7249b043e23cdf60110c08df8108f2a83408a264d2e1576ad"
)
ANSWER_BY_ITS_KEY = bytes.fromhex(
    "53852b000e03120176beba0100afbeadde478d7aa05d83f3ea727246cbdd9235feeea8270b98343cdeec66"
)
SECURE_POLL = bytes.fromhex("ff53050e000e021560bfd253e3def0")
SECURE_ACK = bytes.fromhex("53850e000e021640340f856f47b4")


def _checksummed(body: bytes) -> bytes:
    return body + bytes([-sum(body) & 0xFF])


def test_what_was_seen_on_a_line_is_told_apart():
    frames = Scanner().feed(ASKS_IDENTITY + TELLS_IDENTITY + CHALLENGE + SECURE_POLL + SECURE_ACK)
    assert [(one.address, one.reply, one.code) for one in frames] == [
        (5, False, 0x61), (5, True, 0x45), (5, False, glance.CHALLENGE), (5, False, glance.POLL), (5, True, glance.ACK),
    ]  # fmt: skip
    assert frames[1].raw == TELLS_IDENTITY
    assert frames[2].block == bytes([0x11, 1])
    assert frames[2].data == bytes.fromhex("d764c8cce93255c4")


def test_a_frame_with_a_checksum_is_one_too():
    frame = _checksummed(bytes.fromhex("53 01 07 00 00 60"))
    (found,) = Scanner().feed(frame)
    assert (found.address, found.code) == (1, glance.POLL)
    assert Scanner().feed(frame[:-1] + bytes([frame[-1] ^ 1])) == []


@given(st.lists(st.sampled_from([ASKS_IDENTITY, TELLS_IDENTITY, CHALLENGE, SECURE_ACK]), max_size=8), st.data())
def test_it_does_not_matter_how_the_bytes_come(frames: list[bytes], data: st.DataObject):
    whole = b"".join(frames)
    cuts = sorted(data.draw(st.lists(st.integers(0, len(whole)), max_size=12)))
    scanner = Scanner()
    found = [
        frame
        for start, end in zip([0, *cuts], [*cuts, len(whole)], strict=True)
        for frame in scanner.feed(whole[start:end])
    ]
    assert found == Scanner().feed(whole)
    assert len(found) == len(frames)


@given(st.binary(max_size=400), st.binary(max_size=60))
def test_garbage_is_no_frame_and_hides_none_for_long(before: bytes, after: bytes):
    scanner = Scanner()
    scanner.feed(before)
    scanner.feed(after)
    # A length that garbage pretends to have is waited for; whoever asks the next question forgets it.
    scanner.forget()
    assert [one.code for one in scanner.feed(TELLS_IDENTITY)] == [0x45]


@given(st.integers(0, len(TELLS_IDENTITY) * 8 - 1))
def test_a_bit_that_was_turned_is_seen(bit: int):
    spoilt = bytearray(TELLS_IDENTITY)
    spoilt[bit // 8] ^= 1 << bit % 8
    assert all(one.raw != bytes(spoilt) for one in Scanner().feed(bytes(spoilt)))


def test_frames_that_lie_about_their_block_are_none():
    body = bytes.fromhex("53850900 0c 10 11 40")[:-1]
    crc = crc_hqx(body, 0x1D0F).to_bytes(2, "little")
    assert Scanner().feed(body + crc) == []


@pytest.mark.parametrize(
    ("answer", "nobodys"),
    [(ANSWER_IN_INSTALL_MODE, True), (ANSWER_BY_DEFAULT_KEY, True), (ANSWER_BY_ITS_KEY, False)],
)
def test_a_reader_without_a_key_of_its_own_is_known(answer: bytes, nobodys: bool):
    (challenge,), (frame,) = Scanner().feed(CHALLENGE), Scanner().feed(answer)
    assert answers_by_nobodys_key(challenge, frame) is nobodys
    assert answers_by_nobodys_key(None, Scanner().feed(ANSWER_IN_INSTALL_MODE)[0]) is False


@pytest.mark.parametrize(
    ("number", "bits", "data"),
    [
        # 1, facility 00000001, number 0000000000000001, 0: counted by hand.
        (100_001, 26, 0b10000000100000000000000010 << 6),
        (100_001, 32, 100_001),
        (1, 34, 1 << 7),
        (0xFFFFFFFF, 34, 0b0_11111111111111111111111111111111_1 << 6),
    ],
)
def test_a_card_has_the_bits_that_it_is_printed_with(number: int, bits: int, data: int):
    assert encoded(number, bits) == data.to_bytes(-(-bits // 8), "big")
    assert decoded(encoded(number, bits), bits) == number


@given(st.integers(0, 255), st.integers(0, 65_535), st.integers(0, 0xFFFFFFFF))
def test_what_is_encoded_is_decoded(facility: int, serial: int, number: int):
    assert decoded(encoded(facility * 100_000 + serial, 26), 26) == facility * 100_000 + serial
    assert decoded(encoded(number, 34), 34) == number
    assert decoded(encoded(number, 32), 32) == number


@given(st.integers(0, 0xFFFFFFFF), st.integers(0, 33))
def test_a_parity_that_is_wrong_makes_no_card(number: int, bit: int):
    spoilt = int.from_bytes(encoded(number, 34), "big") ^ 1 << (39 - bit)
    assert decoded(spoilt.to_bytes(5, "big"), 34) == 0


@given(st.binary(max_size=12), st.integers(-5, 200))
def test_any_bits_make_a_number(data: bytes, bits: int):
    assert decoded(data, bits) >= 0


@pytest.mark.parametrize(
    ("number", "bits"), [(50_000_001, 26), (25_600_000, 26), (1 << 32, 34), (1 << 32, 32), (-1, 34)]
)
def test_a_card_that_no_reader_could_read_is_refused(number: int, bits: int):
    assert bits in FORMATS
    with pytest.raises(NoSuchCard):
        encoded(number, bits)
