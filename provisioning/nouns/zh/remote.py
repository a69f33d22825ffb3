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
    "The hub cannot be asked just now.": "目前无法询问中枢。",
    (
        "The hub at {url} does not answer ({why}). Check the address, the network, and that the hub runs. It is tried again."
    ): "位于 {url} 的中枢没有应答（{why}）。请检查地址、网络以及中枢是否在运行。系统会重试。",
    "The hub at {url} answers that it cannot serve ({why}). Look at its own log. It is tried again.": (
        "位于 {url} 的中枢表示暂时无法服务（{why}）。请查看中枢日志。系统会重试。"
    ),
    (
        "What answers at {url} is not a hub that this gateway understands ({why}). Check the address, and that both run"
        " versions that go together."
    ): "{url} 处应答的不是本网关能识别的中枢（{why}）。请核对地址，并确认双方版本相配。",
    (
        "The certificate at {url} is not the hub's ({why}). Somebody may stand between: compare its fingerprint with the"
        " hub's own. If the hub was given another, enrol this gateway anew, or name its issuer with --ca FILE."
    ): (
        "{url} 的证书不是中枢的证书（{why}）。可能有人居间：请与中枢自身的证书指纹核对。如中枢已更换证书，请重新登记本网关，"
        "或用 --ca FILE 指定其签发者。"
    ),
    "The hub does not take this gateway's word: {why}": "中枢不接受本网关的请求：{why}",
    "The hub cannot take this message: {why}": "中枢无法接收此消息：{why}",
    "The target of this message is another gateway's by now: {why}": "此消息的目标已属于另一网关：{why}",
    (
        "{url} is neither https nor on this machine. Write https://NAME:PORT: what a gateway says must not be read on the"
        " way."
    ): "{url} 既不是 https，也不在本机。请写成 https://名称:端口：网关所说的内容不得在途中被读取。",
    (
        "Another gateway already works in {folder} (process {pid}). Stop it first, or give this one its own --data folder."
    ): "另一网关已在 {folder} 工作（进程 {pid}）。请先停止它，或用 --data 为本网关指定单独的目录。",
    (
        "The gateway cannot use its folder {folder} ({cause}). Let the account that runs it own the folder, or name another"
        " with --data."
    ): "网关无法使用其目录 {folder}（{cause}）。请让运行它的账户拥有该目录，或用 --data 指定另一目录。",
    (
        "Others on this machine may read {path}. Look whether anybody did; then have this gateway's credential revoked at"
        " the hub, delete the folder {folder}, and enrol anew."
    ): "本机其他用户可以读取 {path}。请查明是否有人读过；然后在中枢吊销本网关的凭据，删除目录 {folder} 并重新登记。",
    "{path} does not hold what a gateway writes there. Delete the folder {folder} and enrol anew with a new code.": (
        "{path} 的内容不是网关所写。请删除目录 {folder}，并用新的登记码重新登记。"
    ),
    (
        "No gateway is enrolled in {folder}. Ask at the hub for a one-time code (foyer gateway add NAME) and name it here:"
        " foyer gateway --hub {url} --code CODE"
    ): (
        "{folder} 中尚未登记网关。请在中枢取得一次性登记码（foyer gateway add NAME），并在此使用："
        "foyer gateway --hub {url} --code CODE"
    ),
    (
        "The gateway in {folder} is enrolled at {known}, not at {url}. Name that address, or give another hub its own --data"
        " folder."
    ): "{folder} 中的网关登记于 {known}，而不是 {url}。请使用该地址，或用 --data 为另一中枢指定单独的目录。",
    "The hub at {url} did not enrol this gateway: {why}": "位于 {url} 的中枢没有登记本网关：{why}",
    (
        "{path} holds no certificate that can be used ({cause}). Name a PEM file of whoever issued the hub's certificate."
    ): "{path} 中没有可用的证书（{cause}）。请指定中枢证书签发者的 PEM 文件。",
    "The hub has told nothing of this site yet, so no device can be spoken to.": (
        "中枢尚未告知本站点的任何情况，因此无法与设备通信。"
    ),
    (
        "Another device answers there, or one that lost its memory, and only the hub can say what it is to hold. It is asked"
        " as soon as it can be reached."
    ): "应答的是另一台设备，或丢失了记忆的设备；只有中枢知道它应保存什么。一旦能联系到中枢就会询问。",
    "It is not written as codes are. Copy the whole of it.": "其写法不是登记码。请完整复制。",
    "This is gateway {gateway} of the hub at {url}; its work lies in {folder}. Ctrl-C stops it.": (
        "本进程是中枢 {url} 的网关 {gateway}，工作保存在 {folder}。按 Ctrl-C 停止。"
    ),
    "The hub answers.": "中枢已应答。",
    "the one-time code of `foyer gateway add`, at the first start": "首次启动时使用的一次性登记码（foyer gateway add 所给）",
    "certificates (PEM) of whoever issued the hub's own": "中枢证书签发者的证书（PEM）",
}
