"""Chinese twins: registers of units and TCP panels."""

from __future__ import annotations

ZH_REGISTERS: dict[str, str] = {
    "The device answers that it cannot serve just now. Look at its own log; it is asked again.": (
        "设备应答称暂时无法提供服务。请查看设备自身的日志；系统会再次询问。"
    ),
    "The register has somebody else in this unit. It is taken as soon as that one is out; see who is there.": (
        "登记系统显示该单元仍由他人占用。对方腾退后即会办理；请核实由谁占用。"
    ),
    "Cards of the one before are still in this unit's lock. It is done as soon as they are taken out.": (
        "该单元的门锁中仍有上一位使用者的卡。这些卡移除后即会办理。"
    ),
    "The lock waits until the register has this person in the unit.": "门锁须待登记系统显示此人已入住该单元后才写入。",
    "The unit changed in the register while it was being written. It is tried again.": (
        "写入期间，登记系统中的该单元发生了变化。系统会重试。"
    ),
    "The register knows no such unit. Add it there, or correct the unit in the campus file.": (
        "登记系统中没有该单元。请在登记系统中添加，或在园区文件中改正。"
    ),
    "The register does not take this record as it is. Compare the register's software with the campus file.": (
        "登记系统不接受这条记录的内容。请与园区文件核对登记系统的软件版本。"
    ),
    "The lock is full: it holds as many cards as it can. Take cards out that nobody needs.": (
        "门锁已满，无法再写入卡。请移除无人需要的卡。"
    ),
}
