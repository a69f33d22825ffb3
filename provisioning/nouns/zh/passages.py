"""Chinese twins: passages, who is inside, and what somebody must look at among them."""

from __future__ import annotations

ZH_PASSAGES: dict[str, str] = {
    # alarms
    "{door} was forced open. Send somebody there; what happened before: foyer passages list --door {door}": (
        "{door} 被强行打开。请派人到场；此前的通行记录：foyer passages list --door {door}"
    ),
    "{door} stands open for too long. Send somebody to shut it.": "{door} 开启时间过长。请派人关门。",
    "The lid of {door} was lifted. Send somebody there, and read the panel again: foyer targets read {target}": (
        "{door} 的盖子被打开。请派人到场，并重新读取控制器：foyer targets read {target}"
    ),
    (
        "{target} tells of fire. Its doors are released; send somebody there, and see who is inside: foyer passages muster"
    ): "{target} 报告火警，其各门已释放。请派人到场，并查看谁在里面：foyer passages muster",
    "A card that was reported lost opened {door}. Send somebody there; see: foyer passages list --door {door}": (
        "已挂失的卡打开了 {door}。请派人到场；详见：foyer passages list --door {door}"
    ),
    "A card that was reported lost was shown at {door}, which stayed shut. Send somebody there, and take the card.": (
        "有人在 {door} 刷了已挂失的卡，门未打开。请派人到场并收回该卡。"
    ),
    (
        "Somebody whose rights were revoked was let in at {door}, which had not been told yet. Send somebody there, and see"
        " whether the panel answers: foyer targets show {target}"
    ): "权限已被撤销的人从 {door} 进入，该门尚未得到通知。请派人到场，并查看控制器是否应答：foyer targets show {target}",
    "Somebody whose rights were revoked showed a card at {door}, which stayed shut. Find out what they want there.": (
        "权限已被撤销的人在 {door} 刷卡，门未打开。请查明来意。"
    ),
    (
        "Somebody whose rights are suspended was let in at {door}, which had not been told yet. Send somebody there, and see"
        " whether the panel answers: foyer targets show {target}"
    ): "权限已被暂停的人从 {door} 进入，该门尚未得到通知。请派人到场，并查看控制器是否应答：foyer targets show {target}",
    "Somebody whose rights are suspended showed a card at {door}, which stayed shut. Find out what they want there.": (
        "权限已被暂停的人在 {door} 刷卡，门未打开。请查明来意。"
    ),
    (
        "A card that is in nobody's hands any more opened {door}. Find who has it, and see whether the panel answers: foyer"
        " targets show {target}"
    ): "已不在任何人名下的卡打开了 {door}。请查明卡在谁手里，并查看控制器是否应答：foyer targets show {target}",
    (
        "A card that nobody was ever given opened {door}. Send somebody there, and read the panel again: foyer targets read"
        " {target}"
    ): "从未发给任何人的卡打开了 {door}。请派人到场，并重新读取控制器：foyer targets read {target}",
    (
        "{target} has lost {count} of its passages, from number {first} on: it keeps so many, and they were not fetched in"
        " time. What happened at its doors then is not known; look into why the hub or the line was away so long."
    ): (
        "{target} 丢失了 {count} 条通行记录，自第 {first} 条起：设备容量有限，未能及时取回。"
        "这段时间门上发生的事情无从得知；请查明系统或线路为何中断这么久。"
    ),
    (
        "{target} began its passages anew: those after number {last} are lost, and nobody knows how many they were. Find out"
        " who reset it or took its power."
    ): "{target} 的通行记录重新开始：第 {last} 条之后的已丢失，数量不明。请查明是谁复位或断电。",
    (
        "Somebody at {address} reports passages as panel {serial}, which is not in the campus file with that address. None of"
        " it counts. Find the device, or correct the campus file."
    ): "{address} 以控制器 {serial} 的身份上报通行，但园区文件中没有这一组合。其内容一律不计。请找到该设备，或改正园区文件。",
    (
        "Passages cannot be heard at {listen}: {why}. They are fetched from time to time until then; stop who uses the port,"
        " or name another in the campus file."
    ): "无法在 {listen} 接收通行事件：{why}。在此之前改为定时取回；请停止占用该端口的程序，或在园区文件中另指定一个。",
    # answers
    "{text} is no page of passages. Take the `next` of the page before as it is.": (
        "{text} 不是通行记录的页标记。请原样使用上一页的 next。"
    ),
    # the command line
    "passages: list them, see who is inside, forgive": "通行：列出记录、查看谁在里面、清除在内状态",
    "passages by person, by door, by time; the newest first": "按人员、门、时间列出通行记录，最新在前",
    "only those at this door, by its id in the campus file": "只看这扇门（园区文件中的编号）",
    "from this time on, at the campus's clock: 2026-11-30T14:00": "从这一时间起（园区时间）：2026-11-30T14:00",
    "up to this time": "到这一时间为止",
    "only cards that were turned away": "只看被拒绝的刷卡",
    "so many at most (50)": "最多显示几条（50）",
    "go on where the page before ended": "接着上一页",
    "who is inside, by what doors told": "按门的记录，谁在里面",
    "only this site": "只看这个区域",
    "only this zone": "只看这个门区",
    "whoever came in earlier is not counted (24)": "更早进入的不计（24 小时）",
    "have the muster forget where somebody is": "清除某人的在内状态",
    "No passages.": "没有通行记录。",
    "There are more: add --after {page}": "还有更多，请加上 --after {page}",
    "Inside at {at}, by what doors told since {since}: {count}.": "{at} 在内人数（按 {since} 以来的门记录）：{count}。",
    (
        "Nobody was seen leaving by {doors}: whoever left there still counts as inside. Forget one of them: foyer"
        " passages forgive NO"
    ): "{doors} 没有记录到任何人离开：从那里离开的人仍算在内。清除其中一人：foyer passages forgive NO",
    "What happened at {targets} may be missing: they cannot be reached.": "{targets} 无法连接，其记录可能缺失。",
    "{no} counts as outside until a door tells that they came in again.": "{no} 现在算作在外，直到门再次记录其进入。",
    "when": "时间",
    "way": "方向",
    "in": "进",
    "out": "出",
    "came in by": "进入的门",
    # kinds and reasons
    "passed": "通过",
    "denied": "拒绝",
    "forced": "强行打开",
    "button": "按钮",
    "fire": "火警",
    "tamper": "拆盖",
    "started": "启动",
    "mode": "模式",
    "other": "其他",
    "left to the hub": "由系统决定",
    "no right": "无权限",
    "wrong PIN": "密码错误",
    "anti-passback": "反潜回",
    "more cards needed": "需要更多卡",
    "first card missing": "首卡未刷",
    "door held shut": "门被锁定",
    "interlock": "互锁",
    "not at this time": "不在时段内",
    "unknown card": "未知卡",
    "opened": "开门",
    "shut": "关门",
    "passcode": "通行密码",
    "power on": "上电",
    "reset": "复位",
    "button off": "按钮停用",
    "held open": "开启过久",
    "fire input": "火警输入",
    "lid open": "盖子打开",
    "opened by order": "按指令打开",
}
