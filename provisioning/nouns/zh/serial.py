"""Chinese twins: what is said of a serial line and of the readers on it."""

from __future__ import annotations

ZH_SERIAL: dict[str, str] = {
    "The reader does not answer. Check its power, its cable (A and B not swapped) and its address on the line.": (
        "读卡器没有应答。请检查其电源、线缆（A、B 线未接反）以及在总线上的地址。"
    ),
    (
        "The reader has another key: it may belong to another site, or somebody changed it. Find out which reader hangs"
        " there; then set it back to install mode and pair it again."
    ): "读卡器的密钥不同：它可能属于其他站点，或被人更换。请查明该处是哪台读卡器，再将其恢复为安装模式并重新配对。",
    (
        "The reader is in install mode, though it was paired: somebody reset or replaced it. Look at it, then pair it again."
    ): "读卡器处于安装模式，但它曾经配对：有人重置或更换了它。请到现场查看，然后重新配对。",
    "The reader is not paired yet. Set it to install mode and pair it.": "读卡器尚未配对。请将其设为安装模式并配对。",
    (
        "Another reader answers, with the right key but another serial number. Look at it; if you replaced it yourself, pair"
        " it again."
    ): "应答的是另一台读卡器：密钥正确，但序列号不同。请到现场查看；如由您更换，请重新配对。",
    (
        "What comes back over the line makes no sense. Check that its wires A and B are not swapped, that both ends have"
        " their resistors, that no two readers have one address, and that the speed is right."
    ): "总线上传回的内容无法识别。请检查 A、B 线是否接反、两端是否接有终端电阻、是否有两台读卡器地址相同，以及波特率是否正确。",
    "The reader knows no secure channel, so it is not used. Replace it by one that does.": (
        "读卡器不支持安全通道，因此不予使用。请更换为支持安全通道的读卡器。"
    ),
    "The reader refused a command and is started anew. If this stays, compare its model with its settings.": (
        "读卡器拒绝了一条命令，正在重新启动通信。如一直如此，请核对其型号与设置。"
    ),
    (
        "There is no serial adapter at {path}. Plug it in, or write its device path (below /dev/serial/by-id) into the"
        " campus file."
    ): "{path} 处没有串口适配器。请插上适配器，或在园区文件中填写其设备路径（位于 /dev/serial/by-id 下）。",
    "The serial adapter at {path} was unplugged. Plug it in again: the line goes on by itself.": (
        "{path} 的串口适配器已被拔出。请重新插上，总线会自行恢复。"
    ),
    "{path} is no serial adapter. Write the device path of one (below /dev/serial/by-id) into the campus file.": (
        "{path} 不是串口适配器。请在园区文件中填写适配器的设备路径（位于 /dev/serial/by-id 下）。"
    ),
    (
        "The serial adapter at {path} may not be opened. Add the gateway's user to the group that owns it (often dialout),"
        " and start the gateway again."
    ): "无权打开 {path} 的串口适配器。请将网关的用户加入拥有该设备的组（通常为 dialout），然后重新启动网关。",
    (
        "Another program uses the serial adapter at {path}. A line has one driver: end the other program, or hand the line"
        " over."
    ): "另一个程序正在使用 {path} 的串口适配器。一条总线只能有一个驱动者：请结束该程序，或移交这条总线。",
    (
        "The serial adapter at {path} cannot do this speed. Write another baud rate into the campus file."
    ): "{path} 的串口适配器不支持此速率。请在园区文件中填写其他波特率。",
    "The serial adapter at {path} cannot be used ({why}). Plug it in anew; if this stays, replace it.": (
        "{path} 的串口适配器无法使用（{why}）。请重新插拔；如一直如此，请更换。"
    ),
    "The reader did not confirm the command in time.": "读卡器未及时确认命令。",
    "The reader refused the command. Compare its model with its settings.": "读卡器拒绝了该命令。请核对其型号与设置。",
    (
        "The reader has a key already, and not this one. Set it back to install mode (its manual says how), then pair it"
        " again."
    ): "读卡器已有密钥，且与此不同。请将其恢复为安装模式（方法见其说明书），然后重新配对。",
}
