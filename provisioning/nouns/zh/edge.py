"""The Chinese twins of what the edge says: gateways, connectors, what a target answers."""

from __future__ import annotations

ZH_EDGE: dict[str, str] = {
    "The edge cannot do this.": "网关无法执行此操作。",
    (
        "The gateway's own file {path} cannot be used ({cause}). Free disk space, or give the gateway a writable folder."
    ): "网关自己的文件 {path} 无法使用（{cause}）。请腾出磁盘空间，或为网关指定可写的目录。",
    "A lease of {lease_s} s is too short for a device that may take {needed_s} s. Lengthen the lease.": (
        "租约 {lease_s} 秒太短，设备一次操作可能需要 {needed_s} 秒。请延长租约。"
    ),
    "There is no connector of kind {kind}; those that exist are {kinds}. Correct the kind in the campus file.": (
        "没有类型为 {kind} 的连接器，现有 {kinds}。请改正园区文件中的类型。"
    ),
    "The settings of a target of kind {kind} do not fit ({cause}). Correct them in the campus file.": (
        "类型为 {kind} 的目标的设置不符合要求（{cause}）。请在园区文件中改正。"
    ),
    "The device does not answer. Check its power, its cable and its address in the campus file.": (
        "设备没有应答。请检查其电源、网线以及园区文件中的地址。"
    ),
    "The device answers with what its protocol does not allow. Check its serial and its address in the campus file.": (
        "设备的应答不符合其协议。请核对园区文件中的序列号和地址。"
    ),
    "The device said no without a reason. Compare its model with the campus file.": (
        "设备拒绝执行且未说明原因。请与园区文件核对其型号。"
    ),
    "It reads as wanted; it is proved once no late copy of an older message can arrive any more.": "等待线路静默，以免迟到的旧报文生效",
    "What was read back is not what was written. It is tried again; if this stays, replace the device.": (
        "读回的内容与写入的不一致。系统会重试；如一直如此，请更换设备。"
    ),
    "The gateway cannot note on its own disk what it is about to send, so only what takes rights away goes out.": (
        "网关无法在自己的磁盘上记下即将发送的内容，因此只发送收回权限的操作。"
    ),
    "A fault in the gateway stopped work on this target ({fault}). The gateway's log has it whole: please report it.": (
        "网关自身的故障中断了对该目标的处理（{fault}）。详情见网关日志，请上报。"
    ),
    "The panel's card list is full. Take cards off it that nobody needs, or use a panel with more room.": (
        "控制器的卡表已满。请移除无人需要的卡，或换用容量更大的控制器。"
    ),
    "The panel refuses this card. Read the panel and compare its model with the campus file.": (
        "控制器拒绝写入该卡。请读取控制器，并与园区文件核对其型号。"
    ),
    "A panel cannot hold this card number: it takes 1 to 4294967294. Give the person another card.": (
        "控制器无法保存该卡号，只接受 1 至 4294967294。请为此人换一张卡。"
    ),
    "The panel refuses to delete this card. Read the panel and compare its model with the campus file.": (
        "控制器拒绝删除该卡。请读取控制器，并与园区文件核对其型号。"
    ),
}
