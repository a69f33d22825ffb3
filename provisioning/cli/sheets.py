"""Handing a sheet to the hub while a bar shows how far it is. The hub takes it whole, then decides rights person by
person."""

from __future__ import annotations

import hashlib
import threading
from collections.abc import Callable
from typing import Any

from provisioning.cli.hub import CommandFailed, Hub, Named, at
from provisioning.cli.screen import Progress

ASK_EVERY_S = 0.2


def send_sheet(hub: Hub, name: str, data: bytes, progress: Progress, mapping: Named | None = None) -> dict[str, Any]:
    """The hub's report; `progress` is told of people whose rights are decided, of all. Raises `CommandFailed`."""
    sending = _Sending(lambda: hub.send_file("/hr/batches", name, data, mapping=mapping))
    batch: str | None = None
    digest = hashlib.sha256(data + (mapping[1] if mapping else b"")).hexdigest()
    while not sending.done(ASK_EVERY_S):
        batch = batch or _batch_of(hub, digest)
        if batch is not None:
            far = hub.get(at("hr", "batches", batch))
            progress.at(far["people"] - far["waiting"], far["people"])
    report = sending.report()
    taken = report["counts"]["new"] + report["counts"]["changed"]
    if taken:
        progress.at(taken, taken)
    progress.end()
    return report


def _batch_of(hub: Hub, digest: str) -> str | None:
    return next((each["id"] for each in hub.get("/hr/batches", {"limit": 1}) if each["digest"] == digest), None)


class _Sending:
    """One call in a thread of its own."""

    def __init__(self, call: Callable[[], dict[str, Any]]) -> None:
        self._call = call
        self._report: dict[str, Any] | None = None
        self._failure: CommandFailed | None = None
        self._thread = threading.Thread(target=self._run, daemon=True)
        self._thread.start()

    def done(self, wait_s: float) -> bool:
        self._thread.join(wait_s)
        return not self._thread.is_alive()

    def report(self) -> dict[str, Any]:
        if self._report is None:
            raise self._failure or CommandFailed
        return self._report

    def _run(self) -> None:
        try:
            self._report = self._call()
        except CommandFailed as failure:
            self._failure = failure
