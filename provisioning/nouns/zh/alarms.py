"""The Chinese twins of alarms, of the hooks at which they are told, and of queues."""

from __future__ import annotations

ZH_ALARMS: dict[str, str] = {
    "There are {most} hooks in force, and no more are kept. Remove one that nobody reads: foyer alarms hook list": (
        "已有 {most} 个告警推送地址，不再增加。请移除无人查看的地址：foyer alarms hook list"
    ),
    "Alarms are told at {place} already, by the hook {id}. Remove that one first, or name another address.": (
        "已由推送 {id} 向 {place} 发送告警。请先移除它，或改用其他地址。"
    ),
    (
        "This cannot be the address of a hook. Write https://NAME/PATH or http://NAME/PATH without a user, a password or a "
        "fragment, in at most {most} visible ASCII characters."
    ): (
        "这不能作为推送地址。请写成 https://主机/路径 或 http://主机/路径，不带用户名、密码和片段，最多 {most} 个可见 ASCII 字符。"
    ),
    (
        "The hub does not call {address}: it is the hub's own machine, its own link, or a cloud's service for machines. Name "
        "another place, or allow the address where the hub is started (FOYER_HOOK_NETWORKS)."
    ): (
        "系统不向 {address} 发送：它是本机、本地链路或云平台的元数据服务地址。请改用其他地址，或在启动系统处放行（FOYER_HOOK_NETWORKS）。"
    ),
    # what a place answers
    "Its name has no address. Check the name, and the name server that the hub's machine asks.": (
        "主机名没有对应的地址。请核对主机名，以及系统所在机器使用的域名服务器。"
    ),
    (
        "Its name leads to an address that the hub does not call: its own machine, its own link, or a cloud's service for "
        "machines. Name another place, or allow the address where the hub is started (FOYER_HOOK_NETWORKS)."
    ): (
        "主机名指向系统不予发送的地址：本机、本地链路或云平台的元数据服务。请改用其他地址，或在启动系统处放行（FOYER_HOOK_NETWORKS）。"
    ),
    "It does not answer. Check that it runs, and that the hub's machine may reach it.": (
        "对方没有应答。请确认其正在运行，且系统所在机器可以连到它。"
    ),
    "It took too long to answer. It should answer at once, and do its work afterwards.": (
        "对方应答过慢。对方应先立即应答，再处理消息。"
    ),
    "Its certificate is not one that the hub's machine trusts for that name. Renew it, or have its issuer trusted.": (
        "系统所在机器不信任该主机名的证书。请更换证书，或信任其签发机构。"
    ),
    "It does not answer by HTTP. Check the address and the port.": "对方不以 HTTP 应答。请核对地址和端口。",
    "It answered {status}, which says that it did not take the message. Look at its own log.": (
        "对方应答 {status}，表示未接收消息。请查看对方日志。"
    ),
    "It answered {status} and sends the hub elsewhere, which the hub does not follow. Name the place itself.": (
        "对方应答 {status}，要求转往别处，系统不予跟随。请直接填写最终地址。"
    ),
    "This is a test of the hook {hook}. Nothing has happened.": "这是对推送 {hook} 的测试，并无实际事件。",
    # alarms of this part
    (
        "Alarms can no longer be told at {place} (hook {hook}). They are shown here alone; see what it answers: foyer alarms "
        "hook list"
    ): "告警已无法发送到 {place}（推送 {hook}），目前只在本页显示。查看对方应答：foyer alarms hook list",
    (
        "{target} answers, but work for it has been waiting for more than {minutes} minutes. It may be slow, or be given "
        "more than it can take; see: foyer targets show {target}"
    ): "{target} 有应答，但其待办已等待超过 {minutes} 分钟。可能是设备过慢或任务过多。请查看：foyer targets show {target}",
    (
        "Work for targets has been waiting for more than {minutes} minutes without any gateway fetching it. Look whether the "
        "gateway runs, and into its log."
    ): "目标的待办已等待超过 {minutes} 分钟，没有网关领取。请确认网关正在运行，并查看其日志。",
    "The work that waits for targets has been growing for {minutes} minutes. Look which targets are slow: foyer targets": (
        "目标的待办已持续增长 {minutes} 分钟。请查看哪些目标过慢：foyer targets"
    ),
    "{name} is not written as it should be. Correct it where the hub is started; an example: {name}={example}": (
        "{name} 的写法不对。请在启动系统处改正，例如：{name}={example}"
    ),
    # the command line: words
    "only from this level up: 1 notice, 2 warning, 3 urgent": "仅此级别及以上：1 提示，2 警告，3 紧急",
    "only of this kind, such as drift or drift.foreign": "仅此类，例如 drift 或 drift.foreign",
    "only of this target": "仅此目标",
    "what you saw, for whoever reads it later": "所见情况，供以后查阅",
    "where alarms are told outside the hub: add, list, test, remove": "告警推送到系统之外：增加、列出、测试、移除",
    "the hooks, and how they fare": "各推送地址及其状况",
    "tell alarms at an address; its secret is shown once": "向某地址推送告警；密钥只显示一次",
    "https://… or http://…: where messages are posted": "https://… 或 http://…：接收消息的地址",
    "send one message now, and say what came of it": "立即发送一条测试消息并显示结果",
    "tell nothing there any more": "不再向该地址推送",
    "the hook's id": "推送的编号",
    # the command line: readings
    "being read since": "开始全量读取",
    "found so far": "已读到",
    # the command line: answers
    "1 notice": "1 提示",
    "2 warning": "2 警告",
    "3 urgent": "3 紧急",
    "hook": "推送",
    "from level": "起始级别",
    "last taken": "上次接收",
    "well": "正常",
    "failing": "失败",
    "not tried yet": "尚未发送",
    "Alarms are told nowhere else yet. Add a hook: foyer alarms hook add ADDRESS --level N": (
        "告警尚未推送到别处。请增加推送：foyer alarms hook add 地址 --level 级别"
    ),
    "{id} has failed since {since}, and is tried again at {due}:": "{id} 自 {since} 起失败，将于 {due} 重试：",
    "Alarms could be told at {url}.": "可以向 {url} 推送告警。",
    "Alarms are told at {url} from now on, by the hook {id}. Try it: foyer alarms hook test {id}": (
        "从现在起由推送 {id} 向 {url} 发送告警。请测试：foyer alarms hook test {id}"
    ),
    "The secret that signs them is shown only this once; hand it over safely:": "签名密钥只显示这一次，请妥善交付：",
    "The test was taken ({status}).": "对方已接收测试消息（{status}）。",
    "The test was not taken:": "对方未接收测试消息：",
    "Nothing is told there any more. Messages that were still waiting: {dropped}.": (
        "不再向该地址推送。其时尚有 {dropped} 条消息待发。"
    ),
}
