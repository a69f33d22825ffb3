"""The Chinese twins of what is said of gateways of their own."""

from __future__ import annotations

ZH_GATEWAYS: dict[str, str] = {
    # who they are
    "There is or was a gateway {name} already, and a name is never given twice. Choose another name.": (
        "已有或曾有名为 {name} 的网关，名称不可重复使用。请另取一个名称。"
    ),
    "{name} cannot be a gateway's name. Use 1 to 64 letters, digits, dots, hyphens or underscores, and begin with a letter "
    "or a digit.": "{name} 不能用作网关名称。请用 1 至 64 个字母、数字、点、连字符或下划线，并以字母或数字开头。",
    "This is no code of a gateway of this hub. Take the code as it was shown, whole; a new one: foyer gateway add NAME": (
        "这不是本系统网关的注册码。请完整照抄所显示的注册码；另取一个：foyer gateway add 名称"
    ),
    "This code was used already, and enrols nobody a second time. Somebody may have taken it: see when, and which gateway, "
    "by foyer gateway list. A new one: foyer gateway add NAME": (
        "此注册码已用过，不能再次注册。可能被他人取用：请用 foyer gateway list 查看何时、哪个网关使用。"
        "另取一个：foyer gateway add 名称"
    ),
    "This code held until {until}, and enrols nobody any more. A new one: foyer gateway add NAME": (
        "此注册码有效期至 {until}，已不能注册。另取一个：foyer gateway add 名称"
    ),
    "The credential of gateway {name} was revoked by {by} on {at}. It enrols anew with a new code, if a system "
    "administrator gives one: foyer gateway add NAME": (
        "网关 {name} 的凭据已由 {by} 于 {at} 吊销。如系统管理员发给新注册码，可重新注册：foyer gateway add 名称"
    ),
    "Gateway {name} is not heard from. It goes on by what it has until its term is over, and what is taken away meanwhile "
    "reaches none of its targets. Look at its machine and at its line to the hub.": (
        "网关 {name} 失去联系。它将按已有内容工作至任期结束，其间收回的权限到不了它的任何目标。请检查其主机及到系统的线路。"
    ),
    "Its gateway is not heard from. Look at the gateway's machine and at its line to the hub.": (
        "其网关失去联系。请检查网关主机及其到系统的线路。"
    ),
    # their calls
    "Somebody at {origin} calls as gateway {name}, and does not have its key. Nothing of it counts. Find out who it is; "
    "where the key may be in other hands: foyer gateway revoke {name}": (
        "{origin} 处有人冒用网关 {name} 的名义呼叫，但没有其密钥。一概不予采信。请查明来源；若密钥可能已落入他人之手："
        "foyer gateway revoke {name}"
    ),
    "Gateway {name} was revoked, and still calls, from {origin}. Nothing of it counts. Find the machine, and hand over what "
    "it had: foyer gateway list": (
        "网关 {name} 已被吊销，但仍从 {origin} 呼叫。一概不予采信。请找到该主机，并移交其原有目标：foyer gateway list"
    ),
    "A gateway that this hub does not know calls from {origin}. It may have been enrolled after the backup that was put "
    "back: then it works its doors until its term is over, and is told of nothing that is taken away. Find it; enrol it "
    "anew by a new code, or unplug it: foyer gateway add NAME": (
        "{origin} 处有本系统不认识的网关在呼叫。它可能是在所恢复的备份之后注册的：若是如此，它会继续管门直至任期结束，"
        "其间收回的权限一概不会告知它。请找到它，用新注册码重新注册，或拔掉：foyer gateway add 名称"
    ),
    "This call bears no token of a gateway of this hub, or another key signed it. Look whether the gateway's data folder is "
    "its own; it enrols anew by a new code: foyer gateway add NAME": (
        "此次呼叫没有本系统网关的令牌，或由另一密钥签署。请检查网关的数据目录是否为其自身所有；可用新注册码重新注册："
        "foyer gateway add 名称"
    ),
    "This hub knows no such gateway: it is another hub, or one whose backup is older than the gateway. Enrol anew by a new "
    "code: foyer gateway add NAME": (
        "本系统没有这个网关：可能是另一套系统，或恢复了早于该网关的备份。请用新注册码重新注册：foyer gateway add 名称"
    ),
    "The clock of this gateway is {seconds} s off the hub's, which shows {now}. Set it, best by NTP; then the gateway goes "
    "on by itself.": "此网关的时钟与系统相差 {seconds} 秒，系统时间为 {now}。请校准（最好用 NTP），之后网关会自行继续。",
    "This call was made already, and counts once. A gateway signs each call anew; see who repeats what it says.": (
        "此次呼叫已经用过，只算一次。网关每次呼叫都重新签名；请查明是谁在重复它的话。"
    ),
    "This call was signed before the hub was started, at {started}, so nobody knows whether it was made already. The gateway "
    "calls anew by itself; where that takes longer than a few seconds, set its clock, best by NTP.": (
        "此次呼叫在系统启动（{started}）之前签名，无从得知是否已经用过。网关会自行重新呼叫；若超过数秒仍如此，请校准其时钟（最好用 NTP）。"
    ),
    "This gateway calls too often: more than {most} times within {seconds} s. It goes on by itself after a while. If this "
    "stays, see what else uses its data folder.": (
        "此网关呼叫过于频繁：{seconds} 秒内超过 {most} 次。稍后会自行继续。若一直如此，请查看还有什么在使用它的数据目录。"
    ),
    "Somebody at {origin} repeats a call that gateway {name} has made. Nothing of it counts. Find out who hears what the "
    "gateway says; where that may have gone on for long, give it another key: foyer gateway revoke {name}": (
        "有人在 {origin} 重复网关 {name} 已作出的呼叫，一概不予采信。请查明谁能听到网关所说的话；若可能已持续很久，请更换其密钥："
        "foyer gateway revoke {name}"
    ),
    "Too many gateways listen to this hub for changes ({most}). They go on by asking for their lists; start another hub for "
    "some of them.": "监听本系统变更的网关过多（{most}）。它们仍可定期取列表；请为其中一部分另启一套系统。",
    # what they have
    "{target} is another gateway's by now, or was set anew since. Ask for the list again.": (
        "{target} 现已归另一网关，或其后已重新配置。请重新取列表。"
    ),
    "Gateway {name} cannot be given anything: it was never enrolled, or was revoked. See: foyer gateway list": (
        "不能把目标交给网关 {name}：它从未注册，或已被吊销。请看：foyer gateway list"
    ),
    "Gateway {name} was heard from {seconds} s ago, so it is not unplugged. Unplug it and wait {wait} s, or wait until it "
    "has let go by itself.": "网关 {name} 在 {seconds} 秒前仍有联系，并未断电。请断开后等待 {wait} 秒，或等它自行放手。",
    "Gateway {name} has nothing that is being handed over. Say first who is to have it: foyer gateway hand WHAT --to ID": (
        "网关 {name} 没有正在移交的目标。请先指明移交给谁：foyer gateway hand 目标 --to 网关"
    ),
    "{name} has attested this already. It takes two people: now another one runs foyer gateway attest": (
        "{name} 已经证明过。需要两个人：现在请另一人运行 foyer gateway attest"
    ),
    "target, building, site or gateway with targets": "目标、楼宇、场所或有目标的网关",
    # the hub's own certificate
    "HTTPS takes both a certificate and its key. Give --tls-cert FILE and --tls-key FILE, or neither.": (
        "HTTPS 需要证书及其私钥。请同时给出 --tls-cert 文件 和 --tls-key 文件，或都不给。"
    ),
    "The certificate {cert} and the key {key} cannot be used ({why}). Both are PEM files that the hub may read, and the key "
    "is that of the first certificate and has no password.": (
        "证书 {cert} 与私钥 {key} 无法使用（{why}）。两者须为系统可读的 PEM 文件，私钥对应第一张证书且没有口令。"
    ),
    "The certificate {path} cannot be used ({why}). Name a file in PEM that the hub may read, with its key beside it: "
    "--tls-cert FILE --tls-key FILE": (
        "证书 {path} 无法使用（{why}）。请给出系统可读的 PEM 文件，并附上其私钥：--tls-cert 文件 --tls-key 文件"
    ),
    "FOYER_CA names {path}, which holds no certificate that can be used ({why}). Name a PEM file of whoever issued the hub's "
    "certificate, or the certificate itself.": (
        "FOYER_CA 指定的 {path} 中没有可用的证书（{why}）。请给出系统证书签发者的 PEM 文件，或证书本身。"
    ),
    "the hub's certificate (PEM), to serve by HTTPS": "系统的证书（PEM），用于以 HTTPS 提供服务",
    "the certificate's key (PEM)": "证书的私钥（PEM）",
    # the command line
    "gateways at other sites: add, list, revoke, hand over; or be one": "其他场所的网关：添加、列出、吊销、移交；或充当网关",
    "be a gateway of the hub at this address, in this process": "本进程充当此地址系统的网关",
    "all gateways, and what they have": "所有网关及其目标",
    "add a gateway, and show the code by which it enrols once": "添加一个网关，并显示一次性注册码",
    "what it is to be called, such as its site": "名称，如所在场所",
    "refuse whatever a gateway says from now on": "从现在起拒绝某网关的一切呼叫",
    "its name or id": "名称或编号",
    "have targets worked by another gateway": "把目标移交给另一网关",
    "a target, a building, a site, or a gateway with all that it has": "一个目标、一栋楼宇、一个场所，或一个网关及其全部目标",
    "who gets them: its name or id; embedded: the hub's own": "移交给谁：名称或编号；embedded：系统自带网关",
    "say that a gateway is unplugged; it takes two people": "证明某网关已断开；需要两个人",
    "There is no gateway but the hub's own. Add one: foyer gateway add NAME": (
        "除系统自带网关外没有其他网关。添加一个：foyer gateway add 名称"
    ),
    "Gateway {name} would be added.": "将添加网关 {name}。",
    "Gateway {name} is added. Its code, shown this once and good until {until}:": (
        "已添加网关 {name}。其注册码只显示这一次，有效期至 {until}："
    ),
    "At the site: foyer gateway --hub URL --code CODE": "在现场运行：foyer gateway --hub 网址 --code 注册码",
    "Gateway {name} is revoked: nothing that it says counts any more.": "网关 {name} 已吊销：其呼叫一概不再采信。",
    "Gateway {name} would be revoked: nothing that it says would count any more.": (
        "网关 {name} 将被吊销：其呼叫将一概不再采信。"
    ),
    "It may still work {targets} until its term is over. Hand them over: foyer gateway hand {name} --to GATEWAY": (
        "在任期结束前，它仍可能操作 {targets}。请移交：foyer gateway hand {name} --to 网关"
    ),
    "Who has them is told to let go. Until then, or until its term is over, nobody else works them.": (
        "已通知现持有者放手。在其放手或任期结束之前，其他网关不会操作它们。"
    ),
    "Attested by {by}. It takes one more: foyer gateway attest {name}": (
        "{by} 已证明。还需一人：foyer gateway attest {name}"
    ),
    "Attested by two people: what was to be handed over from {name} is the other's now.": (
        "已有两人证明：待从 {name} 移交的目标现已归另一网关。"
    ),
    "gateway": "网关",
    "last heard": "最近联系",
    "targets": "目标数",
    "leaving": "移出中",
    "coming": "移入中",
    "being handed to": "正在移交给",
    "its gateway's term": "网关任期至",
    "heard": "在线",
    "silent": "失联",
    "awaited": "待注册",
    # the story
    "Gateway added": "添加了网关",
    "Gateway was not unplugged after all": "网关其实并未断开",
    "Gateway said to be unplugged": "有人证明网关已断开",
    "Gateway is back": "网关恢复联系",
    "Gateway enrolled": "网关已注册",
    "Target is another gateway's": "目标已归另一网关",
    "Target is being handed over": "目标正在移交",
    "A gateway's call was refused": "拒绝了一次网关呼叫",
    "Gateway revoked": "网关已吊销",
    "Gateway is not heard from": "网关失去联系",
}
