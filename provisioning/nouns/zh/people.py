"""The Chinese twins of what campus, identity and intake say."""

from __future__ import annotations

ZH_PEOPLE: dict[str, str] = {
    # identity numbers
    "An identity number has 17 digits and then a digit or X; this has not. Copy it again from the identity card.": (
        "身份证号应为 17 位数字加一位数字或 X，此处不符。请对照身份证重新填写。"
    ),
    "This identity number begins with no region of the country. Copy it again from the identity card.": (
        "该身份证号的地区码不存在。请对照身份证重新填写。"
    ),
    "The digits 7 to 14 of this identity number are no possible birth date. Copy it again from the identity card.": (
        "该身份证号第 7 至 14 位不是可能的出生日期。请对照身份证重新填写。"
    ),
    "The last character of this identity number does not fit the others: one of them is mistyped. Copy it again "
    "from the identity card.": "该身份证号的校验码与其余各位不符，有一位填错。请对照身份证重新填写。",
    # cards
    "{number} is no card number: it must be a whole number from 1 to 4294967294. Read it off the card again.": (
        "{number} 不是卡号：应为 1 至 4294967294 的整数。请对照卡面重新填写。"
    ),
    "Card {number} is in the hands of staff number {holder}. Give another card, or first report that one lost: "
    "foyer card lost {number}": "卡 {number} 由工号 {holder} 持有。请换一张卡，或先挂失：foyer card lost {number}",
    "Card {number} belonged to somebody else and is not yet proved gone from {targets}: it could still open doors "
    "for them. Give another card, or wait until those targets have been read; look with: foyer targets": (
        "卡 {number} 曾属他人，尚未证实已从 {targets} 清除，仍可能被其用来开门。请换一张卡，或等这些设备读回后再发；查看：foyer targets"
    ),
    "The card would end at {closes}, before it begins at {opens}. Give it an end that is later.": (
        "该卡的结束时间 {closes} 早于开始时间 {opens}。请填写更晚的结束时间。"
    ),
    # persons and stays
    "This identity number is on file under staff number {other}. Write that staff number, or correct the identity "
    "number.": "该身份证号已登记在工号 {other} 名下。请改用该工号，或更正身份证号。",
    "Staff number {no} is on file with another identity number. Give the newcomer a staff number of their own, or "
    "correct the identity number.": "工号 {no} 已登记了另一身份证号。请给新人员单独的工号，或更正身份证号。",
    "Staff number {no} is on file with another name, and no identity number shows that it is the same person. "
    "Correct the staff number; or, where the name has changed, first bring in the old name with the identity "
    "number.": "工号 {no} 登记的是另一姓名，且没有身份证号证明是同一人。请更正工号；若确为改名，请先用原姓名连同身份证号导入一次。",
    "This overlaps the stay from {arrival} to {departure}. First report an earlier last day for that stay; or, where it is "
    "the same stay, give its arrival date here.": (
        "与 {arrival} 至 {departure} 的在岗期重叠。请先报送该在岗期提前的离岗日期；若是同一在岗期，请在此填写其到岗日期。"
    ),
    "The stay from {arrival} was revoked on {day}; nothing of it opens again. Where the person is to come back, "
    "write an arrival date after {after}.": (
        "{arrival} 开始的在岗期已于 {day} 撤销，不会重新开通。若其重新到岗，请填写 {after} 之后的到岗日期。"
    ),
    "This person holds card {held}, not {number}. If the card was changed, run: foyer card replace {held} {number}": (
        "此人持有的是卡 {held}，不是 {number}。若已换卡，请运行：foyer card replace {held} {number}"
    ),
    "Card {number} was reported lost by this person. If it was found, run: foyer card assign {no} {number}; else "
    "leave the card out.": (
        "卡 {number} 已由此人挂失。若已找回，请运行：foyer card assign {no} {number}；否则请不要填写卡号。"
    ),
    "This very row was taken before; what was done since then stands.": "此行以前已导入；其后的变更仍然有效。",
    "This stay was revoked on {day} and stays so.": "该在岗期已于 {day} 撤销，保持撤销。",
    "An earlier stay of this person was revoked on {day}; this row begins a new one.": (
        "此人以前的在岗期已于 {day} 撤销；此行开始新的在岗期。"
    ),
    "Card {number} was taken from this person before and stays so.": "卡 {number} 以前已从此人收回，保持收回。",
    # sheets
    "{name} has more than {limit} MB: no staff list is that large. Split it, and leave pictures out.": (
        "{name} 超过 {limit} MB，人员表不会这么大。请拆分，并去掉图片。"
    ),
    "{name} is neither an Excel workbook (.xlsx) nor CSV text. Open it in Excel, save it as .xlsx, and send that.": (
        "{name} 既不是 Excel 工作簿（.xlsx）也不是 CSV 文本。请用 Excel 打开并另存为 .xlsx 后再导入。"
    ),
    "{name} is an old .xls workbook, or one with a password. Save it in Excel as .xlsx without a password, and send "
    "that.": "{name} 是旧版 .xls 工作簿，或设有密码。请用 Excel 另存为不带密码的 .xlsx 后再导入。",
    "{name} unpacks to far more than a staff list holds. Copy its rows into the file that this command writes: "
    "foyer hr template": "{name} 解压后远大于人员表应有的大小。请把各行复制到此命令生成的文件中：foyer hr template",
    "{name} has more than {limit} rows. Split it into several files.": "{name} 超过 {limit} 行。请拆成几个文件。",
    "{name} has no rows below its headers. Fill in at least one and send it again.": (
        "{name} 的表头下没有任何行。请至少填写一行后再导入。"
    ),
    "Column {column} ({header}) is not known and was passed over.": "{column} 列（{header}）不认识，已略过。",
    "Column {column} ({header}): {sentence}": "{column} 列（{header}）：{sentence}",
    # rows
    "This must not be blank. Fill it in.": "此项不能为空。请填写。",
    "This has more than {limit} characters, or some that cannot be printed. Shorten it, or type it again.": (
        "此项超过 {limit} 个字符，或含有无法显示的字符。请缩短或重新输入。"
    ),
    "A staff number has at most {limit} letters, digits, dots and hyphens, with no spaces. Correct it.": (
        "工号最多 {limit} 个字母、数字、点或连字符，不含空格。请更正。"
    ),
    'A name has at most {limit} letters, and between them only a space, a hyphen or "·". Type it again.': (
        "姓名最多 {limit} 个字，其间只能有空格、连字符或“·”。请重新输入。"
    ),
    "This is no date. Write it as 2026-11-30, or give the cell Excel's date format.": (
        "这不是日期。请写成 2026-11-30 的形式，或将单元格设为日期格式。"
    ),
    "This is no telephone number. Write a mobile number of 11 digits, or a landline such as 0312-5620000.": (
        "这不是电话号码。请填写 11 位手机号，或 0312-5620000 形式的座机号。"
    ),
    "Excel keeps this identity number as a number and has lost its last digits. Give the column the format Text and "
    "type the number again.": "Excel 把该身份证号存成了数值，末几位已丢失。请将该列设为文本格式后重新输入。",
    "This is no card number. Write the digits on the card, from 1 to 4294967294, in a cell with the format Text.": (
        "这不是卡号。请在文本格式的单元格中填写卡面数字，范围 1 至 4294967294。"
    ),
    "The campus has no department of this name. Write one of those that it has: {known}": (
        "园区没有这个部门。请填写已有的部门：{known}"
    ),
    "The campus has no office area of this name. Write one of those that it has: {known}": (
        "园区没有这个办公区。请填写已有的办公区：{known}"
    ),
    "The last day in post lies before the arrival. Correct whichever of the two is wrong.": (
        "离岗日期早于到岗日期。请更正其中填错的一个。"
    ),
    "This arrival is more than {ahead} years ahead or {back} years back: most likely a typing mistake. Correct the "
    "year.": "到岗日期在 {ahead} 年以后或 {back} 年以前，多半是填错。请更正年份。",
    "Line {other} says something else of the same staff number. Keep one of the two rows, or correct the staff "
    "number.": "第 {other} 行的工号相同而内容不同。请只保留一行，或更正工号。",
    "Line {other} gives the same card to somebody else. Correct whichever of the two is wrong.": (
        "第 {other} 行把同一张卡给了别人。请更正其中填错的一行。"
    ),
    "Line {other} gives the same identity number under another staff number. Correct whichever of the two is wrong.": (
        "第 {other} 行的身份证号相同而工号不同。请更正其中填错的一行。"
    ),
    "This row says the same as line {other}.": "此行与第 {other} 行相同。",
    # the campus
    "No campus is in force yet. Apply one: foyer campus apply FILE": "尚未启用园区文件。请先启用：foyer campus apply FILE",
    "This file is of the campus {found}, but {present} is in force here. Give each campus its own --data folder.": (
        "此文件属于园区 {found}，而这里启用的是 {present}。请为每个园区用 --data 指定各自的数据目录。"
    ),
    "The campus file {name} has {count} faults; nothing of it was taken. Correct them and send it again.": (
        "园区文件 {name} 有 {count} 处错误，未采用任何内容。请更正后再提交。"
    ),
    "The {what} {id} ({name}) is added.": "新增{what} {id}（{name}）。",
    "The {what} {id} ({name}) is removed.": "移除{what} {id}（{name}）。",
    "The {what} {id} ({name}) changes: {fields}.": "变更{what} {id}（{name}）：{fields}。",
    "campus": "园区",
    "site": "片区",
    "department": "部门",
    "office area": "办公区",
    "zone": "区域",
    "target": "目标",
    "door": "门",
}
