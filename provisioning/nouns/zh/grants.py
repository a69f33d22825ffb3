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
    "{target} cannot be reached. {why} What it holds stays as it is until it answers; see: foyer targets": (
        "无法连接 {target}。{why}在它应答之前，其中的内容保持不变；请查看：foyer targets"
    ),
    "The work on {target} stands still. {why} It is tried again by itself.": "{target} 的工作已停顿。{why}随后会自动重试。",
    "A fault of the hub ({fault}) kept somebody's rights from being looked at: they stay as they were. It is tried again; "
    "send the log to whoever looks after it.": (
        "系统自身的故障（{fault}）使某人的权限无法重新核定：权限保持原样。将会重试；请把日志交给维护人员。"
    ),
    "A revocation or suspension needs a reason of 1 to {most} characters, for the story to keep. Give one: --reason TEXT": (
        "撤销或暂停须写明理由（1 至 {most} 个字符），以便存入记录链。请给出：--reason 文字"
    ),
    "Staff number {no} has no open stay, no active card and no record on any target: there is nothing to revoke. See "
    "what there was: foyer person show {no}": (
        "工号 {no} 没有有效的在岗期、有效的卡，也没有任何目标上的记录：无可撤销。查看历史：foyer person show {no}"
    ),
    "The rules were not taken, and those in force stay as they were: {faults}": "规则未被采用，现行规则保持不变：{faults}",
    "The rule {rule} says something else than its version {version} that is in force. Give it version {least}.": (
        "规则 {rule} 与现行的第 {version} 版内容不同。请把版本改为 {least}。"
    ),
    # units and points, in the policies
    "'for' cannot be '{text}'; a rule is for {known}. Correct the word, or remove the line for a stay.": (
        "for 不能是“{text}”；规则可针对 {known}。请更正该词；若针对在岗期，请删除该行。"
    ),
    "A rule for a {about} may not ask for a unit ('{resource}'). Put what asks into a rule for a stay, and only what"
    " follows from the unit here.": (
        "针对 {about} 的规则不得再请求单元（“{resource}”）。请把请求写入针对在岗期的规则，此处只写由该单元而来的权益。"
    ),
    "There are {count} entries of points; at most {limit} are read. Join those that differ only in a value.": (
        "共有 {count} 条计分项，最多读取 {limit} 条。请合并仅数值不同的条目。"
    ),
    "The points must be a whole number from 1 to {limit}, not '{points}'. Correct the number.": (
        "分数须为 1 至 {limit} 的整数，而不是“{points}”。请更正。"
    ),
    "{rule} (version {version}, {clause}) speaks of who holds a {unit}; this stay holds none.": (
        "{rule}（第 {version} 版，{clause}）针对持有{unit:word}的人员；该在岗期未持有。"
    ),
    "{rule} (version {version}, {clause}) applies and asks for {resource}, but this campus has no such unit, and so"
    " nothing is granted. Add offices or blocks to the campus file, or leave it so.": (
        "{rule}（第 {version} 版，{clause}）适用并请求 {resource}，但园区没有此类单元，因此未授予。可在园区文件中加入办公室或"
        "住房单元，或保持不变。"
    ),
    "The points by {clause} could not be counted, and so count nothing. Have the rules file corrected.": (
        "依据 {clause} 的分数无法计算，因此不计分。请更正规则文件。"
    ),
    # grants
    "The points by {clause} could not be counted for somebody, and so counted nothing. Correct the rules.": (
        "依据 {clause} 的分数无法为某人计算，因此未计分。请更正规则。"
    ),
    # grants for a set time
    "A grant by an operator, and its end, need a reason of 1 to {most} characters, for the story to keep. Give one:"
    " --reason TEXT": "由操作员授予或终止授权须写明理由（1 至 {most} 个字符），以便存入记录链。请给出：--reason 文字",
    "From {opens} until {closes} no grant can be given: its end must lie ahead, after its beginning, and at most {most}"
    " days behind it. Correct --from and --until.": (
        "无法授予自 {opens} 至 {closes} 的授权：结束须在将来、晚于开始，且相距不超过 {most} 天。请更正 --from 与 --until。"
    ),
    "No target of the campus serves {resource}, so nothing would open. Name a zone, or the lock of a flat: zone:meeting."
    " See what there is: foyer campus show": (
        "园区没有任何目标提供 {resource}，授予也打不开任何门。请给出区域或住房门锁，如 zone:meeting。查看：foyer campus show"
    ),
    "{resource} is one unit, and units are allotted, so that nobody is given what another has. Use: foyer seat, or foyer"
    " flat": "{resource} 是单个单元；单元只能分配，以免同一单元给了两个人。请使用：foyer seat 或 foyer flat",
    "{no} has no open stay on {day}, and a grant stands on a stay. Have HR announce them first, or choose another day.": (
        "{no} 在 {day} 没有有效的在岗期，而授权须依附于在岗期。请先由人事通知到岗，或另选日期。"
    ),
    "The last day of {no} is {last}: a grant cannot go on after it. Choose an earlier end, or have HR extend the stay.": (
        "{no} 的最后一天是 {last}，授权不能超过该日。请提前结束时间，或由人事延长在岗期。"
    ),
    "{no} is suspended for a part of that time, and all doors stay shut then. Choose another time, or have HR resume the"
    " stay first.": "{no} 在该时段内有停职，期间所有门保持关闭。请另选时间，或先由人事恢复在岗。",
    "{no} has this very grant already: {id}. Nothing was changed.": "{no} 已有完全相同的授权：{id}。未作任何更改。",
    "Grant {id} follows from the rule {rule}, and would come back at once. Change the rule or the stay, or revoke the"
    " person: foyer revoke": "授权 {id} 由规则 {rule} 产生，终止后会立即恢复。请更改规则或在岗期，或撤销此人：foyer revoke",
    "Grant {id} is over already. See what there is: foyer grant list": "授权 {id} 已经结束。查看现有授权：foyer grant list",
    "grant": "授权",
    "asks for": "申请",
    "grants for a set time: give, end, list": "限时授权：授予、终止、查看",
    "let somebody have a resource for a set time": "在限定时段内授予某人一项资源",
    "what it opens, such as zone:meeting": "授权打开的资源，如 zone:meeting",
    "at the campus's clock, such as 2026-12-01T14:00; now if none": "按园区当地时间，如 2026-12-01T14:00；不填为现在",
    "when it closes, such as 2026-12-01T18:00": "结束时间，如 2026-12-01T18:00",
    "end a grant that was given": "终止一项已授予的授权",
    "the grant's id, as `foyer grant list` shows it": "授权编号，见 `foyer grant list`",
    "a person's grants": "某人的授权",
    "what is over or ended, too": "也列出已过期或已终止的",
    "{no} may use {resource} from {opens} until {closes}: grant {id}.": (
        "{no} 可在 {opens} 至 {closes} 使用 {resource}：授权 {id}。"
    ),
    "Grant {id} on {resource} has ended; see what is proved gone: foyer targets": (
        "授权 {id}（{resource}）已终止；查看清除是否已证实：foyer targets"
    ),
    "{no} has no grant that is in force or to come.": "{no} 没有有效或将生效的授权。",
    # late openings, and how far dates reach
    "what opened late, or still has to": "迟开的权限，以及到时仍未开通的",
    "Nothing is late: all that is to be open by now is proved, or waits for its time.": (
        "没有迟开：此刻应已开通的均已证实，其余尚未到时。"
    ),
    "Late by now: {count}.": "到时仍未开通：{count} 项。",
    "Proved late within the last 24 hours: {count}.": "最近 24 小时内迟开：{count} 项。",
    "There are more than can be listed; these are the first.": "数量超出可列范围；以上为前若干项。",
    "late by (s)": "迟延（秒）",
    "first date runs out": "最早到期的记录",
    "configuration expires on": "配置有效期至",
    # what a need waits for
    "No seat is free yet: place {place} in the queue.": "暂无空闲工位：排在第 {place} 位。",
    "No flat is free yet: place {place} in the queue, by points.": "暂无空闲住房：按积分排在第 {place} 位。",
    "An offer was not accepted in time, so who let none pass comes first: place {place} in the queue.": (
        "有一次提供逾期未接受，未曾逾期者优先：现排在第 {place} 位。"
    ),
    "{unit} is offered until {until}, and waits to be accepted.": "已提供 {unit}，保留至 {until}，等待接受。",
    "It was given up; an operator can ask for it anew.": "已放弃；可由操作员重新申请。",
    "No rules are in force yet. Apply some: foyer rules apply FILE.": "尚无现行规则。请先应用：foyer rules apply 文件。",
}
