"""Chinese twins: seats and flats."""

from __future__ import annotations

ZH_UNITS: dict[str, str] = {
    # the campus file
    "office": "办公室",
    "block of flats": "住房单元",
    # what is refused
    "This cannot be done. See: foyer {what} list": "无法执行。请查看：foyer {what} list",
    "{unit} has been given to staff number {holder}. Choose another; what is vacant: foyer {what} list --vacant": (
        "{unit} 已分配给工号 {holder}。请另选一个；查看空置的：foyer {what} list --vacant"
    ),
    "{unit} is closed ({reason}). Choose another, or open it first: foyer {what} open {unit}": (
        "{unit} 已停用（{reason}）。请另选一个，或先启用：foyer {what} open {unit}"
    ),
    "{unit} is not closed. What is closed: foyer {what} list": "{unit} 并未停用。查看停用的：foyer {what} list",
    "Staff number {no} has {unit} already. To give them another: foyer {what} move {no} UNIT": (
        "工号 {no} 已有 {unit}。如需更换：foyer {what} move {no} 编号"
    ),
    "Staff number {no} has nothing of the kind that could be taken, moved or given up. See: foyer {what} list": (
        "工号 {no} 没有可收回、调换或放弃的。请查看：foyer {what} list"
    ),
    "Staff number {no} has asked already, and waits or has got it. See: foyer {what} list": (
        "工号 {no} 已在申请，正在等待或已经分得。请查看：foyer {what} list"
    ),
    "No rule entitles staff number {no} to that just now. See which rules say what: foyer why {no}": (
        "目前没有规则使工号 {no} 享有此项。查看各规则的结论：foyer why {no}"
    ),
    "No flat is offered to staff number {no} just now. See: foyer flat offers": (
        "目前没有住房配给工号 {no}。请查看：foyer flat offers"
    ),
    "Staff numbers {no} and {other} must be two people who have one each. See: foyer {what} list": (
        "工号 {no} 与 {other} 应为各有其一的两个人。请查看：foyer {what} list"
    ),
    "The font for Chinese labels ({font}) is not on this machine, so no label was made. Install Debian's "
    "fonts-noto-cjk, or run scripts/system-packages run, and ask again.": (
        "本机没有中文标签所需的字体（{font}），未生成标签。请安装 Debian 软件包 fonts-noto-cjk，或运行 scripts/system-packages run，然后重试。"
    ),
    # the command line
    "seats: list, allot, move, swap, free, close, labels": "工位：列表、分配、调整、互换、收回、停用、标签",
    "flats: queue, offers, accept, decline, close": "住房：轮候、配给、接受、放弃、停用",
    "seats, and whose they are": "工位及其使用人",
    "only of this office; may stand several times": "仅此办公室；可多次给出",
    "only those that may be given now": "仅现在可分配的",
    "one seat, and whose it was": "一个工位及其历任使用人",
    "the seat's id, such as a-201-01": "工位编号，如 a-201-01",
    "give a seat to somebody who has none": "给尚无工位的人分配工位",
    "give somebody another seat in place of theirs": "为某人更换工位",
    "have two people change seats": "两人互换工位",
    "take a seat from somebody; they get none again by themselves": "收回某人的工位；此后不再自动分配",
    "have somebody whose seat was freed wait for one again": "让被收回工位的人重新等待分配",
    "the other's staff number": "另一人的工号",
    "have nobody given it from now on; who has it keeps it": "此后不再分配；现使用人保留",
    "let it be given again": "恢复分配",
    "labels with QR codes, as a PDF to print": "带二维码的标签，生成可打印的 PDF",
    "where to write it, such as labels.pdf": "写入的文件，如 labels.pdf",
    "where phones reach the hub, such as https://foyer.example": "手机访问本系统的地址，如 https://foyer.example",
    "No seat answers to that. See all of them: foyer seat list": "没有符合条件的工位。查看全部：foyer seat list",
    "only those whose holder works elsewhere by now": "仅使用人已调往别处的",
    "the seat's id; the vacant one nearest to where they work now, if none is named": (
        "工位编号；不给出时取离其现工作部门最近的空置工位"
    ),
    "works elsewhere": "现工作于",
    "Whoever works elsewhere by now gets a seat there by: foyer seat move NO": (
        "为已调往别处的人就近更换工位：foyer seat move 工号"
    ),
    "No seat is vacant for staff number {no}. Free or open one first, or have two people change: foyer {what} list": (
        "没有可供工号 {no} 使用的空置工位。请先收回或启用一个，或让两人互换：foyer {what} list"
    ),
    "{no} has the seat {unit}.": "{no} 的工位是 {unit}。",
    "{no} and {other} have changed seats.": "{no} 与 {other} 已互换工位。",
    "{unit} is taken from {no}.": "已从 {no} 收回 {unit}。",
    "{no} waits for a seat again, and is given one as soon as one is vacant.": "{no} 重新等待工位，有空置时即分配。",
    "The labels are in {path}. Print them at 100 %, and cut along the marks.": (
        "标签已写入 {path}。请按 100% 打印，沿裁切标记裁开。"
    ),
    "{unit} may be given again.": "{unit} 可以重新分配。",
    "{unit} is closed: {reason}": "{unit} 已停用：{reason}",
    "flats, and whose they are": "住房及其使用人",
    "only of this block; may stand several times": "仅此住房单元；可多次给出",
    "only those that may be offered now": "仅现在可配给的",
    "who waits, the first in the queue first": "轮候人员，按轮候次序",
    "what is offered, to whom and until when": "已配给的住房、对象及期限",
    "somebody accepts the flat that they are offered": "接受所配给的住房",
    "somebody declines it; they are offered none again by themselves": "放弃所配给的住房；此后不再自动配给",
    "somebody gives their flat back": "退还住房",
    "put somebody into the queue again who declined or gave theirs back": "让放弃或退还住房的人重新轮候",
    "the flat's id, such as h1-1-101": "住房编号，如 h1-1-101",
    "No flat answers to that. See all of them: foyer flat list": "没有符合条件的住房。查看全部：foyer flat list",
    "Nobody waits for a flat.": "无人轮候住房。",
    "No flat is offered to anybody.": "目前没有已配给的住房。",
    "{no} has the flat {unit}.": "{no} 的住房是 {unit}。",
    "{no} has declined {unit}.": "{no} 已放弃 {unit}。",
    "{no} is in the queue for a flat again.": "{no} 重新进入住房轮候。",
    "seat": "工位", "flat": "住房", "floor": "楼层", "tier": "户型", "points": "积分", "offers let pass": "逾期次数", "asked": "申请时间",
    "vacant": "空置", "offered": "已配给", "held": "使用中", "closed": "停用", "queued": "轮候", "waived": "已放弃",
    # the page that a label leads to
    "Office": "办公室", "Building": "楼", "floor {floor}": "{floor} 层", "Area": "办公区", "Department": "部门",
    "Whose seat": "使用人", "Nobody's: vacant": "空置", "No such label": "无效标签",
    "This address is on no label of this campus. Scan the label again, or ask the office-affairs desk for a new one.": (
        "本园区没有这张标签。请重新扫描，或向机关事务部门申请新标签。"
    ),
    # the story
    "Flat accepted": "接受住房", "Flat closed": "住房停用", "Flat declined": "放弃住房", "Flat given back": "退还住房",
    "Flat may be given again": "住房恢复配给", "Flat offered": "配给住房", "Label of a seat scanned": "扫描工位标签",
    "Moved to another seat": "调整工位", "Offer of a flat is over": "住房配给到期", "Offer of a flat taken back": "住房配给撤回",
    "Seat closed": "工位停用", "Seat given": "分配工位", "Seat given back": "工位收回", "Seat may be given again": "工位恢复分配",
    "Waits for a flat": "进入住房轮候", "Waits for a flat no longer": "退出住房轮候", "Waits for a seat": "等待工位",
    "Waits for a seat no longer": "不再等待工位",
}  # fmt: skip
