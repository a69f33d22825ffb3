"""Chinese twins: the full campus."""

from __future__ import annotations

ZH_SITES: dict[str, str] = {
    "how many people an empty house begins with (200 newcomers; 2000 in place on a large campus)": (
        "空系统首次导入的人数（小园区 200 名新到人员；大园区 2000 名在岗人员）"
    ),
    "how many batches of arrivals to play at this start, of 400 (10 on a large campus, else 0)": (
        "本次启动演示的到岗批次数，共 400 批（大园区 10 批，否则 0）"
    ),
    "Importing the {count} people in place, who do not exist: the opening load, which no Hold stops.": (
        "正在导入 {count} 名虚构的在岗人员：首次导入，不设待核。"
    ),
    "All batches were played before.": "所有批次均已演示过。",
    "Batches of arrivals taken": "已导入的到岗批次",
    "{batches} batches handed in: {new} arrivals taken, {held} held, {refused} refused; batches left: {left}.": (
        "已提交 {batches} 批：{new} 人已接收，{held} 人待核，{refused} 人被拒；剩余批次：{left}。"
    ),
    "Large changes that wait for a second person: {count} (people: {people}). Let one be approved by another operator than"
    " the first:": "有 {count} 项大额变更待第二人核准（涉及 {people} 人）。请由首位操作员以外的人核准：",
}
