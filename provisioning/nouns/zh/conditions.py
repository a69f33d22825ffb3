"""The Chinese twins of what lockdowns, releases by fire, acts, suspensions and loans say."""

from __future__ import annotations

ZH_CONDITIONS: dict[str, str] = {
    # conditions of zones
    "A lockdown needs a reason of 1 to {most} characters, for the story to keep. Give one: --reason TEXT": (
        "封控须写明理由（1 至 {most} 个字符），以便存入记录链。请给出：--reason 文字"
    ),
    "A lockdown cannot end at {until}, which is not ahead. Correct --until, or leave it out: then it holds until somebody "
    "releases it.": "封控不能在 {until} 结束，该时间不在将来。请更正 --until，或不写：则持续到有人解除为止。",
    "No door of the campus belongs to zone {zone}, so nothing would be shut. See the zones: foyer campus show": (
        "园区中没有门属于区域 {zone}，因此什么也不会关闭。查看区域：foyer campus show"
    ),
    "Zone {zone} is under lockdown already, since {since}, by {by}. Release it first, to order it otherwise: foyer lockdown "
    "release {zone}": "区域 {zone} 自 {since} 起已由 {by} 封控。如需另行下令，请先解除：foyer lockdown release {zone}",
    "Nothing of this kind holds for zone {zone}. See what does: foyer lockdown list": (
        "区域 {zone} 当前没有此类状况。查看现有状况：foyer lockdown list"
    ),
    "{text} names no group. Write department:finance, kind:公务员, post:科长 or person:FX2026001; the departments are those "
    "of the campus file: foyer campus show": (
        "{text} 不是任何群组。请写作 department:finance、kind:公务员、post:科长 或 person:FX2026001；部门以园区文件为准：foyer "
        "campus show"
    ),
    "{count} groups are exempt, and at most {most} can be. Name a department in place of its people.": (
        "豁免群组有 {count} 个，最多 {most} 个。请以部门代替其人员。"
    ),
    "A panel that is shut this way cannot tell cards apart: for who is exempt the hub opens the door once they are denied, "
    "and only while the panel is in reach. Where it is not, they do not get in.": (
        "这样关闭的控制器无法区分卡：豁免者刷卡被拒后由系统开一次门，且仅在控制器可达时。控制器不可达时，他们进不去。"
    ),
    "Zone {zone} is under lockdown, and not all of its doors are proved shut. See which, and have somebody stand there: foyer "
    "lockdown list": "区域 {zone} 已封控，但并非所有门都已证实关闭。查看是哪些，并派人值守：foyer lockdown list",
    "The fire input of {target} was closed.": "{target} 的消防输入已闭合。",
    "Exempt from the lockdown {condition} of zone {zone}.": "属于区域 {zone} 封控 {condition} 的豁免人员。",
    "It is released for fire, which wins over a lockdown.": "该门已消防释放，消防优先于封控。",
    "A person whom security let in again after the backup: resume them again.": "备份之后由安保恢复的人：请再次恢复。",
    "A lockdown that was released after the backup: release it again.": "备份之后解除的封控：请再次解除。",
    "A release by fire that was ordered after the backup: order it again, if it burns.": (
        "备份之后下令的消防释放：如仍有火情，请再次下令。"
    ),
    # acts
    "Who opens a door from afar says why, in 1 to {most} characters, for the story to keep. Give a reason: --reason TEXT": (
        "远程开门须写明理由（1 至 {most} 个字符），以便存入记录链。请给出：--reason 文字"
    ),
    "Its gateway began it, and has not told what came of it: the door may have opened. It is not sent again; look at the "
    "door. What the gateway tells later is noted then.": (
        "网关已开始发送，但尚未报告结果：门可能已开。不会再次发送；请查看该门。网关之后报告的结果届时会记入。"
    ),
    "The panel was not reached in time, so nothing was sent. Order it again once the panel answers.": (
        "未能及时连上控制器，因此没有发送。请在控制器应答后重新下令。"
    ),
    "A fault of the gateway's own came between. It may have been done, and is not done again.": (
        "网关自身发生故障。可能已执行，不会再次执行。"
    ),
    # suspensions by security
    "Staff number {no} has no open stay, no active card and no record on any target: there is nothing to suspend. See what "
    "there was: foyer person show {no}": (
        "工号 {no} 没有有效的在岗期、没有在用的卡、设备上也没有记录：无可暂停。查看以往情况：foyer person show {no}"
    ),
    "{no} is suspended by security already, since {since}. See what is proved: foyer person certificates {no}": (
        "{no} 自 {since} 起已被安保暂停。查看证明：foyer person certificates {no}"
    ),
    "{no} is not suspended by security. A suspension by HR ends with HR's own notice; see: foyer person show {no}": (
        "{no} 未被安保暂停。人事的暂停以人事的通知结束；查看：foyer person show {no}"
    ),
    "Security has suspended this person: no card of theirs opens anything until they are resumed.": (
        "安保已暂停此人：恢复之前，其任何卡都打不开任何门。"
    ),
    "{no} is suspended by security, and {count} records are proved gone. Let them in again: foyer resume {no}": (
        "{no} 已被安保暂停，{count} 条记录证实已撤除。恢复通行：foyer resume {no}"
    ),
    "{no} is suspended by security; {exposed} of {count} records are not proved gone yet. Until then they could still open a "
    "door. Ask again: foyer person certificates {no}": (
        "{no} 已被安保暂停；{count} 条记录中 {exposed} 条尚未证实撤除，在此之前仍可能开门。再次查询：foyer person certificates {no}"
    ),
    "Suspended by security: no card opens anything. Let them in again: foyer resume {no}": (
        "已被安保暂停：任何卡都打不开门。恢复通行：foyer resume {no}"
    ),
    "It was lifted {at}, by {by}.": "已于 {at} 由 {by} 解除。",
    "{no} is no longer suspended by security: what they have opens again.": "{no} 不再被安保暂停：其权限重新生效。",
    # loans
    "A loan cannot end at {until}: its end must lie ahead, and at most {most} days. Correct --until.": (
        "借卡不能在 {until} 结束：须在将来，且最多 {most} 天。请更正 --until。"
    ),
    "{no} has card {number} on loan already. Have it returned first: foyer card return {number}": (
        "{no} 已借有卡 {number}。请先归还：foyer card return {number}"
    ),
    "Card {number} is in the hands of {no} already. Lend another one.": "卡 {number} 已在 {no} 手中。请借出另一张。",
    "{no} is suspended by security, and no card opens anything for them. Have security resume them first: foyer resume {no}": (
        "{no} 已被安保暂停，任何卡都不能为其开门。请先由安保恢复：foyer resume {no}"
    ),
    "Card {number} is not on loan. A card of one's own is reported lost, or replaced: foyer card --help": (
        "卡 {number} 不是借出的卡。本人的卡请挂失或更换：foyer card --help"
    ),
    "Card {number} is lent to {no} until {until}.": "卡 {number} 已借给 {no}，至 {until}。",
    "Card {number} is no longer on loan.": "卡 {number} 已归还。",
    # the command line
    "zones that are shut: order, release, list": "区域封控：下令、解除、列出",
    "zones that are released for fire: order, clear, list": "消防释放的区域：下令、清除、列出",
    "have no card of a person open anything, until they are resumed": "使某人的卡全部失效，直至恢复",
    "let somebody in again whom security suspended": "恢复被安保暂停的人",
    "shut every door of a zone, ahead of all other work": "优先关闭一个区域的所有门",
    "open every door of a zone, ahead of all other work": "优先打开一个区域的所有门",
    "have the doors of a zone be as they were": "使区域的门恢复原状",
    "a zone of the campus file": "园区文件中的区域",
    "a door of the campus file, such as a-1-east": "园区文件中的门，如 a-1-east",
    "who is let in all the same: department:ID, kind:KIND, post:POST or person:NO": (
        "仍可通行者：department:部门、kind:人员类别、post:职务 或 person:工号"
    ),
    "when it ends by itself, such as 2026-12-01T18:00; else by a release": "自行结束的时间，如 2026-12-01T18:00；否则由人解除",
    "wait until every door is proved": "等到每扇门都得到证实",
    "why, where there is time to say it": "理由，来得及时填写",
    "what is shut, and what is not proved yet": "封控情况及尚未证实的门",
    "what is released, and what is not proved yet": "释放情况及尚未证实的门",
    "open a door once, or not at all": "开门一次，或不开",
    "how long the order may wait for its panel; 10 if none": "指令等待控制器的秒数；不写为 10",
    "how many lines at most": "最多多少行",
    "lend a card for a set time; one's own rest meanwhile": "限时借出一张卡；本人的卡其间停用",
    "take a lent card back": "收回借出的卡",
    "the card that is lent": "借出的卡",
    "when the loan ends, such as 2026-12-01T18:00": "借用结束时间，如 2026-12-01T18:00",
    "leave their own cards in use, too": "本人的卡同时保持有效",
    "Zone {zone} is under lockdown, and all of its {count} doors are proved shut.": "区域 {zone} 已封控，{count} 扇门均已证实关闭。",
    "Zone {zone} is under lockdown; {exposed} of {count} doors are not proved shut yet. Ask again: foyer lockdown list": (
        "区域 {zone} 已封控；{count} 扇门中 {exposed} 扇尚未证实关闭。再次查询：foyer lockdown list"
    ),
    "Zone {zone} is as it was before: all of its {count} doors are proved.": "区域 {zone} 已恢复原状：{count} 扇门均已证实。",
    "Zone {zone} is to be as it was before; {exposed} of {count} doors are not proved yet. Ask again: foyer lockdown list": (
        "区域 {zone} 正在恢复原状；{count} 扇门中 {exposed} 扇尚未证实。再次查询：foyer lockdown list"
    ),
    "Zone {zone} is released for fire, and all of its {count} doors are proved open.": (
        "区域 {zone} 已消防释放，{count} 扇门均已证实打开。"
    ),
    "Zone {zone} is released for fire; {exposed} of {count} doors are not proved open yet. Send somebody to those, and ask "
    "again: foyer fire list": (
        "区域 {zone} 已消防释放；{count} 扇门中 {exposed} 扇尚未证实打开。请派人前往，并再次查询：foyer fire list"
    ),
    "Zone {zone} is no longer released: all of its {count} doors are proved as they are to be.": (
        "区域 {zone} 已结束释放：{count} 扇门均已证实为应有状态。"
    ),
    "Zone {zone} is no longer to be released; {exposed} of {count} doors are not proved yet. Ask again: foyer fire list": (
        "区域 {zone} 正在结束释放；{count} 扇门中 {exposed} 扇尚未证实。再次查询：foyer fire list"
    ),
    "No zone is under lockdown.": "没有区域处于封控。",
    "No zone is released for fire.": "没有区域处于消防释放。",
    "{zone}: since {since}, by {by}: {reason}": "{zone}：自 {since}，由 {by}：{reason}",
    "{zone}: from {since}, by {by}: {reason}; released {released}, by {released_by}": (
        "{zone}：自 {since}，由 {by}：{reason}；{released} 由 {released_by} 解除"
    ),
    "It ends by itself at {until}.": "将于 {until} 自行结束。",
    "Let in all the same: {groups}.": "仍可通行：{groups}。",
    "{door} was opened once.": "{door} 已开一次。",
    "{door} was not opened: {said}": "{door} 未打开：{said}",
    "Whether {door} was opened is not known: {said}": "{door} 是否打开不得而知：{said}",
    "{door} is still being opened. Ask again: foyer door acts": "{door} 仍在处理中。再次查询：foyer door acts",
    "{door} would be opened once, by {target}.": "{door} 将由 {target} 开一次。",
    # the story, on the status page
    "A door was opened from afar": "远程开门",
    "A door was not opened in time": "未及时开门",
    "A door is to be opened": "下令开门",
    "A door was not opened": "未能开门",
    "A door may have been opened": "门可能已开",
    "Card lent": "卡已借出",
    "Loan of a card is over": "借卡到期",
    "Lent card returned": "借卡归还",
    "Zone released for fire": "区域消防释放",
    "Zone under lockdown": "区域封控",
    "Zone as it was before": "区域恢复原状",
    "Resumed by security": "安保恢复",
    "Suspended by security": "安保暂停",
    # words of tables
    "out of reach since": "失联自",
    "act": "指令",
    "by": "由",
    "for": "为",
    "done": "已完成",
    "begun": "已发出",
    "expired": "已过期",
    "unknown": "不明",
    "lockdown": "封控",
    "loan": "借卡",
    "spare": "备用卡",
}
