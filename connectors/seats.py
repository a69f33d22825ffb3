"""Seats in a facility register: one record for each seat that somebody has. A seat opens nothing."""

from __future__ import annotations

from typing import ClassVar

from connectors.units import Units


class Seats(Units):
    """The seats of one register."""

    kind: ClassVar[str] = "seats"
    unit_kind: ClassVar[str] = "seat"
