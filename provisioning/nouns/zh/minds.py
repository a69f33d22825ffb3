"""Chinese twins: holds and previews."""

from __future__ import annotations

ZH_MINDS: dict[str, str] = {
    "A large change waits for a second person: {kind} {name}, by {by}. Look at it, then approve or refuse it: foyer hold "
    "show {hold}": "有一项较大变更（{kind:word} {name}，由 {by} 提出）正等待第二人审核。请先查看，再批准或驳回：foyer hold show {hold}",
    "Hold {hold} was approved already, by {by}. See the others: foyer hold list": (
        "待核 {hold} 已由 {by} 批准。查看其他待核：foyer hold list"
    ),
    "Hold {hold} was turned down already, by {by}. See the others: foyer hold list": (
        "待核 {hold} 已由 {by} 驳回。查看其他待核：foyer hold list"
    ),
    "{name} proposed what waits as hold {hold}, and nobody approves their own proposal. Ask another operator.": "待核 {hold} "
    "正是 {name} 提出的，任何人不得批准自己提出的变更。请由另一位操作员审核。",
    "To refuse a hold takes a reason of 1 to {most} characters, for the story and for whoever proposed it. Give one: "
    "--reason TEXT": "驳回待核须写明理由（1 至 {most} 个字），留作记录并告知提出人。请补上：--reason 理由",
    # sheets
    "Too many people would gain or lose within a day: this row would wait for a second person.": (
        "一天之内涉及的人数过多：此行须等待第二人审核。"
    ),
    "Too many people gain or lose within a day: this row waits for a second person as hold {hold}.": (
        "一天之内涉及的人数过多：此行已列入待核 {hold}，等待第二人审核。"
    ),
    "This very row waits for a second person already, as hold {hold}.": "此行早已列入待核 {hold}，正等待第二人审核。",
    "This very row was refused with hold {hold} and changes nothing. If it is right after all, send it in another file.": (
        "此行已随待核 {hold} 被驳回，不作任何更改。若确属无误，请用另一份文件重新报送。"
    ),
    # plans
    "Another proposal took its place.": "已被另一项提议取代。",
    "What hold {hold} would do has changed since it was shown, so nothing was done. Now {more} people would gain and "
    "{less} lose. Look at it again: foyer hold show {hold}; and approve it if it is still right.": (
        "待核 {hold} 的影响自上次展示后已有变化，因此未执行。现在将有 {more} 人增加权限、{less} 人失去权限。请重新查看："
        "foyer hold show {hold}；确认无误后再批准。"
    ),
    "{what}: now {now}, shown before {before}": "{what}：现为 {now}，先前所示为 {before}",
    # the command line
    "large changes that wait for a second person: list, show, approve, refuse": "等待第二人审核的较大变更：列表、查看、批准、驳回",
    "what waits": "待核列表",
    "those that were decided, too": "包括已有结论的",
    "what one would do now": "某项待核现在会产生的影响",
    "the hold's id": "待核编号",
    "carry out what waits": "批准并执行",
    "have nothing come of it": "驳回，不予执行",
    "why, for whoever proposed it and for the story": "理由，告知提出人并留作记录",
    "Nothing waits for a second person.": "没有等待第二人审核的变更。",
    "Hold {id} ({kind}, {state}): {name}, proposed by {by} at {at}.": "待核 {id}（{kind}，{state}）：{name}，由 {by} 于 {at} 提出。",
    "Refused by {by}: {reason}": "由 {by} 驳回：{reason}",
    "To decide: foyer hold approve {id}, or: foyer hold refuse {id} --reason TEXT": (
        "审核请运行：foyer hold approve {id}，或：foyer hold refuse {id} --reason 理由"
    ),
    "Hold {id} is approved and carried out.": "待核 {id} 已批准并执行。",
    "Hold {id} is refused; nothing of it takes effect.": "待核 {id} 已驳回，不产生任何影响。",
    "By staff number, the first {count} (+ gains, - loses):": "按工号排列的前 {count} 人（+ 增加，- 失去）：",
    "Rights from today on: {gaining} people gain some, {losing} lose some.": (
        "自今日起，{gaining} 人增加权限，{losing} 人失去权限。"
    ),
    "So large a change takes two: it waits for a second person as hold {hold}. That person runs: foyer hold show {hold}": (
        "变更较大，须两人办理：已列为待核 {hold}，等待第二人审核。审核人请运行：foyer hold show {hold}"
    ),
    "So large a change takes two: it would wait for a second person.": "变更较大，须两人办理：届时将等待第二人审核。",
    "{held} rows would wait for a second person: so large a change takes two.": (
        "{held} 行届时将等待第二人审核：变更较大，须两人办理。"
    ),
    "{held} rows wait for a second person already. See: foyer hold list": "{held} 行早已在等待第二人审核。查看：foyer hold list",
    "{held} rows wait for a second person, for so large a change takes two. That person runs: foyer hold show {hold}": (
        "{held} 行等待第二人审核：变更较大，须两人办理。审核人请运行：foyer hold show {hold}"
    ),
    "Notices of {count} people took effect.": "{count} 人的通知已生效。",
    "Points are counted otherwise.": "积分规则有变化。",
    "gain": "增加",
    "lose": "失去",
    "proposed by": "提出人",
    "decided by": "审核人",
    "line": "行",
    "notice": "通知",
    "effect": "影响",
    "changes": "变更内容",
    "notices": "人事通知",
    "rules": "规则",
    "approved": "已批准",
    "turned down": "已驳回",
    "waits": "待审核",
    "hold": "待核",
    "in hold": "待核行数",
    # the status page
    "large changes waiting for a second person": "项较大变更等待第二人审核",
    "Large change approved": "较大变更已批准",
    "A waiting change would do something else now": "待核变更的影响已有变化",
    "A large change waits for a second person": "较大变更等待第二人审核",
    "Large change refused": "较大变更已驳回",
}
