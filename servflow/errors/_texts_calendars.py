"""Knows the sentences about calendars in English and Chinese; must not know any code."""

from __future__ import annotations

from servflow.errors._catalogue import Text

TEXTS: dict[str, Text] = {
    "calendar.zone_text": Text(
        en="a zone is the name of a time zone, not {value}",
        zh="时区应为时区名称，而不是 {value}",
        hint_en="write a name of the tz database such as Asia/Shanghai or UTC.",
        hint_zh="请填写 tz 数据库中的名称，例如 Asia/Shanghai 或 UTC。",
    ),
    "calendar.zone_unknown": Text(
        en="no time zone is named '{zone}'",
        zh="没有名为“{zone}”的时区",
        hint_en="write a name of the tz database such as Asia/Shanghai.",
        hint_zh="请填写 tz 数据库中的名称，例如 Asia/Shanghai。",
    ),
    "calendar.weekday": Text(
        en="'{key}' is not a day of the week, a range or a list of them",
        zh="“{key}”不是星期、星期范围或星期列表",
        hint_en="write mon, mon-fri or sat,sun.",
        hint_zh="请写 mon、mon-fri 或 sat,sun。",
    ),
    "calendar.weekday_twice": Text(
        en="{day} already has its windows under '{other}'",
        zh="{day} 的时段已在“{other}”中给出",
        hint_en="name each day once.",
        hint_zh="每一天只能写一次。",
    ),
    "calendar.date": Text(
        en="'{value}' is not a date",
        zh="“{value}”不是日期",
        hint_en="write it as YYYY-MM-DD.",
        hint_zh="请写成 YYYY-MM-DD。",
    ),
    "calendar.date_twice": Text(
        en="the date {date} is given twice",
        zh="日期 {date} 重复出现",
        hint_en="keep one entry with all windows of the date.",
        hint_zh="请将该日期的所有时段合并为一项。",
    ),
    "calendar.windows": Text(
        en="the windows of a day are a list, not {value}",
        zh="一天的时段应为列表，而不是 {value}",
        hint_en='write ["09:00-12:00", "13:00-18:00"], or [] for a closed day.',
        hint_zh='请写 ["09:00-12:00", "13:00-18:00"]，全天不营业写 []。',
    ),
    "calendar.window": Text(
        en="{value} is not a window of time",
        zh="{value} 不是时段",
        hint_en='write "09:00-17:00"; "22:00-06:00" ends on the next date and "00:00-24:00" is the whole day.',
        hint_zh='请写 "09:00-17:00"；"22:00-06:00" 到次日结束，"00:00-24:00" 为全天。',
    ),
    "calendar.overlap": Text(
        en="the window {window} overlaps {other} of the same day",
        zh="时段 {window} 与同一天的 {other} 重叠",
        hint_en="let one end where the other starts, or join them.",
        hint_zh="请让前一个在后一个开始时结束，或合并为一个。",
    ),
    "calendar.holidays": Text(
        en="holidays are a list of dates, not {value}",
        zh="节假日应为日期列表，而不是 {value}",
        hint_en='write ["2026-10-01", "05-01"].',
        hint_zh='请写 ["2026-10-01", "05-01"]。',
    ),
    "calendar.holiday": Text(
        en="{value} is not a holiday",
        zh="{value} 不是节假日",
        hint_en='write a date "2026-10-01", a yearly date "05-01", or a mapping with date, name and source.',
        hint_zh='请写日期 "2026-10-01"、每年的日期 "05-01"，或含 date、name、source 的映射。',
    ),
    "calendar.label": Text(
        en="{key} is a text, not {value}",
        zh="{key} 应为文本，而不是 {value}",
    ),
    "calendar.key": Text(
        en="'{key}' is not a part of a calendar",
        zh="“{key}”不是日历的组成部分",
    ),
    "calendar.mapping": Text(
        en="{key} maps days to lists of windows, and is not {value}",
        zh="{key} 应为从日期到时段列表的映射，而不是 {value}",
        hint_en='write {{"mon-fri": ["09:00-17:00"]}} or {{"2026-10-10": ["09:00-18:00"]}}.',
        hint_zh='请写 {{"mon-fri": ["09:00-17:00"]}} 或 {{"2026-10-10": ["09:00-18:00"]}}。',
    ),
    "calendar.too_many": Text(
        en="{count} entries are more than the {limit} allowed",
        zh="{count} 项超过了上限 {limit}",
    ),
    "calendar.never_opens": Text(
        en="the calendar never opens",
        zh="该日历永不开放",
        hint_en="give it at least one window that holidays and breaks leave open; clocks on it would never run.",
        hint_zh="请至少留出一个未被节假日和休息时段覆盖的时段；否则其上的时钟永远不会走。",
    ),
    "calendar.part": Text(
        en="a part of a combined calendar is a calendar, not {value}",
        zh="组合日历的组成部分应为日历，而不是 {value}",
    ),
    "calendar.parts": Text(
        en="a combined calendar has 1 to {limit} parts, not {count}",
        zh="组合日历应有 1 到 {limit} 个组成部分，而不是 {count} 个",
    ),
    "calendar.minus": Text(
        en="minus takes two calendars, not {count}",
        zh="minus 需要两个日历，而不是 {count} 个",
        hint_en="join what is to be taken away with any_of.",
        hint_zh="请用 any_of 合并要减去的部分。",
    ),
    "calendar.depth": Text(
        en="calendars are combined more than {limit} levels deep",
        zh="日历的组合层数超过 {limit} 层",
        hint_en="any_of and all_of take many parts at once.",
        hint_zh="any_of 和 all_of 可一次接受多个组成部分。",
    ),
}
