"""An access control unit by other hands: the package `osdp` of the Python index, in pure Python, with a secure channel of
its own. It runs in an environment of its own, since libosdp, which the product uses, has the same import name.

    python osdp_acu.py PORT BAUD ADDRESS MASTER_KEY

Prints a JSON object for each thing that happens, and takes verbs from its input, one a line: `open`, `light`, `end`.
"""

from __future__ import annotations

import importlib
import json
import sys
import time
from typing import Any

osdp: Any = importlib.import_module("osdp")
LOOK_S = 0.05


def tell(what: str, **told: object) -> None:
    print(json.dumps({"what": what} | told), flush=True)


class Acu(osdp.ControlPanel):
    def on_raw_card_data_reply_received(self, address: int, raw_card_data: Any) -> None:
        tell("card", address=address, bits=raw_card_data.bit_count, data=bytes(raw_card_data.data).hex())

    def on_keypad_data_reply_received(self, address: int, keypad_data: Any) -> None:
        tell("keys", address=address, data=bytes(keypad_data.data).hex())

    def on_input_status_report_reply_received(self, address: int, input_status: Any) -> None:
        tell("inputs", address=address, active=list(input_status.statuses))

    def on_local_status_report_reply_received(self, address: int, local_status: Any) -> None:
        tell("status", address=address, tampered=local_status.tamper, power_failed=local_status.power_failure)

    def on_nak_reply_received(self, address: int, nak: Any) -> None:
        tell("nak", address=address, why=str(nak))


def main() -> None:
    port, baud, address, master_key = sys.argv[1], int(sys.argv[2]), int(sys.argv[3]), bytes.fromhex(sys.argv[4])
    acu = Acu(master_key)
    line = acu.start_connection(osdp.SerialPortOsdpConnection(port, baud))
    acu.add_device(line, address, True, True)
    device = acu._buses[line]._configured_devices[address]
    while not (device.is_security_established and not device.is_scbkd):
        time.sleep(LOOK_S)
    tell("secure", key=device._secure_channel.scbk.hex())
    about = acu.id_report(line, address)
    tell("identity", vendor=bytes(about.vendor_code).hex(), model=about.model_number, serial=about.serial_number)
    tell("capabilities", said=str(acu.device_capabilities(line, address)))
    for verb in map(str.strip, sys.stdin):
        if verb == "end":
            break
        tell(verb, done=_VERBS[verb](acu, line, address))
    acu.shutdown()


def _open(acu: Acu, line: Any, address: int) -> bool:
    timed = osdp.OutputControlCode.TemporaryStateOnResumePermanentState
    return acu.output_control(line, address, osdp.OutputControls([osdp.OutputControl(0, timed, 10)]))


def _light(acu: Acu, line: Any, address: int) -> bool:
    green, black = osdp.LedColor.Green, osdp.LedColor.Black
    control = osdp.ReaderLedControl(
        0, 0, osdp.TemporaryReaderControlCode.Nop, 0, 0, black, black, 0,
        osdp.PermanentReaderControlCode.SetPermanentState, 1, 0, green, green,
    )  # fmt: skip
    return acu.reader_led_control(line, address, osdp.ReaderLedControls([control]))


_VERBS = {"open": _open, "light": _light}

if __name__ == "__main__":
    main()
