"""Knows the sentences about queues and appointments in English and Chinese; must not know any code."""

from __future__ import annotations

from servflow.errors._catalogue import Text

TEXTS: dict[str, Text] = {
    "dispatch.order_twice": Text(en="{name!r} is listed twice", zh="{name} 列了两次"),
    "dispatch.cell": Text(
        en="{value} is not a multiple of {cell} minutes",
        zh="{value} 不是 {cell} 分钟的整数倍",
        hint_en="people's time is reserved in cells of {cell} minutes",
        hint_zh="人员时间以 {cell} 分钟为单位预留",
    ),
    "dispatch.starts": Text(
        en="so many days at this step are up to {count} visits to choose from, more than the {limit} allowed",
        zh="按此间隔和天数最多会有 {count} 个可选时段，超过上限 {limit}",
        hint_en="offer fewer days, or a longer step",
        hint_zh="请减少天数或加大间隔",
    ),
    "dispatch.appointment_minutes": Text(en="{reason}", zh="上门时长有误：{reason}"),
    "dispatch.appointment_zone": Text(
        en="it is not said on which wall clock visits begin",
        zh="没有说明上门时间以哪个时区的钟表为准",
        hint_en="write a zone such as Asia/Shanghai, or a calendar",
        hint_zh="请写时区（如 Asia/Shanghai）或日历",
    ),
    "dispatch.zone": Text(
        en="there is no time zone {zone!r}",
        zh="没有时区 {zone}",
        hint_en="write a name such as Asia/Shanghai",
        hint_zh="请写 Asia/Shanghai 这样的名称",
    ),
    "dispatch.exact_span": Text(
        en="{span} has no length before it begins",
        zh="{span} 在开始之前没有确定的长度",
        hint_en="write hours or days, such as 2h or 1d",
        hint_zh="请写小时或天，如 2h、1d",
    ),
    "dispatch.appointment_missing": Text(
        en="the mode appointment needs to know which visits can be booked",
        zh="appointment 方式须说明可预约哪些时段",
        hint_en="add appointment: {{zone: Asia/Shanghai, minutes: 60}}",
        hint_zh="请加上 appointment: {{zone: Asia/Shanghai, minutes: 60}}",
    ),
    "dispatch.part_unused": Text(
        en="{key} says nothing here: the mode never becomes {mode}",
        zh="{key} 在此无效：派单方式不会变为 {mode}",
        hint_en="write mode: {mode}, or remove it",
        hint_zh="请写 mode: {mode}，或删去它",
    ),
    "dispatch.verdict.fail.booked": Text(
        en="{candidate} is with another customer then ({have})", zh="{candidate} 届时在其他客户处（{have}）"
    ),
    "dispatch.verdict.pass.booked": Text(en="{candidate} is with nobody else then", zh="{candidate} 届时没有其他预约"),
    "dispatch.sum.booked": Text(en="{count} booked by other customers then", zh="{count} 个届时已被其他客户预约"),
}
