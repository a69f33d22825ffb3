"""Every kind of target there is, one line each."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from zoneinfo import ZoneInfo

from pydantic import ValidationError

from connectors.contract import Connector, EdgeError, Json, Settings
from connectors.edge import Edge
from connectors.flats import Flats
from connectors.osdp_doors import OsdpDoors
from connectors.osdp_settings import OsdpSettings
from connectors.seats import Seats
from connectors.units import RegisterSettings
from connectors.wg_doors import WgDoors, WgSettings

Make = Callable[[Json, ZoneInfo, Edge | None], Connector]
_KINDS: dict[str, tuple[type[Settings], Make]] = {
    "flats": (RegisterSettings, lambda told, zone, _: Flats(RegisterSettings.model_validate(told), zone)),
    "osdp": (OsdpSettings, lambda told, zone, edge: OsdpDoors(OsdpSettings.model_validate(told), zone, edge)),
    "seats": (RegisterSettings, lambda told, zone, _: Seats(RegisterSettings.model_validate(told), zone)),
    "wg": (WgSettings, lambda told, zone, _: WgDoors(WgSettings.model_validate(told), zone)),
}


class UnknownKind(EdgeError):
    """There is no connector of kind {kind}; those that exist are {kinds}. Correct the kind in the campus file."""


class SettingsWrong(EdgeError):
    """The settings of a target of kind {kind} do not fit ({cause}). Correct them in the campus file."""


def kinds() -> tuple[str, ...]:
    """All kinds, in alphabetical order."""
    return tuple(sorted(_KINDS))


def settings_of(kind: str) -> type[Settings]:
    """The model that a kind's settings must fit. Raises `UnknownKind`."""
    return _of(kind)[0]


def build(kind: str, settings: Mapping[str, Json], zone: ZoneInfo, edge: Edge | None = None) -> Connector:
    """A connector for one target at a site in that time zone. `edge` is what this process drives by itself: without it doors
    on serial lines can only say what they should hold. Raises `UnknownKind`, `SettingsWrong`."""
    _, make = _of(kind)
    try:
        return make(dict(settings), zone, edge)
    except ValidationError as error:
        causes = "; ".join(f"{'.'.join(map(str, e['loc'])) or 'whole'}: {e['msg']}" for e in error.errors())
        raise SettingsWrong(kind=kind, cause=causes) from error


def _of(kind: str) -> tuple[type[Settings], Make]:
    if kind not in _KINDS:
        raise UnknownKind(kind=kind, kinds=", ".join(kinds()))
    return _KINDS[kind]
