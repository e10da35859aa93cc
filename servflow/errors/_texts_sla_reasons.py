"""Knows the sentences about why a clock is due when it is, in English and Chinese; must not know any code."""

from __future__ import annotations

from servflow.errors._catalogue import Text

TEXTS: dict[str, Text] = {
    "sla.no_cycle": Text(
        en="clock {clock} has no cycle {cycle} here: the one it is in is {now}",
        zh="时钟 {clock} 在此没有第 {cycle} 周期：目前为第 {now} 周期",
        hint_en="past cycles are in the records only; pass all records of the ticket.",
        hint_zh="以前的周期只在记录中；请传入工单的全部记录。",
    ),
    "sla.why_promised": Text(
        en="Promised are {within}, counted by calendar {calendar} ({zone}).",
        zh="承诺时长为 {within}，按日历 {calendar} 计算（{zone}）。",
    ),
    "sla.why_promised_elapsed": Text(en="Promised are {within} as time passes.", zh="承诺时长为 {within}，按自然时间计算。"),
    "sla.why_written": Text(
        en="It is written as {written}, which comes to {within} from its start.",
        zh="写法为 {written}，自启动起折算为 {within}。",
    ),
    "sla.why_choice": Text(
        en="That is choice {number} of {count}: {when} holds ({values}).",
        zh="这是 {count} 个选项中的第 {number} 个：{when} 成立（{values}）。",
    ),
    "sla.why_choice_last": Text(
        en="That is choice {number} of {count}, the one for all others.",
        zh="这是 {count} 个选项中的第 {number} 个，适用于其余情况。",
    ),
    "sla.why_table": Text(en="Table {table} gives it, row {row}.", zh="由决策表 {table} 第 {row} 行给出。"),
    "sla.why_calendar_table": Text(
        en="The calendar is given by table {table}, row {row}.", zh="日历由决策表 {table} 第 {row} 行给出。"
    ),
    "sla.why_calendar": Text(
        en="Calendar {calendar} was taken because {when} holds ({values}).",
        zh="采用日历 {calendar}，因为 {when} 成立（{values}）。",
    ),
    "sla.why_idle": Text(en="The clock has not started.", zh="时钟尚未启动。"),
    "sla.why_started": Text(en="It started {started}, cycle {cycle}.", zh="于 {started} 启动，第 {cycle} 周期。"),
    "sla.why_started_by": Text(
        en="It started {started} by event {by}, cycle {cycle}.", zh="由事件 {by} 于 {started} 启动，第 {cycle} 周期。"
    ),
    "sla.why_reset": Text(en="It was reset {at} and has counted from nothing since.", zh="于 {at} 重置，此后从零开始计算。"),
    "sla.why_folded": Text(
        en="Its past up to {at} is kept as one amount: {counted} counted.", zh="{at} 之前只保留一个总数：已计入 {counted}。"
    ),
    "sla.why_target_changed": Text(
        en="{at} the target became {within} instead of {before}.", zh="{at} 目标由 {before} 改为 {within}。"
    ),
    "sla.why_carry": Text(en="What was counted until then is carried over.", zh="此前已计入的时间保留。"),
    "sla.why_restart": Text(en="It counts from there anew.", zh="从此刻起重新计算。"),
    "sla.why_recount": Text(en="All was counted again under what holds since.", zh="全部时间按新的规则重新计算。"),
    "sla.why_calendar_changed": Text(
        en="{at} calendar {calendar} began to count instead of {before}.", zh="{at} 起改用日历 {calendar}，此前为 {before}。"
    ),
    "sla.why_calendar_edited": Text(en="{at} calendar {calendar} was changed.", zh="{at} 日历 {calendar} 有改动。"),
    "sla.why_paused": Text(
        en="Paused {times} times, {elapsed} in all, of which {open} were open and did not count: {reason}.",
        zh="暂停 {times} 次，共 {elapsed}，其中 {open} 为营业时间但未计入：{reason}。",
        or_else="sla.why_paused_plain",
    ),
    "sla.why_paused_plain": Text(
        en="Paused {times} times, {elapsed} in all, of which {open} were open and did not count.",
        zh="暂停 {times} 次，共 {elapsed}，其中 {open} 为营业时间但未计入。",
    ),
    "sla.why_paused_once": Text(
        en="Paused {start} to {end}, {elapsed}, of which {open} were open and did not count: {reason}.",
        zh="{start} 至 {end} 暂停 {elapsed}，其中 {open} 为营业时间但未计入：{reason}。",
        or_else="sla.why_paused_once_plain",
    ),
    "sla.why_paused_once_plain": Text(
        en="Paused {start} to {end}, {elapsed}, of which {open} were open and did not count.",
        zh="{start} 至 {end} 暂停 {elapsed}，其中 {open} 为营业时间但未计入。",
    ),
    "sla.why_paused_more": Text(
        en="Paused {times} times more for other reasons, {elapsed} in all.", zh="另因其他原因暂停 {times} 次，共 {elapsed}。"
    ),
    "sla.why_late": Text(
        en="The clock heard {told} of what occurred {instant}, and counts from when it occurred.",
        zh="{instant} 发生的事件于 {told} 才获知，按发生时刻计算。",
    ),
    "sla.why_amended": Text(
        en="The mark {mark} recorded for {was} did not hold after all, because of what occurred {instant}.",
        zh="记录于 {was} 的提醒点 {mark} 因 {instant} 发生的事件而被更正。",
    ),
    "sla.why_all_left": Text(en="From {since} on the whole {left} are to be used up.", zh="自 {since} 起尚有全部 {left}。"),
    "sla.why_left": Text(
        en="{counted} were counted before; from {since} on {left} are left.",
        zh="此前已计入 {counted}；自 {since} 起剩余 {left}。",
    ),
    "sla.why_none_left": Text(
        en="{counted} were counted before {since}: nothing was left of {within}.",
        zh="{since} 之前已计入 {counted}：{within} 已用尽。",
    ),
    "sla.why_holidays": Text(en="Holidays on the way do not count: {days}.", zh="途中的节假日不计入：{days}。"),
    "sla.why_shifts": Text(en="Days on the way have hours of their own: {days}.", zh="途中有特别安排的日期：{days}。"),
    "sla.why_breaks": Text(en="Breaks on the way do not count: {days}.", zh="途中的停歇不计入：{days}。"),
    "sla.why_used_up": Text(
        en="They are used up {found}: {elapsed} pass until then, {closed} of them closed.",
        zh="于 {found} 用尽：其间经过 {elapsed}，其中 {closed} 为非营业时间。",
    ),
    "sla.why_passed": Text(en="They pass without a break, until {found}.", zh="中间没有间断，于 {found} 届满。"),
    "sla.why_left_limit": Text(
        en="That is a closing time: with it the time is used up, so it is due then and not when it opens again, {opening}.",
        zh="这是营业结束时刻：时间到此用尽，因此以此为到期，而不是再次营业的 {opening}。",
    ),
    "sla.why_last_closing": Text(
        en="That is a closing time: with it the time is used up.", zh="这是营业结束时刻：时间到此用尽。"
    ),
    "sla.why_over_only": Text(
        en="It is breached by more than the target only (breached_by: over), so it is due when more begins to count, {due}.",
        zh="只有超量才算违约（breached_by: over），因此到期为继续计时的 {due}。",
    ),
    "sla.why_floor_resume": Text(
        en="A clock is never due before it last went on, {floor}.", zh="到期时刻不会早于最近一次恢复计时的 {floor}。"
    ),
    "sla.why_floor_change": Text(
        en="A clock is never due before its target or calendar last changed, {floor}.",
        zh="到期时刻不会早于目标或日历最近一次变更的 {floor}。",
    ),
    "sla.why_cap": Text(
        en="It is never due after clock {parent}, which is due {cap}.", zh="到期时刻不会晚于时钟 {parent} 的 {cap}。"
    ),
    "sla.why_cap_alone": Text(
        en="It is never due after the clock it belongs to, which is due {cap}.", zh="到期时刻不会晚于其上级时钟的 {cap}。"
    ),
    "sla.why_earlier": Text(
        en="Under what holds now it would be {found}; it stays as worked out before the target, the calendar or the past changed.",
        zh="按现行规则应为 {found}；仍以目标、日历或历史变更之前的结果为准。",
    ),
    "sla.why_never": Text(
        en="The calendar does not open for that long, so there is no due instant.",
        zh="日历没有足够的营业时间，因此没有到期时刻。",
    ),
    "sla.why_due": Text(en="So it is due {due}, {left} from now.", zh="因此应于 {due} 前完成，还剩 {left}。"),
    "sla.why_due_ended": Text(en="So it was due {due}.", zh="因此应于 {due} 前完成。"),
    "sla.why_provisional": Text(
        en="The calendar is known until {known_until} only: this may still change.",
        zh="日历只确定到 {known_until}：结果仍可能变化。",
    ),
    "sla.why_provisional_now": Text(en="This may still change with the calendar.", zh="结果仍可能随日历变化。"),
    "sla.why_shown": Text(en="It is shown as {display}, when it opens again.", zh="对外显示为再次营业的 {display}。"),
    "sla.why_breached": Text(
        en="It is breached since {due}: then it was neither stopped nor paused.", zh="自 {due} 起违约：届时既未停止也未暂停。"
    ),
    "sla.why_met": Text(en="It was stopped {stopped}, in time.", zh="于 {stopped} 停止，按时完成。"),
    "sla.why_met_late": Text(en="It was stopped {stopped}, too late.", zh="于 {stopped} 停止，已超时。"),
    "sla.why_cancelled": Text(
        en="It was cancelled {stopped}: {reason}.",
        zh="于 {stopped} 取消：{reason}。",
        or_else="sla.why_cancelled_plain",
    ),
    "sla.why_cancelled_plain": Text(
        en="It was cancelled {stopped}.",
        zh="于 {stopped} 取消。",
    ),
    "sla.why_resting": Text(
        en="It is paused with {left} left, so nothing is due; resumed now it would be due {due}.",
        zh="已暂停，剩余 {left}，因此没有到期时刻；若现在恢复，应于 {due} 前完成。",
    ),
    "sla.why_resting_never": Text(
        en="It is paused with {left} left, so nothing is due.", zh="已暂停，剩余 {left}，因此没有到期时刻。"
    ),
    "sla.why_not_over": Text(
        en="Breached, and yet not over: {counted} of {within} are counted, as only closed time or a changed target lies beyond.",
        zh="已违约但未超量：{within} 中已计入 {counted}，超出部分只是非营业时间或目标变更。",
    ),
    "sla.why_not_breached": Text(
        en="Over, and yet not breached: {counted} of {within} are counted, by a target or calendar that came later.",
        zh="已超量但未违约：{within} 中已计入 {counted}，目标或日历是之后才变更的。",
    ),
    "sla.why_waived": Text(en="The breach is excused: {reason}.", zh="违约已豁免：{reason}。"),
}
