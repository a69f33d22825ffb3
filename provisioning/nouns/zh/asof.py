"""Chinese twins: who and when."""

from __future__ import annotations

ZH_ASOF: dict[str, str] = {
    "What was known at {known} cannot be asked for: that instant is still to come. Give an earlier one, or none.": (
        "无法查询 {known} 时的已知情况：该时刻尚未到来。请给出更早的时刻，或不填。"
    ),
    "{text} is no day and time. Write it as 2026-11-30T14:00, at the campus's own clock, or with an offset: +08:00.": (
        "{text} 不是日期时间。请按园区当地时间写成 2026-11-30T14:00，或带时差：+08:00。"
    ),
    "door, zone or unit": "门、区域或单元",
    "who had what, when, by which rule, and whether the devices agreed": "谁在何时有何权限、依据哪条规则、设备是否一致",
    "a zone, a door, a seat or a flat: zone:north-public, a-1-east, seat:a-301-02": (
        "区域、门、工位或住房：zone:north-public、a-1-east、seat:a-301-02"
    ),
    "when it was to hold, at the campus's clock: 2026-11-30T14:00; now, where none": (
        "查询的时刻，按园区当地时间：2026-11-30T14:00；不填为现在"
    ),
    "by what had been told up to then; up to now, where none is named": "以该时刻为止已知的情况为准；不填为至今",
    "Nobody had it at {at}, nor was believed to, by what was known at {known}.": (
        "{at} 时无人拥有该权限，当时也未认为有人拥有（以 {known} 为止已知的情况为准）。"
    ),
    "{no} had nothing of this at {at}, nor was believed to, by what was known at {known}.": (
        "{at} 时 {no} 没有相应权限，当时也未认为有（以 {known} 为止已知的情况为准）。"
    ),
    "At {at}, by what was known at {known}:": "{at} 时的情况（以 {known} 为止已知的情况为准）：",
    "held, and believed then": "有效，当时亦如此认定",
    "believed then, not so by what is known since": "当时认定有效，后来得知无效",
    "held, though not known then": "有效，但当时尚不知情",
    "no device had said anything": "尚无设备回执",
    "held on {count}": "{count} 台设备上已有",
    "not on {targets}": "以下设备上没有：{targets}",
    "what is known": "已知情况",
    "devices": "设备",
    "unit": "单元",
    "clause": "条款",
}
