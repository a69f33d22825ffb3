"""Chinese twins: schedules, settings of targets, and their clocks."""

from __future__ import annotations

ZH_FIXTURES: dict[str, str] = {
    "schedule": "时间表",
    "A device of this kind does nothing of that. Choose a door of a panel.": "这类设备做不到这件事。请选择门禁控制器的某个门。",
    "The device was told once and did not answer: it may have done it. Look at the door before you ask again.": (
        "指令已向设备发出一次，设备没有应答：可能已经执行。再次下达前请先看一眼这个门。"
    ),
    "The panel refuses this setting. Compare its model with what the campus file says of it.": (
        "控制器拒绝这项设置。请把它的型号与园区文件中的内容核对。"
    ),
    "The panel refuses to open this door. See what it is set to, and whether it has this door.": (
        "控制器拒绝开这个门。请查看它的设置，以及它是否有这个门。"
    ),
    "What this record names is not on the device yet, and without it it would open more. It follows.": (
        "这条记录所引用的内容还没有下发到设备，缺了它会多开门。随后补发。"
    ),
    "What this record names is gone from the device, so it was taken away again. The device is asked who it is.": (
        "这条记录所引用的内容已不在设备上，因此又把它删除了。正在重新核对设备身份。"
    ),
    "Records on the device still name this, or it was not read since. It goes once a reading shows that none does.": (
        "设备上仍有记录引用这项内容，或此后尚未读取设备。读取确认不再引用后即清除。"
    ),
    "The clock of {target} was off by more than {seconds} s, and was set. Until then its doors may have opened and shut"
    " at the wrong time; if it comes again, have its battery looked at.": (
        "{target} 的时钟偏差超过 {seconds} 秒，已校准。此前它的门可能未按时开闭；若再次出现，请检查其电池。"
    ),
    "There are no {count} numbers left together for the schedule {schedule}: panels have {all}, and those of old content are"
    " taken until no panel names them any more. Give it fewer hours or holidays, or try again once all panels were reached.": (
        "时间表 {schedule} 需要 {count} 个连续编号，现已不够：控制器共有 {all} 个，旧内容的编号要到没有控制器再引用时才能重用。"
        "请减少时段或节假日，或待全部控制器连通后再试。"
    ),
    "{found} are no hours.": "{found} 不是时段。",
    'Write them as in "08:00-18:00", with an end after the beginning.': (
        "请写成 “08:00-18:00” 的样子，结束要晚于开始。"
    ),
    "{found} is no address at which panels can reach the gateway.": "{found} 不是控制器能够连到网关的地址。",
    "Write IP:PORT, such as 192.168.1.10:60001.": "请写成 IP:端口，例如 192.168.1.10:60001。",
}
