"""An OSDP control unit by other hands speaks to our emulated reader: it pairs it, hears it, and drives its strike.

The unit has an environment of its own, which `scripts/bootstrap test` makes from lock/osdp.txt.
"""

from __future__ import annotations

import asyncio
import json
from asyncio.subprocess import PIPE
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

from devices.osdp.cards import encoded
from tests.devices.serial_lines import a_gateway, a_line, on_a_loop, swipe

ROOT = Path(__file__).resolve().parents[2]
PYTHON = ROOT / ".cache" / "osdp" / "bin" / "python"
UNIT = ROOT / "tests" / "independent" / "osdp_acu.py"
MASTER_KEY = bytes(range(16))
TOLD_S_MAX = 20.0


class Unit:
    """The other control unit, in its process."""

    def __init__(self, process: asyncio.subprocess.Process) -> None:
        assert process.stdout is not None
        assert process.stdin is not None
        self._said, self._told = process.stdout, process.stdin
        self.said: list[dict[str, Any]] = []

    async def until(self, what: str) -> dict[str, Any]:
        async with asyncio.timeout(TOLD_S_MAX):
            while True:
                line = await self._said.readline()
                assert line, f"the other unit ended before it told {what}"
                told = json.loads(line)
                self.said.append(told)
                if told["what"] == what:
                    return told

    def tell(self, verb: str) -> None:
        self._told.write(f"{verb}\n".encode())


@asynccontextmanager
async def a_unit(path: Path, baud: int, address: int) -> AsyncGenerator[Unit]:
    assert PYTHON.exists(), "there is no other control unit: run scripts/bootstrap test"
    process = await asyncio.create_subprocess_exec(
        PYTHON, UNIT, path, str(baud), str(address), MASTER_KEY.hex(), stdin=PIPE, stdout=PIPE, stderr=PIPE
    )
    try:
        yield Unit(process)
    finally:
        process.kill()
        await process.communicate()


@on_a_loop
async def test_another_unit_pairs_our_reader_hears_it_and_opens(tmp_path: Path):
    async with a_line(tmp_path, 1, keys={}) as line:
        async with a_unit(line.path, line.wire.baud, 0) as unit:
            key = bytes.fromhex((await unit.until("secure"))["key"])
            assert line.reader(0).key == key
            assert (await unit.until("identity"))["vendor"] == "120e0f"
            await unit.until("capabilities")
            swiping = asyncio.create_task(swipe(line, 1))
            card = await unit.until("card")
            assert (card["bits"], card["data"]) == (34, encoded(50_000_001, 34).hex())
            unit.tell("open")
            assert (await unit.until("open"))["done"] is True
            assert (await swiping)["open"] is True
            unit.tell("light")
            assert (await unit.until("light"))["done"] is True
            assert line.reader(0).light == "green"
            with line.copper.held():
                line.reader(0).type("1#")
                line.reader(0).tampered = True
                line.reader(0).tell_status()
            assert (await unit.until("keys"))["data"] == "310d"
            assert (await unit.until("status"))["tampered"] is True
            # It polls once in the clear before it builds its channel, which our reader refuses; nothing after that.
            secure = [told["what"] for told in unit.said].index("secure")
            assert "nak" not in [told["what"] for told in unit.said[secure:]]
        # The key that it set is the reader's own from now on, and ours can be driven by it.
        async with a_gateway(line, {0: key}) as gateway:
            await gateway.until_trouble(0, None)


@on_a_loop
async def test_another_unit_comes_back_with_the_key_it_gave(tmp_path: Path):
    async with a_line(tmp_path, 1, keys={}) as line:
        for _ in range(2):
            async with a_unit(line.path, line.wire.baud, 0) as unit:
                told = await unit.until("secure")
                assert line.reader(0).key == bytes.fromhex(told["key"])
