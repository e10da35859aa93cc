"""Knows the sentences about turns, edits of who takes them and who stands in, in English and Chinese; must not know any code."""

from __future__ import annotations

from servflow.errors._catalogue import Text

TEXTS: dict[str, Text] = {
    "rotation.windows_zone": Text(
        en="there are no windows whose zone this could be",
        zh="没有 windows，无从谈起它们的时区",
        hint_en="give windows, or leave windows_zone out",
        hint_zh="请给出 windows，或去掉 windows_zone",
    ),
    "rotation.duty_zone": Text(
        en="turns of duty days and windows in another zone ({zone}) do not agree on what a day is",
        zh="以值班日计的轮班与另一时区（{zone}）的 windows 对“一天”的理解不同",
        hint_en="use one zone for both, or count turns in days",
        hint_zh="请使用同一时区，或以 day 计轮班",
    ),
    "rotation.life": Text(
        en="it ends at {ends}, not after it begins at {begins}",
        zh="结束时间 {ends} 不晚于开始时间 {begins}",
        hint_en="give an end later than the beginning",
        hint_zh="结束时间应晚于开始时间",
    ),
    "rotation.anchor": Text(
        en="{value} is not one of the users",
        zh="{value} 不在人员名单中",
        hint_en="name one of {known}",
        hint_zh="请写其中之一：{known}",
    ),
    "rotation.changes": Text(
        en="two edits of the users are set for {at}",
        zh="在 {at} 有两次人员变更",
        hint_en="make them one, or give one another instant",
        hint_zh="请合并为一次，或改用不同的时刻",
    ),
    "schedule.outside": Text(
        en="the shift is not within the stretch from {start} to {end}",
        zh="该班次不在 {start} 至 {end} 这段时间之内",
        hint_en="cut it to the stretch, or make the stretch longer",
        hint_zh="请将班次截到这段时间之内，或延长这段时间",
    ),
    "schedule.instead_of": Text(
        en="an override that is to {action} covers for nobody",
        zh="{action} 类型的替班不能替代某人",
        hint_en="leave 'action' out, or leave 'instead_of' out",
        hint_zh="请去掉 action，或去掉 instead_of",
    ),
    "schedule.overlap": Text(
        en="number {other} in the list also says who is on call, instead of everybody else, from {start} to {end}",
        zh="列表中第 {other} 项在 {start} 至 {end} 也规定了由谁替代所有人值班",
        hint_en="cut one where the other begins, or make one with all users",
        hint_zh="请在另一项开始处截断其中一项，或合并为一项并写上所有人",
    ),
    "schedule.contradiction": Text(
        en="at {start} this and number {other} in the list differ about {user}: who is to come, or whether",
        zh="在 {start}，本项与列表中第 {other} 项对 {user} 的安排相互矛盾",
        hint_en="cut one where the other begins, or drop one",
        hint_zh="请在另一项开始处截断其中一项，或去掉一项",
    ),
}
