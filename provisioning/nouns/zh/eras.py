"""Chinese twins: backups, restores and eras."""

from __future__ import annotations

ZH_ERAS: dict[str, str] = {
    # the tail
    "The story's tail could not be written to {path} ({reason}). Free some space there, or let the account that runs the "
    "hub own it: until then a restored backup could not be told what was taken away.": (
        "无法将日志尾部写入 {path}（{reason}）。请在该处腾出空间，或让运行系统的账户拥有它：在此之前，恢复的备份无从得知哪些权限已被收回。"
    ),
    "{path} is the tail of another hub's story. Give this hub a tail folder of its own: FOYER_TAIL": (
        "{path} 是另一套系统的日志尾部。请为本系统指定自己的尾部文件夹：FOYER_TAIL"
    ),
    "There is no tail of the story in {path}.": "{path} 中没有日志尾部。",
    "{name} is the tail of another hub's story.": "{name} 是另一套系统的日志尾部。",
    "Line {line} of {name} cannot be read.": "{name} 的第 {line} 行无法读取。",
    "The event on line {line} of {name} was changed.": "{name} 第 {line} 行的事件被改动过。",
    "{path} is missing, so nobody can tell whether the tail reaches the end of the story.": (
        "缺少 {path}，无从判断日志尾部是否到达日志的末尾。"
    ),
    "{path} holds a checkpoint that this hub's key did not sign.": "{path} 中有一个并非由本系统密钥签署的检查点。",
    "The tail goes on at event {found}, but the backup and the tail before it end at {events}.": (
        "日志尾部从第 {found} 个事件继续，但备份及之前的尾部只到第 {events} 个。"
    ),
    "The tail tells something else of event {id} than the backup does.": "对事件 {id}，日志尾部与备份所述不同。",
    "The tail does not agree with the checkpoint that was signed for {size} events.": (
        "日志尾部与为 {size} 个事件签署的检查点不一致。"
    ),
    "The tail ends at event {events}, but {size} were signed.": "日志尾部止于第 {events} 个事件，但已签署的有 {size} 个。",
    "The backup ends at event {events}, but {size} were signed.": "备份止于第 {events} 个事件，但已签署的有 {size} 个。",
    "{path} does not keep the tree of its last checkpoint, so the story cannot be signed any more.": (
        "{path} 没有保存最后一个检查点的树，日志无法继续签署。"
    ),
    "The story can no longer be copied outside the database: {why}": "日志无法再复制到数据库之外：{why}",
    # proofs past a restore
    "{events} events agree with {checkpoints} signed checkpoints; the last {unsigned} are not under one yet. {lost} more "
    "were lost when a backup was put back: they were signed, and what came later goes on from their signature.": (
        "{events} 个事件与 {checkpoints} 个已签署的检查点一致；最后 {unsigned} 个尚未签署。另有 {lost} 个在恢复备份时丢失：它们曾被签署，之后的内容"
        "从那次签署接续。"
    ),
    "Event {id} cannot be proved by itself, for events beside it were lost when a backup was put back. The whole story can "
    "still be checked: foyer audit export FILE": (
        "事件 {id} 无法单独证明，因为恢复备份时丢失了与它相邻的事件。整个日志仍可核验：foyer audit export FILE"
    ),
    # backups
    "The copy of the database does not fit together ({reason}). Nothing was kept of it. Take another backup; where that "
    "one is torn, too, look to the disk.": (
        "数据库副本不完整（{reason}），未予保留。请再做一次备份；若仍不完整，请检查磁盘。"
    ),
    "{path} is no backup of a Foyer hub, or only a part of one ({reason}). Take the whole file, as `foyer backup` wrote it.": (
        "{path} 不是本系统的备份，或只是其中一部分（{reason}）。请使用 `foyer backup` 写出的完整文件。"
    ),
    "The database in {path} is not the one that its manifest names: the file was damaged or changed. Take another backup.": (
        "{path} 中的数据库与其清单不符：文件已损坏或被改动。请另取一份备份。"
    ),
    "{path} is there already, and a backup is never written over another file. Name another one, or move that away.": (
        "{path} 已存在，备份绝不覆盖其他文件。请换个名称，或先移走它。"
    ),
    "take a backup of a hub that runs, or check one": "为运行中的系统做备份，或核验备份",
    "where to write it, such as hub.tar; or: check FILE": "写到哪里，例如 hub.tar；或：check 文件",
    "Give one FILE, or: check FILE.": "请给出一个文件，或：check 文件。",
    "Backup": "备份",
    "Checking": "核验",
    "{path} is a whole backup of campus {campus}, taken at {at}: {events} events, the last of them {last}.": (
        "{path} 是园区 {campus} 的完整备份，取于 {at}：共 {events} 个事件，最后一个是 {last}。"
    ),
    "The keys are not in it. Keep copies of master.key and signing.key apart from it: without them it cannot be restored. "
    "Keep checkpoints.log and the tail outside this disk, too.": (
        "其中不含密钥。请将 master.key 和 signing.key 的副本与备份分开保存：没有它们就无法恢复。checkpoints.log 和日志尾部也请保存在此磁盘之外。"
    ),
    # restores
    "put a backup in place, with the hub stopped": "在系统停止时恢复备份",
    "a backup, as foyer backup wrote it": "由 foyer backup 写出的备份",
    "where the story's tail is gone: nothing is opened until two people accept the differences": (
        "日志尾部已不存在时使用：在两人接受差异之前，不开通任何权限"
    ),
    "A restore into {folder} was interrupted. Run it again, with the hub stopped: foyer restore FILE --data {folder}": (
        "恢复到 {folder} 的操作曾被中断。请在系统停止时再运行一次：foyer restore FILE --data {folder}"
    ),
    "There is no {name} in {folder}, and no backup holds one. Put its copy there, from the place where copies of keys are "
    "kept, and run this again: without it nothing in the backup can be read or gone on with.": (
        "{folder} 中没有 {name}，备份中也不含它。请从保存密钥副本之处取回放入，再运行一次：没有它，备份中的内容无法读取，也无法继续。"
    ),
    "This backup is of another hub's story ({found}), not of the one whose signing key is in {folder} ({present}). Give the "
    "right file, or the folder with the right keys.": (
        "此备份属于另一套系统的日志（{found}），而 {folder} 中的签名密钥属于（{present}）。请给出正确的文件，或存有正确密钥的文件夹。"
    ),
    "The story's tail in {folder} does not show all that was done since this backup: {why} Put the tail and "
    "checkpoints.log there and run this again; or, where they are gone, add --without-tail: then nothing but what takes "
    "away is sent to any target until two people accept the differences.": (
        "{folder} 中的日志尾部未能说明此备份之后的全部操作：{why}请将日志尾部和 checkpoints.log 放到相应位置后再运行一次；若它们已不存在，"
        "请加 --without-tail：此后在两人接受差异之前，只向设备发送收回权限的操作。"
    ),
    "The backup of {at} is in place in {folder}.": "{at} 的备份已恢复到 {folder}。",
    "The database before it is kept as {path}.": "此前的数据库保留为 {path}。",
    "{why} Until two people accept the differences, only what takes away is sent.": (
        "{why}在两人接受差异之前，只发送收回权限的操作。"
    ),
    "Start the hub now, then see: foyer era show": "现在请启动系统，然后查看：foyer era show",
    # eras
    "A backup of {backup} was put back, and the story's tail does not show all that was done since. Only what takes away is"
    " sent to any target. See what differs: foyer era show; two people then accept it: foyer era accept": (
        "已恢复 {backup} 的备份，而日志尾部未能说明此后的全部操作。现在只向设备发送收回权限的操作。查看差异：foyer era show；随后由两人接受："
        "foyer era accept"
    ),
    "A backup of {backup} was put back, and all that was taken away since is taken away again. {count} things that were"
    " given since are to be given again; see which: foyer era show": (
        "已恢复 {backup} 的备份，此后收回的权限均已再次收回。此后授予的 {count} 项需重新授予；查看：foyer era show"
    ),
    "An older database was put in place without foyer restore.": "有人未用 foyer restore 就换上了较旧的数据库。",
    "{key} on {target} was taken away after the backup, and is wanted now.": (
        "{target} 上的 {key} 在备份之后已被收回，而现在又被要求写入。"
    ),
    "A person who was announced after the backup: send the announcement again.": "备份之后报到的人员：请重新发送报到通知。",
    "A stay that was announced after the backup: send the announcement again.": "备份之后通知的在岗期：请重新发送通知。",
    "A stay that was made longer after the backup: send that again.": "备份之后延长的在岗期：请重新发送。",
    "A stay that was resumed after the backup: send that again.": "备份之后恢复的在岗期：请重新发送。",
    "A card that was given after the backup: assign it again.": "备份之后发放的卡：请重新发放。",
    "A right that an operator gave after the backup: give it again.": "备份之后由操作员授予的权限：请重新授予。",
    "A notice that was taken after the backup: send it again.": "备份之后收到的通知：请重新发送。",
    "Two persons who were found to be one after the backup: send that again.": "备份之后查明为同一人的两份档案：请重新发送。",
    "An operator who was added after the backup: add them again.": "备份之后添加的操作员：请重新添加。",
    "A change that was approved after the backup: look at it again.": "备份之后批准的变更：请重新审核。",
    "Rules that were put in force after the backup and cannot be read: apply them again.": (
        "备份之后生效但无法读取的规则：请重新应用。"
    ),
    "A campus file that was put in force after the backup and cannot be read: apply it again.": (
        "备份之后生效但无法读取的园区文件：请重新应用。"
    ),
    "There is nothing to accept: no backup was put back here, or it is settled. See: foyer era show": (
        "没有需要接受的内容：此处未恢复过备份，或已了结。请查看：foyer era show"
    ),
    "What differs is not what you were shown. Look at it again: foyer era show": (
        "差异已与您所见不同。请重新查看：foyer era show"
    ),
    "{name} has accepted this already. It takes two people, of whom one is a security and one a system administrator: now "
    "the other runs foyer era accept": (
        "{name} 已经接受。需要两人，其中一人为安全管理员，一人为系统管理员：现在请另一人运行 foyer era accept"
    ),
    "{by} accepted this as a {role} administrator, and the other must be a {other} administrator. Ask one to run foyer era "
    "accept": ("{by} 已以{role:word}管理员身份接受，另一人须为{other:word}管理员。请其运行 foyer era accept"),
    "after a restore: what differs, and who accepts it": "恢复之后：有何差异，由谁接受",
    "does the hub recover from a restore, and what differs?": "系统是否正从恢复中复原，有何差异？",
    "accept what differs: a security and a system administrator do so": "接受差异：由安全管理员和系统管理员各一人完成",
    "accept only just these differences, as era show named them": "只接受 era show 所示的这些差异",
    "Accepted by {by}. It takes one more: foyer era accept": "已由 {by} 接受。还需一人：foyer era accept",
    "Accepted by {by}. What is wanted is written again now.": "已由 {by} 接受。现在开始重新写入所需内容。",
    "No backup was ever put back here.": "此处从未恢复过备份。",
    "What differs, and who ends it: foyer era show": "查看差异及由谁了结：foyer era show",
    "Recovering since {begun}: a backup of {backup} was put back, and only what takes away is sent to any target.": (
        "自 {begun} 起复原中：恢复了 {backup} 的备份，现在只向设备发送收回权限的操作。"
    ),
    "A backup of {backup} was put back on {begun}; it was settled on {settled}.": (
        "{begun} 恢复了 {backup} 的备份；已于 {settled} 了结。"
    ),
    "the tail told until": "日志尾部到",
    "taken away again": "再次收回",
    "records that wait to be written": "待写入的记录",
    "targets not read since": "此后尚未读取的设备",
    "accepted by": "接受者",
    "digest": "摘要",
    "To be given again ({count}):": "需重新授予（{count}）：",
    "what": "内容",
    "which": "哪一项",
}
