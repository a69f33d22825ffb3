"""A card is put and read as the library puts and reads it, however many were that are nearly the same."""

from __future__ import annotations

from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st
from uhppoted import codec, decode, encode

from devices.wg.client import card_of, card_request

READERS = [
    (codec.GET_CARD, decode.get_card_response),
    (codec.GET_CARD_AT_INDEX, decode.get_card_by_index_response),
]
ONE = bytes.fromhex("785634120200000020270302202803020101001d400f0005")

octets = st.integers(0, 255)
numbers = st.integers(0, 2**32 - 1)
days = st.dates(date(2000, 1, 1), date(2099, 12, 31))
firsts = st.none() | st.dictionaries(st.integers(1, 4), st.booleans())
cards = st.tuples(
    numbers, numbers, days, days, st.tuples(octets, octets, octets, octets), st.integers(0, 999_999), firsts
)
readers = st.sampled_from(READERS)


@given(cards, numbers, numbers, st.integers(0, 999_999))
def test_a_card_is_put_as_the_library_puts_it(card, other, another, pin):
    serial, number, opens, closes, (a, b, c, d), code, first = card
    card_request(other, another, opens, closes, (a, b, c, d), pin, first)
    library = encode.put_card_request(serial, number, opens, closes, a, b, c, d, code, first)
    assert card_request(*card) == library


@given(readers, st.binary(min_size=60, max_size=60))
def test_any_bytes_read_as_the_library_reads_them(reader, body):
    function, decoded = reader
    reply = bytes((codec.SOM, function, 0, 0)) + body
    assert card_of(decoded, reply) == decoded(reply)


@given(readers, st.lists(st.tuples(st.integers(4, 30), octets), max_size=4))
def test_a_card_that_differs_in_little_is_not_taken_for_the_other(reader, changes):
    function, decoded = reader
    reply = bytearray((bytes((codec.SOM, function, 0, 0)) + ONE).ljust(64, b"\0"))
    card_of(decoded, bytes(reply))
    for place, value in changes:
        reply[place] = value
    assert card_of(decoded, bytes(reply)) == decoded(reply)


def test_a_card_is_what_the_panel_said():
    read = [
        card_of(decoded, (bytes((codec.SOM, function, 0, 0)) + ONE).ljust(64, b"\0")) for function, decoded in READERS
    ]
    for told in read:
        assert (told.controller, told.card_number, told.pin) == (0x12345678, 2, 0xF40)
        assert (told.start_date, told.end_date) == (date(2027, 3, 2), date(2028, 3, 2))
        assert (told.door_1, told.door_2, told.door_3, told.door_4) == (1, 1, 0, 29)
        assert told.firstcard == {1: True, 2: False, 3: True, 4: False}


@given(readers, st.binary(max_size=70) | st.builds(lambda head, body: head + body, st.binary(min_size=2, max_size=2),
       st.binary(min_size=62, max_size=62)))  # fmt: skip
def test_what_the_library_refuses_is_refused(reader, reply):
    _, decoded = reader
    try:
        expected = decoded(reply)
    except ValueError as error:
        with pytest.raises(ValueError, match=r"invalid reply") as refused:
            card_of(decoded, reply)
        assert str(refused.value) == str(error)
    else:
        assert card_of(decoded, reply) == expected


def test_no_reply_is_no_card():
    assert card_of(decode.get_card_response, None) is None
