"""The Chinese twins of what commands answer: sentences, headers of tables, words of the API, refusals."""

from __future__ import annotations

ZH_ANSWERS: dict[str, str] = {
    # refusals of the command line
    "The command could not be carried out.": "命令未能执行。",
    "No hub answers at {url}. Start one with `foyer run` or `foyer serve`, or say where it is with --url.": (
        "{url} 没有系统应答。请用 `foyer run` 或 `foyer serve` 启动，或用 --url 指明地址。"
    ),
    "The hub at {url} stopped answering before it was done. See whether it still runs, then ask again what became of "
    "it.": "{url} 的系统在完成前停止了应答。请检查它是否仍在运行，再查询结果。",
    "What answers at {url} is not a Foyer hub (status {status}). Check --url and the port.": (
        "{url} 应答的不是本系统（状态 {status}）。请核对 --url 和端口。"
    ),
    "{url} is no address of a hub. Write it like http://127.0.0.1:8000.": "{url} 不是系统地址。写法如 http://127.0.0.1:8000。",
    "The hub refused, and said why.": "系统拒绝并说明了原因。",
    "{path} cannot be read ({why}). Check the path.": "无法读取 {path}（{why}）。请核对路径。",
    "{path} cannot be written ({why}). Choose another place, or free it first.": (
        "无法写入 {path}（{why}）。请换一个位置，或先腾出来。"
    ),
    "No operator's token was found: not in --token, --token-file, FOYER_TOKEN, nor as operator.token under {folder}. "
    "Name the hub's data folder with --data, or ask who runs the hub for a token.": (
        "找不到操作员令牌：--token、--token-file、FOYER_TOKEN 和 {folder} 下的 operator.token 都没有。"
        "请用 --data 指明数据目录，或向系统管理员索取令牌。"
    ),
    "{folder} holds tokens of more than one campus ({names}). Say which with --data {folder}/NAME.": (
        "{folder} 下有多个园区的令牌（{names}）。请用 --data {folder}/名称 指明。"
    ),
    "{why}": "{why}",
    "{path} asks for no emulated target. Give at least one of its targets a line such as: emulate: {example}": (
        "{path} 中没有要模拟的目标。请至少给一个目标加上一行，如：emulate: {example}"
    ),
    "The emulated panel of door {door} does not answer at {control} ({why}). Start it: foyer run, or foyer emulate.": (
        "门 {door} 的模拟控制器在 {control} 没有应答（{why}）。请启动：foyer run 或 foyer emulate。"
    ),
    "Port {port} on {host} is in use by another program. Stop that one, or choose another port: --port {other}": (
        "{host} 的端口 {port} 已被其他程序占用。请停止该程序，或换一个端口：--port {other}"
    ),
    "The hub cannot listen on {host}:{port} ({why}). Choose another --host or --port.": (
        "无法监听 {host}:{port}（{why}）。请换一个 --host 或 --port。"
    ),
    "No hub lives under {folder} yet. Name its campus: foyer serve --campus FILE (small is one that ships).": (
        "{folder} 下还没有系统。请指明园区：foyer serve --campus 文件（自带 small）。"
    ),
    "More than one hub lives under {folder} ({names}). Say which with --data {folder}/NAME.": (
        "{folder} 下有多个系统（{names}）。请用 --data {folder}/名称 指明。"
    ),
    # HR
    "Written: {path}. Fill it in, then: foyer hr preview {path}": "已写出 {path}。填好后运行：foyer hr preview {path}",
    "No sheet was taken yet. Start with: foyer hr template newcomers.xlsx": "尚未导入任何表。请从这里开始：foyer hr template newcomers.xlsx",
    "{new} new, {changed} changed, {same} the same; {refused} refused.": "新增 {new}，变更 {changed}，不变 {same}；拒绝 {refused}。",
    "It would bring {new} new, {changed} changed, {same} the same; {refused} refused.": (
        "将会新增 {new}，变更 {changed}，不变 {same}；拒绝 {refused}。"
    ),
    "Watch it: foyer readiness --batch {batch} --watch": "查看进度：foyer readiness --batch {batch} --watch",
    "line {line}": "第 {line} 行",
    "… and {count} more lines; --json shows all.": "…… 还有 {count} 行；--json 显示全部。",
    "… and {count} more; --json shows all.": "…… 还有 {count} 条；--json 显示全部。",
    # people and cards
    "Nobody found. Bring people in with: foyer hr import FILE": "没有找到人员。导入人员：foyer hr import 文件",
    "There are more: foyer person list --after {no}": "还有更多：foyer person list --after {no}",
    "identity number {id}, phone {phone}": "身份证号 {id}，手机 {phone}",
    "{no} was never revoked.": "{no} 从未被撤销。",
    "Card {number} is in the hands of {no}.": "卡 {number} 已发给 {no}。",
    "Card {number} is reported lost.": "卡 {number} 已挂失。",
    "Card {number} takes the place of {old}.": "卡 {number} 已替换 {old}。",
    "Grants: {grants_gained} opened, {grants_lost} ended. Records: {records_written} to write, {records_erased} to "
    "erase, on {targets} targets.": (
        "授权：新开 {grants_gained}，终止 {grants_lost}。记录：待写 {records_written}，待撤 {records_erased}，涉及 {targets} 个目标。"
    ),
    "Dry run: nothing was changed.": "演练：未作任何改动。",
    "{no} has no stay, so no rule speaks of them.": "{no} 没有在岗期，因此没有规则适用。",
    "{department}, {kind}, {arrival} to {departure}: {state}": "{department}，{kind}，{arrival} 至 {departure}：{state}",
    "  No rule speaks of this to anybody by that name. What rules speak of: foyer rules show": (
        "  没有规则以此名称授予任何人。规则涉及的内容：foyer rules show"
    ),
    "  This stay is over: nothing of what rules say below is granted.": "  该在岗期已结束：以下规则所述均不授予。",
    "only this: zone:north-public, a door such as a-1-east, flat:one-room": (
        "只看此项：如 zone:north-public、门 a-1-east、flat:one-room"
    ),
    "to come": "待到岗",
    "in place": "在岗",
    "ended on {day}": "已于 {day} 结束",
    "revoked on {day}": "已于 {day} 撤销",
    "cancelled on {day}": "已于 {day} 取消",
    # readiness and revocation
    "{percent} % proved ready: {proved} of {all} needs (people: {people}).": (
        "已证实就绪 {percent} %：{all} 项需求中的 {proved} 项（人员 {people}）。"
    ),
    "Nothing is due on the panels yet (people: {people}).": "控制器上暂无到期的需求（人员 {people}）。",
    "Proved on the panels": "控制器上已证实",
    "{no} is revoked, and {count} records are proved gone.": "{no} 已撤销，{count} 条记录证实已撤除。",
    "{no} is revoked; {exposed} of {count} records are not proved gone yet. Until then they could still open a door. "
    "Ask again: foyer person certificates {no}": (
        "{no} 已撤销；{count} 条记录中有 {exposed} 条尚未证实撤除，在此之前仍可能开门。再次查询：foyer person certificates {no}"
    ),
    "Certificate {id}, by {operator}.": "证明 {id}，操作员 {operator}。",
    "{count} records of {no} would be taken away:": "将撤除 {no} 的 {count} 条记录：",
    # targets, drift, alarms
    "There are no targets yet. Apply a campus: foyer campus apply FILE": "还没有目标。请应用园区文件：foyer campus apply 文件",
    "{id} is read as soon as a gateway is free. See what it showed: foyer drift": "网关空闲后即读取 {id}。查看结果：foyer drift",
    "{count} targets are read now. See what they showed: foyer drift": "正在读取 {count} 个目标。查看结果：foyer drift",
    "No drift: every target held what was proved there.": "没有偏差：各目标与证实的一致。",
    "No open alarms.": "没有未确认告警。",
    "Alarm {id} is acknowledged by {by}.": "告警 {id} 已由 {by} 确认。",
    # campus, rules, story, operators
    "It changes nothing.": "没有变化。",
    "Rule {id} is added.": "新增规则 {id}。",
    "Rule {id} is removed.": "删除规则 {id}。",
    "Rule {id} changes.": "规则 {id} 变更。",
    "{count} events written. Check them anywhere: foyer audit check {path}": "已写出 {count} 个事件。可在任何地方检查：foyer audit check {path}",
    "Event {event} is proved. Check it anywhere: foyer audit check {path}": "事件 {event} 已证明。可在任何地方检查：foyer audit check {path}",
    "{name} would be an operator.": "{name} 将成为操作员。",
    "{name} is an operator now. The token is shown only this once; hand it over safely:": (
        "{name} 已是操作员。令牌只显示这一次，请妥善交付："
    ),
    "{name} is no operator any more; the token opens nothing.": "{name} 已停用，令牌失效。",
    # doors that are swiped
    "Door {door} opens for card {card}.": "门 {door} 为卡 {card} 打开。",
    "Door {door} stays shut for card {card}: {why}.": "门 {door} 对卡 {card} 不开：{why}。",
    "the card may pass": "允许通行",
    "the card has no right here, or not today": "此卡在此无权限，或今天无效",
    "the door is held shut": "此门常闭",
    "not today, or not at this time of day": "今天无效，或不在允许的时段",
    "the panel does not know this card": "控制器不认识此卡",
    "the panel's reason {reason}": "控制器原因码 {reason}",
    # run and serve
    "The first operator's token stands in {path}.": "首个操作员的令牌在 {path}。",
    "The hub serves at {url}. Ctrl-C stops it.": "系统已在 {url} 运行。按 Ctrl-C 停止。",
    "{name} differs from the campus in force, which stays. See how: foyer campus preview FILE": (
        "{name} 与现行园区不同，现行园区保持不变。查看差异：foyer campus preview 文件"
    ),
    "Stopped.": "已停止。",
    "{count} devices are emulated. Ctrl-C stops them.": "已模拟 {count} 台设备。按 Ctrl-C 停止。",
    "{count} emulated panels with {doors} doors answer.": "{count} 台模拟控制器（{doors} 扇门）已应答。",
    "Going on where it stopped: {name} was taken before.": "接续上次：{name} 已导入。",
    "Importing a sample HR sheet of {count} people who do not exist.": "导入示例人事表：{count} 名虚构人员。",
    "First card proved on a panel {seconds} s after the start.": "启动 {seconds} 秒后，首张卡在控制器上证实。",
    "{count} more needs wait for their day.": "另有 {count} 项需求等待生效日。",
    "Something is still outstanding; see where: foyer targets": "仍有待办；查看：foyer targets",
    "Status page (this link opens it once): {url}": "状态页（此链接只能用一次）：{url}",
    "API and its documentation: {url}": "接口及文档：{url}",
    "In another terminal, try:": "在另一个终端里试试：",
    "Ctrl-C stops it; the next start goes on from here.": "按 Ctrl-C 停止；下次启动从这里继续。",
    # headers and words of the API
    "active": "在用", "actor": "操作者", "address": "地址", "altered": "被改动", "area": "办公区", "arrival": "到岗", "at": "时间",
    "auditor": "审计", "building": "楼", "cancelled": "已取消", "card": "卡", "cards": "卡", "changed": "变更", "condition": "条件",
    "control port": "控制端口", "data": "数据", "departure": "离岗", "ended": "已终止", "exposed": "敞口",
    "exposed until": "敞口至", "foreign": "外来", "from": "起", "grants": "授权", "hr": "人事", "kind": "类别", "last read": "上次读取",
    "last seen": "上次应答", "lost": "挂失", "missing": "缺失", "name": "名称", "new": "新增", "no": "否",
    "not reachable since": "不可达自", "open": "在岗", "owing": "待办", "post": "职务", "proved": "已证实",
    "proved gone": "证实已撤除", "put right": "已纠正", "receipt": "回执", "record": "记录", "records": "记录",
    "resource": "资源", "revoked": "已撤销", "roles": "角色", "rule": "规则", "same": "不变", "security": "安全", "seen": "发现",
    "sent": "已下发", "serial": "序列号", "since or why": "时间或原因", "state": "状态", "superseded": "由他人授权取代", "system": "系统",
    "taken": "导入", "title": "标题", "until": "止", "waiting": "等待", "wanted": "待下发", "why": "原因", "yes": "是",
}  # fmt: skip
