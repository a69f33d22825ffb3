"""The Chinese twins of what serial doors say: in the campus file, by their readers' keys, and at the command line."""

from __future__ import annotations

ZH_LINES: dict[str, str] = {
    # the campus file
    "{found} is no path of a line.": "{found} 不是串行线的路径。",
    "Write that of its adapter, such as /dev/serial/by-id/usb-1, or one below the data folder: lines/a-1.": (
        "请写适配器的路径，如 /dev/serial/by-id/usb-1，或数据目录下的路径：lines/a-1。"
    ),
    "An emulated line cannot stand at {found}.": "模拟的串行线不能位于 {found}。",
    "Give it a path below the data folder, such as lines/a-1; or take `emulate` away, where the line is real.": (
        "请给它数据目录下的路径，如 lines/a-1；若线路是真实的，请去掉 `emulate`。"
    ),
    "Two readers of this line have the address {found}.": "此线上有两个读卡器的地址都是 {found}。",
    "Give each its own, here and in the reader itself: they would answer at once.": (
        "请在此处和读卡器本身各给一个不同的地址：否则它们会同时应答。"
    ),
    "{field} cannot be {found}.": "{field} 不能是 {found}。",
    "Write one of: {expected}.": "请写其中之一：{expected}。",
    # pairing
    "Who pairs a reader says why, in 1 to {most} characters, for the story to keep. Give a reason: --reason TEXT": (
        "配对读卡器须写明理由（1 至 {most} 个字符），以便存入记录链。请给出：--reason 文字"
    ),
    "Door {door} has no such reader on a serial line, so there is nothing to pair. See its target {target}: foyer campus "
    "show": "门 {door} 在串行线上没有这样的读卡器，无可配对。查看其目标 {target}：foyer campus show",
    "Its gateway began to send the key, and has not told what came of it: the reader may have it or not. See whether it "
    "answers; where it does not, put it into install mode and pair it again. What the gateway tells later is noted then.": (
        "网关已开始发送密钥，但尚未报告结果：读卡器可能已有密钥，也可能没有。请看它是否应答；若不应答，请将其置于安装模式后重新配对。"
        "网关之后报告的结果届时会记入。"
    ),
    "Its gateway did not come to it in time, so nothing was sent. Order it again once the gateway runs.": (
        "网关未能及时处理，因此没有发送。请在网关运行后重新下令。"
    ),
    "A reader was given its key": "读卡器已配对",
    "A reader was not given its key in time": "读卡器未及时配对",
    "A reader is to be given its key": "下令配对读卡器",
    "A reader was not given its key": "读卡器未能配对",
    "A reader may have been given its key": "读卡器可能已配对",
    # the command line
    "not proved yet": "尚未证实",
    "{count} emulated readers were given keys of their own.": "{count} 个模拟读卡器已各自配对。",
    "Card {card} opened door {door} on serial line {line}: its gateway decided, {ms} ms after the swipe.": (
        "卡 {card} 打开了串行线 {line} 上的门 {door}；由网关判定，距刷卡 {ms} 毫秒。"
    ),
    "Card {card} did not open door {door} on its serial line. See: foyer targets": (
        "卡 {card} 未能打开串行线上的门 {door}。查看：foyer targets"
    ),
    "Emulated serial lines below {folder}: {count}, with {doors} doors.": (
        "{folder} 下的模拟串行线：{count} 条，{doors} 扇门。"
    ),
    "The emulated line of door {door} does not answer at {control} ({why}). Start it: foyer run, or foyer emulate.": (
        "门 {door} 的模拟串行线在 {control} 没有应答（{why}）。请启动：foyer run 或 foyer emulate。"
    ),
    "Door {door} hangs on a serial line, which has no fire input. Release its zone instead: foyer fire order ZONE": (
        "门 {door} 在串行线上，没有消防输入。请改为释放其区域：foyer fire order 区域"
    ),
    "at the reader by which people leave": "在出门一侧的读卡器",
    "its gateway does not let the card in": "网关不放行此卡",
    "nobody answered at the reader; see how its line fares: foyer targets": "读卡器没有回应；查看线路状况：foyer targets",
    "Door {door} is broken open.": "门 {door} 被强行打开。",
    "The lid of the reader of door {door} is lifted.": "门 {door} 的读卡器盖子被打开。",
    "The lid of the reader of door {door} is closed.": "门 {door} 的读卡器盖子已合上。",
    "The campus has no door {door} on an emulated panel or line. It has: {doors}.": (
        "园区中没有位于模拟控制器或串行线上的门 {door}。现有：{doors}。"
    ),
    "below which folder serial lines stand (the hub's data folder)": "串行线所在的目录（默认为系统的数据目录）",
    "open a door once from afar, give a reader its key; what was done so": "远程开门一次；给读卡器配对；查看记录",
    "give a reader on a serial line its key; it must be in install mode": "给串行线上的读卡器配对；读卡器须处于安装模式",
    "a door of a serial line in the campus file, such as a-3-stacks": "园区文件中串行线上的门，如 a-3-stacks",
    "the reader by which people leave": "出门一侧的读卡器",
    "how long the order may wait for its gateway; 10 if none": "指令等待网关的秒数；不写为 10",
    "what was done to doors from afar, the latest first": "对门的远程操作，最近的在前",
    "Nothing was done to a door from afar.": "没有对门做过远程操作。",
    "opening": "开门",
    "pairing": "配对",
    "The reader of {door} has its key, and speaks by it alone.": "门 {door} 的读卡器已有密钥，此后只用该密钥通信。",
    "The reader of {door} was not given a key: {said}": "门 {door} 的读卡器未配对：{said}",
    "Whether the reader of {door} has its key is not known: {said}": "门 {door} 的读卡器是否已配对不得而知：{said}",
    "The reader of {door} is still being given its key. Ask again: foyer door acts": (
        "门 {door} 的读卡器仍在配对中。再次查询：foyer door acts"
    ),
    "The reader of {door} would be given a key of its own, by {target}.": "门 {door} 的读卡器将由 {target} 配发密钥。",
}
