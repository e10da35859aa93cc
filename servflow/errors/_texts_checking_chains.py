"""Knows the sentences about what check() finds of chains in English and Chinese; must not know any code."""

from __future__ import annotations

from servflow.errors._catalogue import Text

TEXTS: dict[str, Text] = {
    "chain.never_starts": Text(
        en="this never starts the chain {chain}: {why}",
        zh="此处永远不会启动升级链 {chain}：{why}",
        hint_en="name a state that tickets stay in, an event that somebody may fire, or a condition that can hold",
        hint_zh="请改为工单会停留的状态、有人可以触发的事件，或可能成立的条件",
    ),
    "chain.level_never": Text(
        en="the level {level} of the chain {chain} never happens: {why}",
        zh="升级链 {chain} 的级别 {level} 永远不会执行：{why}",
        hint_en="mend the condition, or take the level out",
        hint_zh="请修正条件，或删除该级别",
    ),
    "chain.too_late": Text(
        en="the level {level} of the chain {chain} never comes by itself: it is due after {after}, and a run lives {ends} at most",
        zh="升级链 {chain} 的级别 {level} 不会自行触发：它在 {after} 后到期，而一次运行最多持续 {ends}",
        hint_en="bring it forward, or let the ticket stay longer before a timer closes it",
        hint_zh="请提前该级别，或让工单在定时器关闭之前停留更久",
    ),
    "chain.too_late_to_start": Text(
        en="this never starts the chain {chain}: it waits {after} in the state {level}, which a timer ends after {ends}",
        zh="此处永远不会启动升级链 {chain}：它要在状态 {level} 等待 {after}，而定时器在 {ends} 后就离开该状态",
        hint_en="wait for less time than the timer does",
        hint_zh="等待时间应短于该定时器",
    ),
    "chain.idle_option": Text(
        en="{option} of the chain {chain} says nothing beside {other}",
        zh="升级链 {chain} 的 {option} 与 {other} 同用时不起作用",
        hint_en="leave one of the two out",
        hint_zh="请去掉其中之一",
    ),
    "chain.emit_idle": Text(
        en="level {level} of the chain {chain} emits {event}, which does something only where a person or a host fires it",
        zh="升级链 {chain} 的级别 {level} 发出 {event}，而该事件只有由人员或主机触发时才起作用",
        hint_en="write the action that does it, such as start or jump, or a transition that takes the event",
        hint_zh="请改用相应的动作（如 start 或 jump），或添加接收该事件的流转",
    ),
    "chain.again": Text(
        en="the chain {chain} starts itself again whenever its last level fires, without end: {circle}",
        zh="升级链 {chain} 的最后一级每次触发都会使它重新开始，永无止境：{circle}",
        hint_en="write repeat with a number of times, or give the start a condition that ends it",
        hint_zh="请用 repeat 写明次数，或为启动添加能使其停止的条件",
    ),
    "chain.fight": Text(
        en="the chains {chain} and {other} may run at once and change {field} differently: {first} here, {second} in {place}",
        zh="升级链 {chain} 与 {other} 可能同时运行，却以不同方式修改 {field}：此处为 {first}，{place} 处为 {second}",
        hint_en="change it in one of them, or give the two conditions that exclude each other",
        hint_zh="请只在其中一条里修改，或为两者添加互斥的条件",
    ),
    "chain.nobody": Text(
        en="the level {level} of the chain {chain} reaches nobody here: {why}",
        zh="升级链 {chain} 的级别 {level} 在此处找不到任何人：{why}",
        hint_en="address somebody who is there, or add them to the world",
        hint_zh="请改为存在的人员，或在人员数据中补上",
    ),
    "chain.no_channel": Text(
        en="the level {level} of the chain {chain} addresses {people}, who cannot be told in any way: no channel",
        zh="升级链 {chain} 的级别 {level} 要通知 {people}，但他们没有任何通知渠道",
        hint_en="give them a channel, or address somebody who has one",
        hint_zh="请为其配置通知渠道，或改为通知其他人",
    ),
    "chain.schedule_empty": Text(
        en="nobody is on call in {schedule} for {days} days from {at}, which the level {level} of the chain {chain} asks",
        zh="自 {at} 起 {days} 天内，值班表 {schedule} 无人值班，而升级链 {chain} 的级别 {level} 要通知其值班人",
        hint_en="plan who is on call, or address somebody else",
        hint_zh="请安排值班人员，或改为通知其他人",
    ),
    "chain.schedule_gap": Text(
        en="nobody is on call in {schedule} from {start} to {end}, which the level {level} of the chain {chain} asks; "
        "gaps in {days} days: {count}, {hours} hours",
        zh="值班表 {schedule} 在 {start} 至 {end} 无人值班，而升级链 {chain} 的级别 {level} 要通知其值班人；"
        "{days} 天内共有 {count} 处空档、{hours} 小时",
        hint_en="plan somebody for it, or say on_empty: fallback or hold",
        hint_zh="请安排人员，或写明 on_empty: fallback 或 hold",
    ),
    "chain.layer_idle": Text(
        en="nobody is ever on call on layer {layer} of {schedule} after {at}: its windows never meet the duty of a turn",
        zh="自 {at} 起，值班表 {schedule} 的第 {layer} 层永远无人值班：其时段从不落在轮班的值班期内",
        hint_en="give it other windows, or another hold_for",
        hint_zh="请调整其 windows 或 hold_for",
    ),
    "chain.never_due": Text(
        en="the calendar {calendar} does not open for {span} any more from {at}: this part of the chain {chain} is never due",
        zh="自 {at} 起，日历 {calendar} 剩余的开放时间不足 {span}：升级链 {chain} 的这一部分永远不会到期",
        hint_en="give the calendar windows that recur, or further dates",
        hint_zh="请为日历添加循环的营业时段，或更多日期",
    ),
    "chain.quiet_idle": Text(
        en="the quiet hours of the chain {chain} keep nothing back: {why}",
        zh="升级链 {chain} 的免打扰时段不起作用：{why}",
        hint_en="name a calendar that opens for the quiet hours and closes again",
        hint_zh="请改为在免打扰时段开放、随后关闭的日历",
    ),
}
