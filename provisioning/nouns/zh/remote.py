"""The Chinese twins of what a gateway by itself says: its line to the hub, its key, what it keeps."""

from __future__ import annotations

ZH_REMOTE: dict[str, str] = {
    (
        "The gateway cannot keep its work in {path} ({cause}). Let the account that runs it own the folder, and look whether"
        " the disk works."
    ): "网关无法把工作保存到 {path}（{cause}）。请让运行它的账户拥有该目录，并检查磁盘是否正常。",
    (
        "There is no room left on the disk of {path}. Until there is, the gateway only takes rights away: free some space."
    ): "{path} 所在磁盘已满。腾出空间之前，网关只收回权限。请清理磁盘。",
    "The hub cannot be asked just now.": "目前无法询问系统。",
    (
        "The hub at {url} does not answer ({why}). Check the address, the network, and that the hub runs. It is tried again."
    ): "位于 {url} 的系统没有应答（{why}）。请检查地址、网络以及系统是否在运行。网关会重试。",
    "The hub at {url} answers that it cannot serve ({why}). Look at its own log. It is tried again.": (
        "位于 {url} 的系统表示暂时无法服务（{why}）。请查看系统日志。网关会重试。"
    ),
    (
        "What answers at {url} is not a hub that this gateway understands ({why}). Check the address, and that both run"
        " versions that go together."
    ): "{url} 处应答的不是本网关能识别的系统（{why}）。请核对地址，并确认双方版本相配。",
    (
        "The certificate at {url} is not the hub's ({why}). Somebody may stand between: compare its fingerprint with the"
        " hub's own. If the hub was given another, enrol this gateway anew, or name its issuer with --ca FILE."
    ): (
        "{url} 的证书不是系统的证书（{why}）。可能有人居间：请与系统自身的证书指纹核对。如系统已更换证书，请重新注册本网关，"
        "或用 --ca FILE 指定其签发者。"
    ),
    "The hub does not take this gateway's word: {why}": "系统不接受本网关的请求：{why}",
    "The hub cannot take this message: {why}": "系统无法接收此消息：{why}",
    "The target of this message is another gateway's by now: {why}": "此消息的目标已属于另一网关：{why}",
    (
        "{url} is neither https nor on this machine. Write https://NAME:PORT: what a gateway says must not be read on the"
        " way."
    ): "{url} 既不是 https，也不在本机。请写成 `https://名称:端口`：网关所说的内容不得在途中被读取。",
    (
        "Another gateway already works in {folder} (process {pid}). Stop it first, or give this one its own --data folder."
    ): "另一网关已在 {folder} 工作（进程 {pid}）。请先停止它，或用 --data 为本网关指定单独的目录。",
    (
        "The gateway cannot use its folder {folder} ({cause}). Let the account that runs it own the folder, or name another"
        " with --data."
    ): "网关无法使用其目录 {folder}（{cause}）。请让运行它的账户拥有该目录，或用 --data 指定另一目录。",
    (
        "Others on this machine may read {path}. Look whether anybody did; then have this gateway's credential revoked at"
        " the hub, delete that file, and enrol anew. What else lies in {folder} is still needed: the keys of readers are"
        " only there."
    ): (
        "本机其他用户可以读取 {path}。请查明是否有人读过；然后在系统中吊销本网关的凭据，删除该文件并重新注册。"
        "{folder} 中的其他文件仍需保留：读卡器的密钥只在那里。"
    ),
    (
        "{path} does not hold what a gateway writes there. Delete that file, and enrol anew with a new code. What else lies"
        " in {folder} is still needed: the keys of readers are only there."
    ): (
        "{path} 的内容不是网关所写。请删除该文件，并用新的注册码重新注册。{folder} 中的其他文件仍需保留：读卡器的密钥只在那里。"
    ),
    (
        "No gateway is enrolled in {folder}. Ask at the hub for a one-time code (foyer gateway add NAME) and name it here:"
        " foyer gateway --hub {url} --code CODE"
    ): (
        "{folder} 中尚未注册网关。请在系统取得一次性注册码（foyer gateway add NAME），并在此使用："
        "foyer gateway --hub {url} --code CODE"
    ),
    (
        "The gateway in {folder} is enrolled at {known}, not at {url}. Name that address, or give another hub its own --data"
        " folder."
    ): "{folder} 中的网关注册于 {known}，而不是 {url}。请使用该地址，或用 --data 为另一系统指定单独的目录。",
    "The hub at {url} did not enrol this gateway: {why}": "位于 {url} 的系统没有注册本网关：{why}",
    (
        "{path} holds no certificate that can be used ({cause}). Name a PEM file of whoever issued the hub's certificate."
    ): "{path} 中没有可用的证书（{cause}）。请指定系统证书签发者的 PEM 文件。",
    "The hub has told nothing of this site yet, so no device can be spoken to.": (
        "系统尚未告知本站点的任何情况，因此无法与设备通信。"
    ),
    (
        "Another device answers there, or one that lost its memory, and only the hub can say what it is to hold. It is asked"
        " as soon as it can be reached."
    ): "应答的是另一台设备，或丢失了记忆的设备；只有系统知道它应保存什么。一旦能联系到系统就会询问。",
    (
        "Its gateway asked the hub whether it may still be done, and had no answer: so nothing was sent. Order it again once"
        " the gateway is in touch with the hub."
    ): "网关曾询问系统是否仍可执行，但没有得到应答：因此没有发送。请在网关与系统恢复联系后重新下令。",
    "It is not written as codes are. Copy the whole of it.": "其写法不是注册码。请完整复制。",
    # why the hub cannot be asked
    "All connection attempts failed": "无法建立连接",
    "no answer within {seconds} s": "{seconds} 秒内没有应答",
    "the line broke off": "连接中断",
    "it does not speak TLS": "对方不使用 TLS",
    "it is another hub than this gateway enrolled at": "这不是本网关注册时的系统",
    "its fingerprint is {found}, the code names {named}": "其指纹为 {found}，注册码所指为 {named}",
    "This gateway is not enrolled yet, so it ends here. Start it again with the same code once that is mended.": (
        "本网关尚未注册，因此就此结束。排除问题后，请用同一注册码重新启动。"
    ),
    "This is gateway {gateway} of the hub at {url}; its work lies in {folder}. Ctrl-C stops it.": (
        "本进程是系统 {url} 的网关 {gateway}，工作保存在 {folder}。按 Ctrl-C 停止。"
    ),
    "The hub answers.": "系统已应答。",
    "the one-time code of `foyer gateway add`, at the first start": "首次启动时使用的一次性注册码（foyer gateway add 所给）",
    "certificates (PEM) of whoever issued the hub's own": "系统证书签发者的证书（PEM）",
}
