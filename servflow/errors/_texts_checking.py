"""Knows the sentences about what check() proves in English and Chinese; must not know any code."""

from __future__ import annotations

from servflow.errors._catalogue import Text

TEXTS: dict[str, Text] = {
    "state.blocked": Text(
        en="no ticket can get to the state {state}: what leads there ({transitions}) never happens",
        zh="没有工单能到达状态 {state}：通往它的转移（{transitions}）永远不会发生",
        hint_en="look at their guards and at who may take them",
        hint_zh="请检查这些转移的条件与授权",
    ),
    "state.cannot_close": Text(
        en="a ticket in the state {state} can never be closed",
        zh="处于状态 {state} 的工单永远无法关闭",
        hint_en="add a way to a closed state that somebody may take",
        hint_zh="请添加一条有人可以执行的、通往关闭状态的路径",
    ),
    "field.personal_copy": Text(
        en="{name} is set from personal data ({reads}) and is not marked personal itself",
        zh="{name} 的值取自个人信息（{reads}），但自身未标记为 personal",
        hint_en="mark it personal: true, or erasing leaves the copy",
        hint_zh="请将其标记为 personal: true，否则清除个人信息时会留下副本",
    ),
    "transition.unheld": Text(
        en="nobody in this world holds {roles}, which {event} takes",
        zh="执行 {event} 需要角色 {roles}，而当前无人担任",
        hint_en="give somebody the role, or allow another one",
        hint_zh="请为某人分配该角色，或授权其他角色",
    ),
    "transition.hidden": Text(
        en="{event} in {state} never takes this transition: transitions[{first}] has no condition and goes first",
        zh="{state} 中的 {event} 永远不会走这条转移：transitions[{first}] 没有条件且排在前面",
        hint_en="put the one without a condition last, or give it one",
        hint_zh="请把没有条件的转移放到最后，或为其添加条件",
    ),
    "transition.overlap": Text(
        en="{event} in {state} may take transitions[{first}] or transitions[{second}] with {values}; the first in order is taken",
        zh="当 {values} 时，{state} 中的 {event} 同时满足 transitions[{first}] 与 transitions[{second}]；按顺序取前者",
        hint_en="make the conditions exclude each other, or let the last have none",
        hint_zh="请使条件互斥，或让最后一条不带条件",
    ),
    "transition.gap": Text(
        en="{event} in {state} takes none of its transitions with {values}",
        zh="当 {values} 时，{state} 中的 {event} 不满足任何一条转移",
        hint_en="add a last transition without a condition, if the event should be taken then too",
        hint_zh="如果此时也应处理该事件，请在最后添加一条不带条件的转移",
    ),
    "clock.event_like": Text(
        en="the clock {clock} waits for the event {event}, which nothing else here names",
        zh="时钟 {clock} 等待事件 {event}，而此处没有其他地方使用该事件",
        hint_en="name it under events where the host fires it",
        hint_zh="如果由宿主触发，请在 events 中声明",
    ),
    "clock.never_starts": Text(
        en="the clock {clock} never starts: {conditions} never comes, or finds kept already what it promises",
        zh="时钟 {clock} 永远不会启动：{conditions} 不会发生，或发生时其承诺已经达成",
        hint_en="name a state that tickets reach, or an event that somebody may fire",
        hint_zh="请改为工单能够到达的状态，或有人可以触发的事件",
    ),
    "clock.never_stops": Text(
        en="nothing that a ticket can come to stops the clock {clock}{conditions}",
        zh="工单所能到达的一切都不会停止时钟 {clock}{conditions}",
        hint_en="add until: with the state that keeps the promise, or a stop: that can happen after the start",
        hint_zh="请用 until: 写明达成承诺的状态，或添加启动之后可能发生的 stop:",
    ),
    "clock.never_resumed": Text(
        en="once {conditions} has paused the clock {clock}, nothing lets it go on",
        zh="时钟 {clock} 一旦因 {conditions} 暂停，就再也不会继续",
        hint_en="add a way out of there, or a resume: that can happen then",
        hint_zh="请添加离开该处的路径，或添加此后可能发生的 resume:",
    ),
    "clock.never_counts": Text(
        en="the clock {clock} never counts: wherever a ticket is before the clock ends, it rests",
        zh="时钟 {clock} 从不计时：在它结束之前，工单所到之处它都暂停",
        hint_en="leave out of paused_in, or name in counts_in, a state that a ticket is in before the clock ends",
        hint_zh="请从 paused_in 中去掉，或在 counts_in 中写明一个时钟结束前工单会处于的状态",
    ),
    "clock.hidden": Text(
        en="{condition} is both {first} and {second} of the clock {clock}: {first} goes first, {second} never happens",
        zh="{condition} 同时是时钟 {clock} 的 {first} 与 {second}：{first} 在先，{second} 永远不会发生",
        hint_en="leave one of them out",
        hint_zh="请去掉其中之一",
    ),
    "clock.never_due": Text(
        en="the calendar {calendar} does not hold the target of the clock {clock}{where} that starts at {at}: it has no due instant",
        zh="时钟 {clock}{where}若于 {at} 启动，日历 {calendar} 剩余的时间不足以容纳其时限：没有到期时刻",
        hint_en="give the calendar windows that recur, or further dates",
        hint_zh="请为日历添加循环的营业时段，或更多日期",
    ),
    "clock.beyond_known": Text(
        en="the clock {clock}{where} that starts at {at} is due {due}: the calendar {calendar} is only known until {known_until}",
        zh="时钟 {clock}{where}若于 {at} 启动，将于 {due} 到期，而日历 {calendar} 只确知到 {known_until}",
        hint_en="take in the next list of holidays and move known_until; until then the due instant is provisional",
        hint_zh="请导入下一期节假日并后移 known_until；在此之前到期时刻只是暂定的",
    ),
    "clock.mark_at_start": Text(
        en="the mark {mark} lies before the start of the clock {clock}{where}, which has {within}: it warns at once",
        zh="提醒点 {mark} 早于时钟 {clock}{where}的启动（其时限为 {within}）：一启动就会预警",
        hint_en="bring it nearer to the end, or write it as a percentage",
        hint_zh="请让它更靠近终点，或改写为百分比",
    ),
    "clock.mark_late": Text(
        en="the mark {mark} of the clock {clock} comes after the breach, and no chain starts at it: it warns of nothing",
        zh="时钟 {clock} 的提醒点 {mark} 在违约之后才到，且没有升级链由它启动：起不到预警作用",
        hint_en="write less than 100% to be warned before the breach, or let a chain start at it",
        hint_zh="若要在违约前预警，请写小于 100% 的值；或让升级链由它启动",
    ),
    "clock.child_longer": Text(
        en="the clock {clock}{where} would be due {due}, after its parent {other}, due {other_due}: the parent caps it always",
        zh="时钟 {clock}{where}将于 {due} 到期，晚于其上级时钟 {other} 的 {other_due}：它总是受上级时钟限制",
        hint_en="give it less time than its parent",
        hint_zh="请让它的时限短于上级时钟",
    ),
    "clock.response_longer": Text(
        en="the clock {clock}{where} that starts at {at} is due {due}, after {other}, due {other_due}, which it must be met before",
        zh="时钟 {clock}{where}若于 {at} 启动，将于 {due} 到期，晚于应在其后达成的 {other} 的 {other_due}",
        hint_en="give the earlier step less time than the later one",
        hint_zh="请让先发生的一步时限短于后发生的一步",
    ),
    "guard.never": Text(
        en="the condition {text} never holds here",
        zh="条件 {text} 在此永远不成立",
        hint_en="remove the transition, or mend the condition",
        hint_zh="请删除该转移，或修正条件",
    ),
    "guard.always": Text(
        en="the condition {text} always holds",
        zh="条件 {text} 永远成立",
        hint_en="leave it out",
        hint_zh="可以去掉",
    ),
    "eventless.loop": Text(
        en="transitions without an event go round for ever: {states}",
        zh="无事件的转移会无限循环：{states}",
        hint_en="give one of them an event, or a condition that ends the loop",
        hint_zh="请为其中之一添加事件，或添加能结束循环的条件",
    ),
    "timer.loop": Text(
        en="timers alone lead round and round: {states}, every {period}",
        zh="仅凭定时器就会循环往复：{states}，每 {period} 一轮",
        hint_en="lead out of the circle by time, or let something end it",
        hint_zh="请让定时器最终离开循环，或让其他事件结束它",
    ),
    "field.unset": Text(
        en="{name} is read here and may still be null: only an opening sets it before",
        zh="此处读取 {name}，但它可能仍为空：此前只有开单时可以赋值",
        hint_en="write required: true, a default, or optional: true if nothing is a normal value",
        hint_zh="请写 required: true、默认值，或在允许为空时写 optional: true",
    ),
    "law.form": Text(
        en="a law says one of {known}, with when and within beside leads_to only; this one says {given}",
        zh="规律应为 {known} 之一，when 与 within 只能与 leads_to 合用；此处写的是 {given}",
        hint_en="write never: condition, always_possible: condition, or when: condition with leads_to: condition",
        hint_zh="请写 never: 条件、always_possible: 条件，或 when: 条件 与 leads_to: 条件",
    ),
    "law.refuted": Text(
        en="the law {law} does not hold: {story}",
        zh="规律“{law}”不成立：{story}",
        hint_en="mend the workflow, or the law",
        hint_zh="请修正流程，或修正该规律",
    ),
    "law.undecided": Text(
        en="whether the law {law} holds is open: {why}",
        zh="规律“{law}”是否成立未能判定：{why}",
    ),
}
