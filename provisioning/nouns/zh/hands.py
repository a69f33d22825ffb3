"""Chinese twins: what hands do at emulated doors."""

from __future__ import annotations

ZH_HANDS: dict[str, str] = {
    "what hands do at an emulated door: button, open, shut, force, fire, tamper, type": (
        "在模拟门前动手：button 按钮、open 推门、shut 关门、force 强开、fire 火警、tamper 拆盖、type 输入密码"
    ),
    "what is done": "做什么",
    "what is typed: a passcode, or the PIN of a card": "输入的内容：通行密码或卡的密码",
    "the fire is out, or the lid is closed again": "火警解除，或盖子已合上",
    "the PIN that is typed after the card": "刷卡后输入的密码",
    "The button of door {door} releases its lock.": "按下门 {door} 的按钮，门锁释放。",
    "The button of door {door} does nothing.": "按下门 {door} 的按钮，没有反应。",
    "Door {door} is open.": "门 {door} 已打开。",
    "Door {door} is locked.": "门 {door} 锁着。",
    "Door {door} is shut.": "门 {door} 已关上。",
    "Door {door} was shut already.": "门 {door} 本来就关着。",
    "Door {door} is broken open; the panel raises an alarm.": "门 {door} 被强行打开，控制器报警。",
    "Door {door} was open or released, so nothing had to be broken.": "门 {door} 本已打开或锁已释放，无须强开。",
    "The code opens door {door}.": "密码打开门 {door}。",
    "The code does not open door {door}.": "密码打不开门 {door}。",
    "Fire at the panel of door {door}: all its locks are released.": "门 {door} 所在控制器火警：其全部门锁释放。",
    "No fire any more at the panel of door {door}.": "门 {door} 所在控制器火警已解除。",
    "The lid of the panel of door {door} is lifted.": "门 {door} 所在控制器的盖子被打开。",
    "The lid of the panel of door {door} is closed.": "门 {door} 所在控制器的盖子已合上。",
    "the panel waits for the PIN": "控制器等待输入密码",
    "the panel leaves it to its host": "控制器交由主机决定",
    "the PIN is wrong": "密码错误",
    "the card must first go back the other way": "此卡须先从另一方向通过",
    "more cards must be shown": "还须刷其他卡",
    "a card with first-card privilege must come first": "须先刷首卡",
    "another door of the interlock is open": "互锁的另一扇门开着",
}
