"""Knows the sentences about who is on call, in English and Chinese; must not know any code."""

from __future__ import annotations

from servflow.errors._catalogue import Text

TEXTS: dict[str, Text] = {
    "roster.order": Text(
        en="this ends at {end}, not after {start}, when it begins",
        zh="结束时间 {end} 不晚于开始时间 {start}",
        hint_en="give an end later than the start",
        hint_zh="结束时间应晚于开始时间",
    ),
    "roster.at_once": Text(
        en="{count} people are on call at one time, more than the {limit} allowed",
        zh="同一时刻有 {count} 人值班，超过上限 {limit}",
    ),
    "schedules.none": Text(
        en="there are no schedules here",
        zh="此处没有值班表",
        hint_en="write them under 'schedules', each with its name: schedules: {{hotline: {{layers: [...]}}}}",
        hint_zh="请写在 schedules 之下，每个值班表一个名称：schedules: {{hotline: {{layers: [...]}}}}",
    ),
    "schedules.no_mapping": Text(
        en="a file of on-call schedules is a mapping of keys to values, not {got}",
        zh="值班表文件应为由键和值组成的映射，而不是{got}",
        hint_en="begin with 'schedules:', and below it the name of the first one",
        hint_zh="请以 schedules: 开头，下一行写第一个值班表的名称",
    ),
    "world.no_mapping": Text(
        en="a world is a mapping of keys to values, not {got}",
        zh="世界文件应为由键和值组成的映射，而不是{got}",
        hint_en="begin with 'engineers:' or another key of a world; {{}} is a world without anybody",
        hint_zh="请以 engineers: 或世界的其他键开头；{{}} 表示空的世界",
    ),
    "world.value": Text(en="this cannot be read: {why}", zh="无法读取：{why}"),
    "world.twice": Text(
        en="the world names {name!r} twice",
        zh="“{name}”重复出现",
        hint_en="give each its own id",
        hint_zh="请使用不同的 id",
    ),
    "ical.unreadable": Text(
        en="left out, for it cannot be read: {why}",
        zh="已略去，无法读取：{why}",
    ),
    "ical.nobody": Text(
        en="{event} names nobody who is known; nobody is on call by it",
        zh="{event} 未提到任何已知人员；该班次无人值班",
        hint_en="say with people whose shift it is.",
        hint_zh="请用 people 指明这是谁的班次。",
    ),
    "ical.unknown_person": Text(
        en="{event} names {name}, whom nobody is known by",
        zh="{event} 提到 {name}，没有人使用该名称",
        hint_en="add the name to people.",
        hint_zh="请将该名称加入 people。",
    ),
    "ical.zone_assumed": Text(
        en="{event} and others name no zone, and neither does the file; their times are read as {zone}",
        zh="{event} 等未标明时区，文件也未标明；其时间按 {zone} 读取",
        hint_en="say zone.",
        hint_zh="请指定 zone。",
    ),
    "coverage.gap": Text(
        en="nobody is on call from {start} to {end}",
        zh="{start} 至 {end} 无人值班",
        hint_en="add a layer or an override for this time.",
        hint_zh="请为该时段添加层或替班。",
    ),
    "coverage.known_until": Text(
        en="the shifts are only known until {until}",
        zh="班次仅已知至 {until}",
        hint_en="read the feed again, for a later time.",
        hint_zh="请重新读取日历，并延长时间范围。",
    ),
    "coverage.unknown": Text(
        en="{user} is on call, and the world knows nobody of this id",
        zh="{user} 在值班表中，但没有该标识的人员",
        hint_en="correct the id, or add the person.",
        hint_zh="请更正标识或添加该人员。",
    ),
    "coverage.override_over": Text(
        en="the override from {start} to {end} is over",
        zh="{start} 至 {end} 的替班已过期",
        hint_en="take it out when nobody asks about that time any more.",
        hint_zh="不再需要查询该时段时可将其删除。",
    ),
    "coverage.override_temporary": Text(
        en="the override from {start} to {end} never applies: a temporary stretch replaces everything then",
        zh="{start} 至 {end} 的替班不会生效：该时段已由临时排班取代",
        hint_en="write it into the temporary stretch.",
        hint_zh="请将其写入临时排班。",
    ),
    "coverage.override_no_effect": Text(
        en="the override from {start} to {end} changes nothing: the same people are on call without it",
        zh="{start} 至 {end} 的替班不起作用：没有它值班人员也相同",
        hint_en="correct its time or its people, or take it out.",
        hint_zh="请更正其时间或人员，或将其删除。",
    ),
}
