"""The Chinese twins of what the API and the status page say."""

from __future__ import annotations

ZH_WEB: dict[str, str] = {
    # the API's own refusals
    "This needs an operator's token, and none was given. Send it as: Authorization: Bearer TOKEN": (
        "此操作需要操作员令牌，但请求中没有。请这样发送：Authorization: Bearer 令牌"
    ),
    "The hub has nothing at {path}. /docs lists what it has.": "系统没有 {path}。可用的接口见 /docs。",
    "{path} does not take {method}. /docs lists what it takes.": "{path} 不接受 {method}。可用的方法见 /docs。",
    "More was sent than the hub takes at once. Split the file; the largest body is {limit_mb} MB.": (
        "一次发送的内容过大。请拆分文件；单次上限为 {limit_mb} MB。"
    ),
    "The hub could not read this request. /docs shows how it should look.": "系统读不懂这一请求。正确的格式见 /docs。",
    "{field}: {fault}": "{field}：{fault}",
    "Something in the hub is broken, and this was not done. Tell whoever runs the hub this number: {id}.": (
        "系统内部出错，本次操作未执行。请把此编号告诉系统管理员：{id}。"
    ),
    "Readiness is asked of one person, one batch, or one day. Give one of person, batch and day, or none for today.": (
        "就绪情况一次只能查一个人、一个批次或一天。请只给 person、batch、day 之一；都不给则查今天。"
    ),
    # fields of a request
    "it is missing; give it.": "缺少此项；请填写。",
    "it must be a whole number.": "必须是整数。",
    "it must be at least {ge}.": "不得小于 {ge}。",
    "it must be more than {gt}.": "必须大于 {gt}。",
    "it must be at most {le}.": "不得大于 {le}。",
    "it must be text.": "必须是文本。",
    "it must have at least {min_length} characters.": "至少 {min_length} 个字符。",
    "it must have at most {max_length} characters.": "最多 {max_length} 个字符。",
    "it must have at least {min_length} entries.": "至少 {min_length} 项。",
    "it must have at most {max_length} entries.": "最多 {max_length} 项。",
    "it must be true or false.": "必须是 true 或 false。",
    "it must be a date such as 2026-03-01.": "必须是日期，如 2026-03-01。",
    "it must be one of {expected}.": "必须是下列之一：{expected}。",
    "it is not valid JSON.": "不是有效的 JSON。",
    "the hub knows no such field; leave it out.": "系统没有这一字段；请去掉。",
    "it is not written as it should be; /docs shows how.": "格式不对；正确的格式见 /docs。",
    # the console's refusals
    "This form was sent from another page than the hub's own, so nothing was done. Open the hub's page and send it "
    "there.": "此表单来自本系统以外的页面，因此未执行。请打开本系统的页面后再提交。",
    "Too many pages are open to be kept fresh. Close some, or reload this one now and then.": (
        "打开的页面过多，无法全部实时刷新。请关闭一些，或不时手动刷新本页。"
    ),
    "Nobody has entered here, or the time is over. Open the status page and enter again.": (
        "尚未登录，或登录已过期。请打开状态页重新登录。"
    ),
    "This link was used already, or is older than ten minutes. Enter with a token, or ask for another link.": (
        "此链接已用过，或已超过十分钟。请用令牌登录，或另取一个链接。"
    ),
    # the status page
    "API documentation": "接口文档",
    "At": "时间",
    "By": "操作者",
    "Enter": "进入",
    "Enter with an operator's token. The first one stands in operator.token in the hub's data folder.": (
        "请用操作员令牌登录。第一个令牌在数据目录的 operator.token 文件中。"
    ),
    "Last events": "最近事件",
    "Last read in full": "上次全量读取",
    "Leave": "退出",
    "Nothing is wanted on the targets yet. Bring people in with: foyer hr import FILE": (
        "各目标上暂无应有记录。导入人员：foyer hr import 文件"
    ),
    "Open alarms": "未确认告警",
    "Owing": "待办",
    "Readiness": "就绪",
    "Records": "记录",
    "Staff number": "工号",
    "State": "状态",
    "Target": "目标",
    "Targets": "目标",
    "The hub does not answer; this page shows what it said last.": "系统没有应答；本页显示的是最后收到的内容。",
    "Token": "令牌",
    "What": "内容",
    "on the way": "下发中",
    "people": "人员",
    "records proved": "已证实记录",
    "refused": "被拒绝",
    "since": "自",
    "targets within reach": "可达目标",
    "to be taken away": "待撤除",
    "left the campus": "已移出园区",
    "not reachable": "不可达",
    "… and {count} more, which are well. All of them: foyer targets": "……另有 {count} 台正常。全部列出：foyer targets",
    "not seen yet": "尚未连上",
    "reachable": "可达",
    # kinds of event
    "Alarm acknowledged": "告警已确认",
    "Alarm raised": "发出告警",
    "HR sheet taken": "人事表已导入",
    "Campus file applied": "园区文件已应用",
    "Card given": "发卡",
    "Card reported lost": "卡已挂失",
    "Card replaced": "换卡",
    "Drift: a record was altered": "偏差：记录被改动",
    "Drift: a foreign record was found": "偏差：发现外来记录",
    "Drift: a record was missing": "偏差：记录缺失",
    "Rights decided": "权限判定",
    "Operator added": "新增操作员",
    "Operator ended": "操作员停用",
    "Operator came in": "操作员登录",
    "A token was refused": "令牌被拒绝",
    "Everything revoked": "全部撤销",
    "Proved gone": "证实已撤除",
    "Proved there": "证实已下发",
    "Refused by the target": "目标拒绝",
    "Rules applied": "规则已应用",
    "Stay announced": "新的在岗期",
    "Stay changed": "在岗期变更",
    "Another device answers": "换了设备应答",
    "Target is back": "目标恢复",
    "Reading asked for": "要求全量读取",
    "Target out of reach": "目标不可达",
    # what a refusal or an alarm may speak of
    "The story can no longer be signed: {why}": "记录链已无法签名：{why}",
    "alarm": "告警",
    "batch": "批次",
    "card in use": "在用的卡",
    "checkpoint": "检查点",
    "event": "事件",
    "file": "文件",
    "operator": "操作员",
    "person": "人员",
    "revocation": "撤销",
}
