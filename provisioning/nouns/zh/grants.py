"""The Chinese twins of what grants, delivery and readiness say."""

from __future__ import annotations

ZH_GRANTS: dict[str, str] = {
    "The rule {rule} could not be decided for somebody, so it granted nothing. Look why, and correct the rule.": (
        "规则 {rule} 无法对某人作出判定，因此未授予任何权限。请查明原因并更正规则。"
    ),
    "The rule {rule} grants {resource}, which no target of the campus serves. Correct the rule or the campus file.": (
        "规则 {rule} 授予 {resource}，但园区没有任何目标提供它。请更正规则或园区文件。"
    ),
    "{target} held {count} that nobody wants there: {keys}. They are being taken away; find out who put them there.": (
        "{target} 上有 {count} 条无人要求的记录：{keys}。正在清除；请查明是谁写入的。"
    ),
    "{target} held {count} that differ from what was proved there: {keys}. They are being put right; find out who"
    " changed them.": "{target} 上有 {count} 条记录与已证实的不符：{keys}。正在改正；请查明是谁改动的。",
    "{target} lacked {count} that were proved there: {keys}. They are being put back; find out who took them away.": (
        "{target} 缺少 {count} 条已证实的记录：{keys}。正在补写；请查明是谁删除的。"
    ),
    "Another device, or one that lost its memory, answers as {target}. All its records are put there again.": (
        "以 {target} 应答的是另一台设备，或是丢失了存储的设备。其全部记录正在重新写入。"
    ),
    "{target} cannot be reached: {why}. What it holds stays as it is until it answers; see: foyer targets": (
        "无法连接 {target}:{why}。在它应答之前，其中的内容保持不变；请查看:foyer targets"
    ),
    "A fault of the hub stopped the work on {target}: {why}. It is tried again; send the log to whoever looks after it.": (
        "系统自身的故障中断了 {target} 的工作：{why}。将会重试；请把日志交给维护人员。"
    ),
    "A fault of the hub ({fault}) kept somebody's rights from being looked at: they stay as they were. It is tried again; "
    "send the log to whoever looks after it.": (
        "系统自身的故障（{fault}）使某人的权限无法重新核定：权限保持原样。将会重试；请把日志交给维护人员。"
    ),
    "A revocation needs a reason of 1 to {most} characters, for the story to keep. Give one: --reason TEXT": (
        "撤销须写明理由(1 至 {most} 个字符)，以便存入记录链。请给出：--reason 文字"
    ),
    "Staff number {no} has no open stay, no active card and no record on any target: there is nothing to revoke. See "
    "what there was: foyer person show {no}": (
        "工号 {no} 没有有效的在岗期、有效的卡，也没有任何目标上的记录:无可撤销。查看历史:foyer person show {no}"
    ),
    "The rules were not taken, and those in force stay as they were: {faults}": "规则未被采用，现行规则保持不变：{faults}",
    "The rule {rule} says something else than its version {version} that is in force. Give it version {least}.": (
        "规则 {rule} 与现行的第 {version} 版内容不同。请把版本改为 {least}。"
    ),
    "No rules are in force yet. Apply some: foyer rules apply FILE.": "尚无现行规则。请先应用:foyer rules apply 文件。",
}
