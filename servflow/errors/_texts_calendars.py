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
        hint_en="give it a window that holidays, breaks and the calendars beside it leave open; clocks on it would never run.",
        hint_zh="请至少留出一个未被节假日、休息时段及与之组合的日历排除的时段；否则其上的时钟永远不会走。",
    ),
    "calendar.part": Text(
        en="a part of a combined calendar is a calendar, not {value}",
        zh="组合日历的组成部分应为日历，而不是 {value}",
        hint_en="write the part out, with its zone and week; a name is not looked up here.",
        hint_zh="请在此写出完整的日历（zone 与 week）；这里不按名称查找。",
    ),
    "calendar.parts": Text(
        en="a combined calendar has 1 to {limit} parts, not {count}",
        zh="组合日历应有 1 到 {limit} 个组成部分，而不是 {count} 个",
        hint_en="list its parts, each with its zone and week.",
        hint_zh="请列出各组成部分，每个都写明 zone 与 week。",
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
    "calendar.dates": Text(
        en="{key} are a list of dates, not {value}",
        zh="{key} 应为日期列表，而不是 {value}",
        hint_en='write ["2026-10-10"].',
        hint_zh='请写 ["2026-10-10"]。',
    ),
    "calendar.covers": Text(
        en="covers are the first and the last date of a list, not {value}",
        zh="covers 应为列表的首尾日期，而不是 {value}",
        hint_en='write ["2026-01-01", "2026-12-31"].',
        hint_zh='请写 ["2026-01-01", "2026-12-31"]。',
    ),
    "calendar.list_unknown": Text(
        en="no list of holidays is named '{name}'; known: {known}",
        zh="没有名为“{name}”的节假日列表；已登记：{known}",
        hint_en="the host registers lists by name: Extensions(holidays={{'china': ...}}).",
        hint_zh="节假日列表由宿主按名称登记：Extensions(holidays={{'china': ...}})。",
    ),
    "calendar.list_failed": Text(
        en="the list of holidays '{name}' could not be had: {why}",
        zh="无法取得节假日列表“{name}”：{why}",
        hint_en="this is the host's to mend: its source gives a HolidayList, or a mapping of the same parts.",
        hint_zh="需由宿主修正：来源应给出 HolidayList 或同样结构的映射。",
    ),
    "calendar.list_alone": Text(
        en="an entry that names a list holds nothing else, and not '{key}'",
        zh="引用列表的条目不能再含其他键，而此处有“{key}”",
        hint_en="write {{list: china}}.",
        hint_zh="请写 {{list: china}}。",
    ),
    "calendar.own_kept": Text(
        en="the calendar's own hours stay ({own}); the list says {listed}",
        zh="保留日历自己的时段（{own}）；列表为 {listed}",
        hint_en="take the entry out of the calendar, or replace what it has, if the list is right.",
        hint_zh="若以列表为准，请删除日历中的条目或选择替换。",
    ),
    "calendar.no_hours": Text(
        en="make-up workdays meet no week: the calendar has no hours on any weekday ({dates})",
        zh="补班日没有可用的时段：日历每周都没有工作时段（{dates}）",
        hint_en="give the hours of these dates as shifts.",
        hint_zh="请用 shifts 给出这些日期的时段。",
    ),
    "calendar.hours_differ": Text(
        en="weekdays have different hours; make-up workdays get {hours}, which most of them have ({dates})",
        zh="各工作日时段不同；补班日采用多数工作日的 {hours}（{dates}）",
        hint_en="give the hours of make-up workdays if they are others.",
        hint_zh="若补班日时段不同，请另行给出。",
    ),
    "calendar.older": Text(
        en="the list is sure until {listed} only, and the calendar already until {known_until}",
        zh="列表仅确定至 {listed}，而日历已确定至 {known_until}",
        hint_en="known_until stays; is there a newer list?",
        hint_zh="known_until 保持不变；是否有更新的列表？",
    ),
    "calendar.gap": Text(
        en="the list begins on {first}, and nobody spoke of the time after {known_until}",
        zh="列表始于 {first}，而 {known_until} 之后的时间没有依据",
        hint_en="known_until stays; lay the years between over the calendar first.",
        hint_zh="known_until 保持不变；请先补上中间的年份。",
    ),
    "calendar.stays": Text(
        en="the calendar works on {dates}, which its week and the list do not; these dates stay",
        zh="日历在 {dates} 上班，而其每周时段和列表均未列出；这些日期保留",
        hint_en="take out those that an earlier list made make-up workdays.",
        hint_zh="若其来自旧列表的补班日，请删除。",
    ),
}
