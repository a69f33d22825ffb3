"""Chinese twins: why a door that is decided at the edge opens or does not, and PINs."""

from __future__ import annotations

ZH_PASSING: dict[str, str] = {
    # the same in a word or two
    "door free": "自由通行",
    "fire release": "火警释放",
    "read while away": "失联时读卡",
    "term over": "任期已过",
    "undecided": "无法判定",
    "no card": "无卡",
    "not yet valid": "尚未生效",
    "no longer valid": "已失效",
    "holiday": "节假日",
    "out of hours": "不在时段内",
    "hours unknown": "时段未知",
    "no PIN set": "未设密码",
    "PIN wanted": "待输密码",
    # why a door opens, or does not
    "The card may pass this door now.": "此卡现在可以通过此门。",
    "The door is free at this hour, so nobody is asked.": "此门在这个时段自由通行，不查验任何人。",
    "The door is released by fire, so nobody is asked.": "此门因火警释放，不查验任何人。",
    "The card was read while the reader was out of reach, so nobody knows when. Hold it to the reader again.": (
        "此卡是在读卡器失联期间读到的，无从知道是什么时候。请重新刷卡。"
    ),
    (
        "The gateway has not heard from the hub for longer than its term, so it only shuts. Bring the line to the hub back;"
        " look with: foyer gateway list"
    ): "网关与系统失联已超过其任期，只关不开。请恢复到系统的线路；查看：foyer gateway list",
    "The door's settings contradict what it keeps, so it stays shut. Read its target again, and correct them.": (
        "此门的设置与其保存的内容矛盾，因此保持关闭。请重新读取该目标并改正。"
    ),
    "No card was shown, and no door opens without one. Hold the card to the reader first.": (
        "没有刷卡，任何门都不会因此打开。请先刷卡。"
    ),
    "This door's list does not hold the card. See whose it is, and give it out if it is theirs.": (
        "此门的名单里没有这张卡。请查明是谁的卡，确属其人的再发放。"
    ),
    "The card has no right on this door. See what its holder is granted, and why: foyer why": (
        "此卡在此门没有权限。请查看持卡人的授权及原因：foyer why"
    ),
    "The right on this door begins later. Come back on its first day, or have a grant opened earlier.": (
        "此门的权限尚未开始。请在首日再来，或请人提前授权。"
    ),
    "The right on this door is over. Have HR extend the stay, or have a grant given anew.": (
        "此门的权限已经结束。请由人事延长在岗期，或重新授权。"
    ),
    "The door goes by holiday hours on this day, and these are not among them. Come back when it is open.": (
        "今天此门按节假日时间开放，此刻不在其内。请在开放时再来。"
    ),
    "The right on this door does not hold at this hour. Come back within its hours, or have them changed.": (
        "此门的权限在这个时段无效。请在规定时段再来，或请人调整时段。"
    ),
    (
        "The right goes by hours which the door has not been told yet, so it stays shut. Wait until its target is ready:"
        " foyer targets"
    ): "权限所依据的时段尚未下发到此门，因此保持关闭。请等待该目标就绪：foyer targets",
    "The PIN was wrong. Hold the card again and type the PIN, or have a new one set: foyer card pin": (
        "密码错误。请重新刷卡并输入密码，或请人重设：foyer card pin"
    ),
    "The door wants a PIN at this hour, and the holder has none. Have one set: foyer card pin": (
        "此门在这个时段需要密码，而持卡人没有密码。请设置：foyer card pin"
    ),
    "The door wants the PIN as well. Type it, and end with #.": "此门还需要密码。请输入，并以 # 结束。",
    "The door is held shut by a lockdown, and the card is not exempt. See: foyer lockdown list": (
        "此门因封控关闭，此卡不在豁免之列。请查看：foyer lockdown list"
    ),
    "The door opens for the rest only once somebody has come who may be the first. Wait for them.": (
        "须由有首卡资格的人先到，其他人才能通过。请等候。"
    ),
    "The card was already seen on the side to which it asks to go. Have security forgive it: foyer passages forgive": (
        "此卡已在要去的一侧出现过（反潜回）。请由保卫人员解除：foyer passages forgive"
    ),
    "Another door of the lock stands open. Shut it first.": "互锁的另一道门开着。请先关上那道门。",
    # PINs
    (
        "A PIN has {least} to {most} digits, and nothing else. Choose another, or have one made: foyer card pin {no}"
        " --generate"
    ): "密码由 {least} 至 {most} 位数字组成，不含其他字符。请另选一个，或由系统生成：foyer card pin {no} --generate",
    (
        "A PIN of equal digits, or of digits that only count up or down, is guessed first. Choose another, or have one made:"
        " foyer card pin {no} --generate"
    ): "各位相同或依次递增、递减的密码最先被猜中。请另选一个，或由系统生成：foyer card pin {no} --generate",
    (
        "{no} has no card in hand, and a PIN opens nothing by itself. Give a card first: foyer card assign {no} NUMBER"
    ): "{no} 手中没有卡，密码本身打不开任何门。请先发卡：foyer card assign {no} NUMBER",
    "The source of randomness gives the same again and again, so no PIN can be made. Look at the machine.": (
        "随机数来源一再给出相同的值，无法生成密码。请检查这台机器。"
    ),
    "The two PINs differ, and nothing was changed. Type the same one twice.": (
        "两次输入的密码不一致，未作任何更改。请输入两次相同的密码。"
    ),
    "cards: assign, lend, report lost, replace; PINs": "卡：发放、借出、挂失、更换；密码",
    "set the PIN that goes with somebody's cards, or take it away": "设置随某人的卡使用的密码，或取消密码",
    "have the hub make one, and show it this once": "由系统生成，并仅显示这一次",
    "take the PIN away": "取消密码",
    "PIN, 4 to 6 digits: ": "密码（4 至 6 位数字）：",
    "The same once more: ": "再输入一次：",
    "{no} had no PIN.": "{no} 没有密码。",
    "Cards {cards} of {no} go without a PIN now.": "{no} 的卡 {cards} 现在不带密码。",
    "Cards {cards} of {no} go with the new PIN now.": "{no} 的卡 {cards} 现在使用新密码。",
    "The PIN is shown only this once; hand it over safely:": "密码仅显示这一次，请稳妥转交：",
    "PIN": "密码",
    "PIN set": "已设置密码",
    "PIN taken away": "已取消密码",
    # what somebody must look at
    (
        "{count} wrong PINs in a row were typed at {door}. Send somebody there; see whose cards they were: foyer passages list"
        " --door {door}"
    ): "{door} 连续 {count} 次输入密码错误。请派人到场，并查看是谁的卡：foyer passages list --door {door}",
    "A PIN that was set or taken away after the backup, and is taken away now: set it again, if it is still wanted.": (
        "备份之后设置或取消的密码，现已取消：如仍需要，请重新设置。"
    ),
}
