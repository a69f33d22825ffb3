"""Chinese twins: doors on serial lines, as the gateway that drives them speaks of them."""

from __future__ import annotations

ZH_DOORKEEPER: dict[str, str] = {
    (
        "Others on this machine can read the key file {path}. Take that right from them (chmod 600), and pair every reader"
        " of this gateway anew, since its key may be known."
    ): "本机其他用户可以读取密钥文件 {path}。请收回该权限（chmod 600），并重新配对该网关的所有读卡器，因为密钥可能已泄露。",
    "Doors on a serial line are worked by the gateway that drives it, and this process drives none.": (
        "串行线路上的门由驱动该线路的网关处理，而本进程不驱动任何线路。请在其网关上执行。"
    ),
    "This process does not drive the line yet. It does so as soon as the campus is in force here.": (
        "本进程尚未驱动该线路。园区文件在此生效后即会驱动。"
    ),
    "The gateway cannot use the list on its own disk. Free disk space there, and look at what its log says of it.": (
        "网关无法使用自己磁盘上的名单。请在那里腾出磁盘空间，并查看其日志。"
    ),
    "The gateway's disk is full, so only what takes rights away is kept. Free disk space there.": (
        "网关磁盘已满，因此只保存收回权限的操作。请在那里腾出磁盘空间。"
    ),
    "The list of this line is full. Take cards off it that nobody needs, or raise cards_max in the campus file.": (
        "该线路的名单已满。请移除无人需要的卡，或在园区文件中调高 cards_max。"
    ),
    "No reader can read this card number: it takes 1 to 9223372036854775807. Give the person another card.": (
        "没有读卡器能读出该卡号，只接受 1 至 9223372036854775807。请为此人换一张卡。"
    ),
    "The door was free and its reader does not answer: its strike may still be released. Send somebody there.": (
        "此门原为自由通行，其读卡器没有应答，锁可能仍处于释放状态。请派人到场查看。"
    ),
    "The door is to stand free, and its reader does not answer. Send somebody to open it.": (
        "此门应自由通行，但其读卡器没有应答。请派人前去开门。"
    ),
    # alarms
    (
        "The reader of {door} is not as it was paired: it has another key, is in install mode, or was exchanged. It opens"
        " nothing. Send somebody there; then pair it again: foyer door pair {door}"
    ): "{door} 的读卡器与配对时不符：密钥不同、处于安装模式或已被更换。它不会开门。请派人到场查看，然后重新配对：foyer door pair {door}",
    (
        "The reader of {door} does not work, and nobody gets in there by card. Check its power and its cable; see why:"
        " foyer passages list --door {door}"
    ): "{door} 的读卡器无法工作，那里无法刷卡进入。请检查其电源和线缆；查看原因：foyer passages list --door {door}",
    (
        "The serial line of {target} cannot be used, and nobody gets in at its doors by card. Check its adapter; see why:"
        " foyer targets show {target}"
    ): "{target} 的串行线路无法使用，其各门无法刷卡进入。请检查其适配器；查看原因：foyer targets show {target}",
    "The lock of {door} did not follow its gateway, so somebody with a right stood before it. Look at its wires.": (
        "{door} 的锁没有响应网关，有权限的人被挡在门外。请检查其接线。"
    ),
    "The gateway of {target} could not note who passes, so it let nobody in. Free disk space there; its log says more.": (
        "{target} 的网关无法记录通行，因此未放行任何人。请在那里腾出磁盘空间，并查看其日志。"
    ),
    # what passages say
    "power failed": "电源故障",
    "lock did not answer": "锁未应答",
    "could not be noted": "无法记录",
    "reader is back": "读卡器恢复",
    "reader silent": "读卡器无应答",
    "reader key wrong": "读卡器密钥不符",
    "reader in install mode": "读卡器处于安装模式",
    "another reader": "读卡器被更换",
    "reader garbled": "读卡器通信混乱",
    "reader without security": "读卡器不支持加密",
    "reader refuses": "读卡器拒绝指令",
    "line down": "线路中断",
    "line is back": "线路恢复",
}
