"""What every wire shares: its errors. A driver raises these and nothing else; a vendor's own never leave its folder."""

from __future__ import annotations


class WireError(Exception):
    """Something went wrong between the hub and a device."""


class ProtocolError(WireError):
    """The device answered with bytes that its protocol does not allow."""


class DeviceError(WireError):
    """The device understood and said no."""


class Unreachable(WireError):
    """The device did not answer in time, or could not be reached."""


class Failing(Unreachable):
    """The device answered only that it cannot serve anybody just now."""
