"""Chinese twins: HR files as offices send them."""

from __future__ import annotations

ZH_FILES: dict[str, str] = {
    # the file
    "{name} lacks the columns {headers}. Write them above the rows, or say in a mapping file what the office calls them; "
    "an empty file to fill in comes from: foyer hr template": (
        "{name} 缺少列：{headers}。请在各行上方写上，或在对照文件中说明本单位的叫法；空白模板可由此命令生成：foyer hr template"
    ),
    "{name} has two columns for {header}: {one} and {other}. Remove one of them, or pass one over by a mapping file.": (
        "{name} 有两列都是“{header}”：{one} 和 {other}。请删去其中一列，或用对照文件略过一列。"
    ),
    "{name} has no sheet called {sheet}. Correct the mapping: it has {titles}": (
        "{name} 没有名为“{sheet}”的工作表。请更正对照文件；该文件有：{titles}"
    ),
    "The sheet {sheet} is hidden in Excel and was passed over. Show it and send the file again if it counts.": (
        "工作表“{sheet}”在 Excel 中已隐藏，未读取。如需读取，请取消隐藏后重新导入。"
    ),
    "The sheet {sheet} is an example or notes by its name, and was passed over.": "工作表“{sheet}”按名称是示例或说明，已略过。",
    "The sheet {sheet} has no headers of a staff list and was passed over.": "工作表“{sheet}”没有人员表的表头，已略过。",
    "The sheet {sheet} lacks the columns {headers} and was passed over.": "工作表“{sheet}”缺少列：{headers}，已略过。",
    "The sheet {sheet} lacks the columns {headers}, so its rows are refused. Write them above the rows, or say in a "
    "mapping file what the office calls them.": (
        "工作表“{sheet}”缺少列：{headers}，其各行均被拒绝。请在各行上方写上，或在对照文件中说明本单位的叫法。"
    ),
    "The mapping speaks of the column {header}, which the file does not have.": "对照文件提到的列“{header}”在表中没有。",
    "Excel hides column {column} ({header}); it was read like the others.": "{column} 列（{header}）在 Excel 中已隐藏，仍照常读取。",
    # lines
    "Lines with totals were passed over: {lines}.": "已略过合计行：{lines}。",
    "Lines with notes were passed over: {lines}.": "已略过说明行：{lines}。",
    "Lines that repeat the headers were passed over: {lines}.": "已略过重复的表头行：{lines}。",
    "Lines that Excel hides were passed over: {lines}. Show them and send the file again if they count.": (
        "已略过 Excel 中隐藏的行：{lines}。如需读取，请取消隐藏后重新导入。"
    ),
    # cells
    "A formula stands here that Excel never worked out, or its text. Copy the column in Excel, paste it as values, and "
    "send the file again.": "此处是未经 Excel 计算的公式，或公式的文本。请在 Excel 中复制该列并“选择性粘贴为值”，再重新导入。",
    "Excel shows an error here, such as #N/A. Put the formula right, or type the value.": (
        "此处是 Excel 的错误值，如 #N/A。请改正公式，或直接填写。"
    ),
    "This date lacks a part, or can be read in several ways. Write year, month and day, the year with four digits and "
    "first: 2026-11-30.": "该日期不完整，或有多种读法。请写全年月日，四位年份在前，如 2026-11-30。",
    # the mapping
    "The mapping {name} has {count} faults; nothing was read. Correct them and send both files again.": (
        "对照文件 {name} 有 {count} 处错误，未读取任何内容。请更正后连同表格重新导入。"
    ),
    "line {line}, column {column}: {sentence}": "第 {line} 行第 {column} 列：{sentence}",
    "This is not UTF-8 text. Save the mapping as plain text in UTF-8.": "这不是 UTF-8 文本。请把对照文件存为 UTF-8 纯文本。",
    "The mapping has more than {limit} bytes. Leave out what the sheets do not hold.": (
        "对照文件超过 {limit} 字节。请删去表格中没有的内容。"
    ),
    "There are more than {limit} entries here. Leave out what the sheets do not hold.": (
        "此处超过 {limit} 项。请删去表格中没有的内容。"
    ),
    "One text must stand here. Write it on the line of its name, in quotes if need be.": (
        "此处应为一段文字。请写在名称同一行，必要时加引号。"
    ),
    "The mapping says nothing. Write columns:, values: or sheet: into it.": (
        "对照文件是空的。请写上 columns:、values: 或 sheet:。"
    ),
    # the command line
    "a YAML file: what the office calls columns, departments, kinds and areas": (
        "对照文件（YAML）：本单位对列、部门、人员类别和办公区的叫法"
    ),
    "{sheet}, line {line}": "{sheet}，第 {line} 行",
}
