"""The Chinese twins of what every room may say, of policies, and of vault, story, alarms and operators."""

from __future__ import annotations

ZH_HOUSE: dict[str, str] = {
    # refusals of every room
    "The hub refuses this.": "系统拒绝了这一操作。",
    "There is no {what} {name}. Look at {where}.": "没有{what} {name}。请查看 {where}。",
    "The disk that holds the database is full: nothing of this was kept. Free some space and do it again.": (
        "数据库所在磁盘已满：本次操作未保存任何内容。请腾出空间后重试。"
    ),
    "Another program holds the database: nothing of this was kept. Close whatever has {path} open and do it again.": (
        "另有程序占用数据库：本次操作未保存任何内容。请关闭打开 {path} 的程序后重试。"
    ),
    "Another hub already serves {path} (process {pid}). Stop it first, or give this one its own --data folder.": (
        "已有另一个服务在使用 {path}（进程 {pid}）。请先停止它，或用 --data 指定另一个数据目录。"
    ),
    # policies: reading rules, deciding, explaining, separation of duties
    "The policy could not be carried out: {problem}.": "策略未能执行：{problem}。",
    "No day lies {count} {unit} away from {day}. Look at the dates of the stay, and at the calendar's holidays.": (
        "从 {day} 起算 {count} {unit} 的日期不存在。请核对在岗期的日期和日历中的节假日。"
    ),
    "The condition broke while it was worked out: {problem}.": "条件在计算时出错：{problem}。",
    (
        "The rules file was refused and nothing of it was taken. Faults: {count}; the first is on line "
        "{line}, column {column}. Put them right and load the file again."
    ): (
        "规则文件未被接受，其中任何内容均未生效。错误共 {count} 处，第一处在第 {line} 行第 {column} 列。请改正后重新载入。"
    ),
    "The facts of the stay make '{resource}' of {pattern}, which names no resource.": (
        "按此在岗期的情况，{pattern} 成为“{resource}”，不是有效的资源名。"
    ),
    "This is not readable YAML: {problem}. Put the line in order, and mind indentation and quotes.": (
        "此处不是可读的 YAML：{problem}。请理顺这一行，注意缩进和引号。"
    ),
    "The rules file has {length} characters; at most {limit} are read. Split the file, or shorten it.": (
        "规则文件有 {length} 个字符，最多读取 {limit} 个。请拆分或精简文件。"
    ),
    "The file nests deeper than any rule needs. Remove the needless brackets.": "文件的嵌套层数超过任何规则所需。请删去多余的括号。",
    "The file holds no rules. Begin it with 'rules:' and list at least one rule below.": (
        "文件中没有规则。请以“rules:”开头，并在其下至少列出一条规则。"
    ),
    "There are {count} rules; at most {limit} are read. Join rules that differ only in a value.": (
        "共有 {count} 条规则，最多读取 {limit} 条。请合并仅取值不同的规则。"
    ),
    "Names with values must stand here. Write 'name: value' on each line.": "此处应为名称与取值。请每行写一个 `名称: 取值`。",
    "'{key}' must be a list that is not empty. Write each entry on its own line after '- '.": (
        "“{key}”应为非空列表。请每行写一项，以“- ”开头。"
    ),
    "'{key}' must be a single text. Write it on the line of its name, in quotes if need be.": (
        "“{key}”应为一段文字。请写在该名称所在的行，必要时加引号。"
    ),
    "'{key}' holds half a character, which no text can. Write the character itself in place of its code.": (
        "“{key}”含有半个字符，不成文字。请直接写出该字符，不用编码。"
    ),
    "'{key}' is not known here; what may stand here is {known}. Correct the name, or remove the line.": (
        "此处不认识“{key}”，可用的有 {known}。请改正名称或删去该行。"
    ),
    "'{key}' stands twice in one place. Keep one of the two.": "“{key}”在同一处出现两次。请只保留一个。",
    "'{key}' is missing here. Add it.": "此处缺少“{key}”。请补上。",
    "What begins with '!' is read as a YAML tag ('{tag}'). Put the whole text in quotes.": (
        "以“!”开头的内容会被读作 YAML 标签（“{tag}”）。请给整段文字加上引号。"
    ),
    "'{id}' cannot be a rule's id. Use small letters, digits and hyphens, a letter first, at most 64.": (
        "“{id}”不能作为规则编号。请用小写字母、数字和连字符，以字母开头，最多 64 个字符。"
    ),
    "The rule '{id}' is already defined on line {first}. Give one of the two another id.": (
        "规则“{id}”已在第 {first} 行定义。请给其中一条换个编号。"
    ),
    "The version must be a whole number from 1 up, not '{version}'. Count it up with each change.": (
        "版本应为不小于 1 的整数，不能是“{version}”。每次修改请加一。"
    ),
    (
        "'{key}' cannot be '{text}'. Write arrival or departure, and if need be + or - and a number of "
        "days or workdays: 'arrival - 3 workdays'."
    ): (
        "“{key}”不能是“{text}”。请写 arrival 或 departure，需要时再写 + 或 - 和天数（days）或工作日数（workdays），例如“arrival - 3 w"
        "orkdays”。"
    ),
    "'{key}' reaches {count} {unit} away; at most {limit} are allowed. Choose a smaller number.": (
        "“{key}”相距 {count} {unit}，最多允许 {limit}。请改用较小的数。"
    ),
    "'{resource}' names no resource. Write its kind, a colon and its id: 'zone:north-public'.": (
        "“{resource}”不是资源名。请写类别、冒号和编号，例如“zone:north-public”。"
    ),
    "'{name}' cannot be part of a resource's name; what can is {known}. Correct the name.": (
        "“{name}”不能用在资源名中，可用的有 {known}。请改正名称。"
    ),
    "The rule grants {count} resources; at most {limit} are allowed. Split it into several rules.": (
        "该规则授予 {count} 项资源，最多允许 {limit} 项。请拆成几条规则。"
    ),
    "The condition is empty. Write 'true' if the rule is for everyone.": "条件为空。若规则适用于所有人，请写 true。",
    "The condition has {length} characters; at most {limit} are read. Split the rule in two.": (
        "条件有 {length} 个字符，最多读取 {limit} 个。请把规则拆成两条。"
    ),
    "The condition nests too deeply. Split the rule in two, or remove needless brackets.": (
        "条件嵌套过深。请把规则拆成两条，或删去多余的括号。"
    ),
    "The condition cannot be read here: {problem}. Look at brackets, quotes and operators.": (
        "条件从此处起无法读懂：{problem}。请检查括号、引号和运算符（须用半角）。"
    ),
    "'{name}' is not known; a condition knows {known}. Correct the name, or put text in quotes.": (
        "不认识“{name}”，条件中可用的有 {known}。请改正名称；若是文字，请加引号。"
    ),
    "There is no function '{name}'. Use in, startsWith, endsWith, contains, matches, size or exists.": (
        "没有函数“{name}”。请用 in、startsWith、endsWith、contains、matches、size 或 exists。"
    ),
    "'{operator}' cannot join {types}. Compare text with text, numbers with numbers, and lists by 'in'.": (
        "“{operator}”不能用于 {types}。请让文字与文字、数字与数字相比，列表用 in。"
    ),
    "The condition yields {type}, neither true nor false. Compare it with something: stay.days > 30.": (
        "条件的结果是 {type}，既非真也非假。请加上比较，例如 stay.days > 30。"
    ),
    "'{loop}' may not be used here: it could run without end. Use 'in', or a single exists or all.": (
        "此处不能用“{loop}”，它可能无休止地运行。请用 in，或单独一个 exists 或 all。"
    ),
    "The condition is not valid: {problem}. Correct it.": "条件无效：{problem}。请改正。",
    "{rule} (version {version}, {clause}) grants {resource} from {opens} to the end of {last}.": (
        "{rule}（第 {version} 版，{clause}）授予 {resource}，自 {opens} 起，至 {last} 当日结束。"
    ),
    "{rule} (version {version}, {clause}) grants {resource} from {opens}, with no end.": (
        "{rule}（第 {version} 版，{clause}）授予 {resource}，自 {opens} 起，无截止日期。"
    ),
    "{rule} (version {version}, {clause}) does not apply: {part} does not hold, since {values}.": (
        "{rule}（第 {version} 版，{clause}）不适用：{part} 不成立，因为 {values}。"
    ),
    "{rule} (version {version}, {clause}) does not apply: {part} does not hold.": (
        "{rule}（第 {version} 版，{clause}）不适用：{part} 不成立。"
    ),
    "{rule} (version {version}, {clause}) could not be decided, and so grants nothing. Have the rule corrected.": (
        "{rule}（第 {version} 版，{clause}）无法判定，因此不授予任何权益。请修正该规则。"
    ),
    "{rule} (version {version}, {clause}) applies, but by the stay's dates its right would never be open.": (
        "{rule}（第 {version} 版，{clause}）适用，但按在岗期的日期，该权益没有任何有效日。"
    ),
    "{rule} (version {version}, {clause}) applies, but grants {granted} and not {resource}.": (
        "{rule}（第 {version} 版，{clause}）适用，但授予的是 {granted}，不是 {resource}。"
    ),
    "There is no such role. The roles are hr, security, auditor and system.": (
        "没有这个角色。可用的角色是 hr、security、auditor 和 system。"
    ),
    "An auditor holds no other role. Give the other roles to another account.": "审计员不得兼任其他角色。请把其他角色授予另一个账号。",
    "System and security are never one account. Give one of the two roles to another account.": (
        "系统管理员与安全管理员不得为同一账号。请把其中一个角色授予另一个账号。"
    ),
    # vault, story, alarms, operators
    "What is sealed in the database does not open with this master key. Put back the key file that belongs to "
    "this database, from the place where its copy is kept.": (
        "数据库中的密封内容无法用当前主密钥打开。请从备份处放回属于本数据库的密钥文件。"
    ),
    "Others on this machine may read {path} (mode {mode}). Look whether anybody did, then run: chmod 600 {path}": (
        "本机其他用户可以读取 {path}（权限 {mode}）。请先核查是否已被读取，再执行：chmod 600 {path}"
    ),
    "{path} does not hold a key as this system writes it. Put back its copy from the place where copies are kept.": (
        "{path} 中不是本系统写出的密钥。请从备份处放回该文件。"
    ),
    "{path} is missing, but the database that belongs to it is there. Put back its copy: a new key could open "
    "nothing of what is stored.": (
        "缺少 {path}，而与之对应的数据库仍在。请放回该文件的备份：新密钥无法打开已存的内容。"
    ),
    "{path} cannot be opened or made ({reason}). Let the account that runs the hub own the folder and the file.": (
        "无法打开或创建 {path}（{reason}）。请让运行本系统的账号拥有该目录和文件。"
    ),
    "The checkpoint could not be written to {path} ({reason}). Free some space there, or let the account that "
    "runs the hub own it: until then the story is not anchored outside the database.": (
        "检查点无法写入 {path}（{reason}）。请腾出空间，或让运行本系统的账号拥有该文件；在此之前，记录链没有数据库之外的锚点。"
    ),
    "{path} holds a line that is no checkpoint. Keep it as it is, and put back its copy.": (
        "{path} 中有一行不是检查点。请保留原文件，并放回其备份。"
    ),
    "Event {id} is not under a signed checkpoint yet. One is signed each minute: ask again then.": (
        "事件 {id} 尚未被签名检查点覆盖。检查点每分钟签署一次，请稍后再查。"
    ),
    "The story no longer agrees with its signed checkpoint for {size} events, so nothing more is signed. Run "
    "'foyer audit verify' to see where, and keep the database and {path} as they are.": (
        "记录链与其 {size} 条事件的签名检查点不符，因此停止签署。请运行 foyer audit verify 查明位置，并原样保留数据库和 {path}。"
    ),
    "Alarm {id} was acknowledged by {by} already. The open ones are on the status page.": (
        "告警 {id} 已由 {by} 确认。未确认的告警见状态页。"
    ),
    "{name} may not do this ({action}). It takes the role of {roles}: ask an operator who holds it.": (
        "{name} 无权执行此操作（{action}）。需要角色 {roles}，请找具有该角色的操作员。"
    ),
    "This token is not known, or its operator has ended. Ask a system administrator for a new one ('foyer "
    "operator add'), and put it in the file that --token-file names.": (
        "此令牌未知，或其操作员已停用。请向系统管理员申请新令牌（foyer operator add），并放入 --token-file 指定的文件。"
    ),
    "There is or was an operator {name} already, and a name is never given twice. Choose another name.": (
        "已有或曾有操作员 {name}，名称不得重复使用。请换一个名称。"
    ),
    "{name} cannot be an operator's name. Use 1 to 64 letters, digits, dots, hyphens or underscores, and "
    "begin with a letter or a digit.": (
        "{name} 不能用作操作员名称。请用 1 至 64 个字母、数字、点、连字符或下划线，并以字母或数字开头。"
    ),
    "The roles {roles} cannot be given to one operator. {why}": "角色 {roles} 不能授予同一操作员。{why}",
    "Name at least one of the roles auditor, hr, security, system.": (
        "请至少指定一个角色：auditor、hr、security、system。"
    ),
    "{name} is the last operator with the role {role}, and without one nobody could do that work. Add another "
    "with 'foyer operator add' first.": (
        "{name} 是最后一名具有角色 {role} 的操作员，停用后无人能做该工作。请先用 foyer operator add 增加一名。"
    ),
    "{events} events agree with {checkpoints} signed checkpoints; the last {unsigned} are not under one yet.": (
        "{events} 条事件与 {checkpoints} 个签名检查点相符；最后 {unsigned} 条尚未被检查点覆盖。"
    ),
    "{events} events agree with {checkpoints} checkpoints, but the key came with the file: compare it with "
    "the hub's.": ("{events} 条事件与 {checkpoints} 个检查点相符，但公钥来自该文件本身：请与本系统的公钥核对。"),
    "The event at position {position} was changed: its body does not have the hash that was written with it. "
    "Keep this copy as it is, and compare it with a backup.": (
        "位置 {position} 的事件已被改动：其内容与写入时的摘要不符。请原样保留，并与备份比对。"
    ),
    "The event at position {position} is missing: the next one is at {found}. Keep this copy as it is, and "
    "compare it with a backup.": ("缺少位置 {position} 的事件：下一条在 {found}。请原样保留，并与备份比对。"),
    "The events from position {since} up to {size} are not those that were signed: at least one was changed, "
    "removed, added or moved. Keep this copy as it is, and compare it with a backup.": (
        "位置 {since} 至 {size} 的事件与签名时不符：至少有一条被改动、删除、添加或移位。请原样保留，并与备份比对。"
    ),
    "The story ends at position {events}, but {size} events were signed: its end was removed, or an old "
    "backup was put back. Keep this copy as it is, and look for a newer one.": (
        "记录链止于位置 {events}，而已签名 {size} 条事件：末尾被删除，或恢复了旧备份。请原样保留，并查找更新的副本。"
    ),
    "The checkpoint for {size} events does not bear the signature of {origin}. Ask the hub for its key again.": (
        "{size} 条事件的检查点没有 {origin} 的有效签名。请重新向本系统索取公钥。"
    ),
    "The checkpoint for {size} events stands behind event {position}. Export the story again.": (
        "{size} 条事件的检查点位于事件 {position} 之后。请重新导出记录链。"
    ),
    "Line {line} is not that of an exported story. Export it again.": "第 {line} 行不是导出的记录链。请重新导出。",
    "This is not a proof as this system writes it. Ask for it again.": "这不是本系统写出的证明。请重新索取。",
    "This is not a public key of a story (a vkey). Ask the hub for it.": (
        "这不是记录链的公钥（vkey）。请向本系统索取。"
    ),
    "The event at position {position} is in the story of {size} events that {origin} signed.": (
        "位置 {position} 的事件包含在 {origin} 签名的 {size} 条事件中。"
    ),
    "The event at position {position} is in a signed story of {size} events, but the key came with the proof: "
    "compare it with the hub's.": (
        "位置 {position} 的事件包含在已签名的 {size} 条事件中，但公钥来自证明本身：请与本系统的公钥核对。"
    ),
    "The proof does not lead from the event at position {position} to the signed root. Ask for it again.": (
        "该证明无法从位置 {position} 的事件推到签名的根。请重新索取。"
    ),
    "The signed story of {second} events begins with the signed story of {first} events.": (
        "已签名的 {second} 条事件以已签名的 {first} 条事件开头。"
    ),
    "The signed story of {second} events does not begin with that of {first}: something was rewritten.": (
        "已签名的 {second} 条事件并非以 {first} 条的记录链开头：有内容被改写。"
    ),
    "The event at position {position} was changed: its columns say something else than its body. Keep this "
    "database as it is, and compare it with a backup.": (
        "位置 {position} 的事件已被改动：其各列与内容不符。请原样保留数据库，并与备份比对。"
    ),
    "Event {id}, which waits for its position, was changed: its body does not have the hash that was written "
    "with it. Keep this database as it is, and compare it with a backup.": (
        "等待编号的事件 {id} 已被改动：其内容与写入时的摘要不符。请原样保留数据库，并与备份比对。"
    ),
    "The checkpoint for {size} events is kept outside, but the database does not have it: its end was "
    "removed, or an old backup was put back. Keep this database as it is, and look for a newer one.": (
        "{size} 条事件的检查点存于库外，数据库中却没有：末尾被删除，或恢复了旧备份。请原样保留数据库，并查找更新的副本。"
    ),
    "The checkpoint for {size} events is in the database, but not in {path}. Put back that file's copy, and "
    "find out who changed it.": (
        "{size} 条事件的检查点在数据库中，却不在 {path} 中。请放回该文件的备份，并查明何人改动。"
    ),
    "The checkpoint for {size} events in the database is another than that in {path}. Keep both as they are, "
    "and compare them with a backup.": (
        "数据库中 {size} 条事件的检查点与 {path} 中的不同。请两者原样保留，并与备份比对。"
    ),
    "The row of an event at position {position} or after it cannot be read: it holds what was never written "
    "there. Keep this copy as it is, and compare it with a backup.": (
        "位置 {position} 或其后的某条事件无法读取：其中有从未写入的内容。请原样保留，并与备份比对。"
    ),
}
