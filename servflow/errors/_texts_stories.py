"""Knows the sentences about stories in English and Chinese; must not know any code."""

from __future__ import annotations

from servflow.errors._catalogue import Text

TEXTS: dict[str, Text] = {
    "story.none": Text(
        en="there is no story here",
        zh="此处没有任何故事",
        hint_en="write at least one, such as {{story: a repair, given: {{}}, steps: [{{then: {{state: new}}}}]}}",
        hint_zh="请至少写一个，例如 {{story: 一次维修, given: {{}}, steps: [{{then: {{state: new}}}}]}}",
    ),
    "story.many": Text(en="{count} {what} are more than {limit}", zh="{what} {count} 超过上限 {limit}"),
    "story.twice": Text(
        en="there are two stories {name!r}",
        zh="有两个名为“{name}”的故事",
        hint_en="give each its own words, since reports name them by these",
        hint_zh="请使用不同的文字，报告以此称呼它们",
    ),
    "story.zone": Text(
        en="there is no time zone {value}",
        zh="没有时区 {value}",
        hint_en="write one such as Europe/Berlin, Asia/Shanghai or UTC",
        hint_zh="请写 Europe/Berlin、Asia/Shanghai 或 UTC 这样的时区",
    ),
    "story.moment": Text(
        en="{value} is no time",
        zh="{value} 不是有效的时刻",
        hint_en="write a wall time such as '2026-03-02 09:00' or '09:00', or an instant such as 2026-03-02T09:00:00+01:00",
        hint_zh="请写 '2026-03-02 09:00' 或 '09:00' 这样的当地时间，或 2026-03-02T09:00:00+08:00 这样的时刻",
    ),
    "story.gap": Text(
        en="no wall clock in {zone} shows {value}: it is put forward over it",
        zh="{zone} 的时钟不会显示 {value}：当时拨快跳过",
        hint_en="write another time, or an instant with its offset",
        hint_zh="请换一个时间，或写带偏移的时刻",
    ),
    "story.start": Text(
        en="nobody says when this story begins",
        zh="没有写明故事何时开始",
        hint_en="write start at the top, such as start: '2026-03-02 09:00', or at under given",
        hint_zh="请在开头写 start，例如 start: '2026-03-02 09:00'，或在 given 下写 at",
    ),
    "story.span": Text(
        en="{value} is no length of time that passes: {why}",
        zh="{value} 不是可经过的时长：{why}",
        hint_en="write 30m, 2h or 3d; time that a calendar counts is not what passes: write at, such as at: '2026-03-04 10:00'",
        hint_zh="请写 30m、2h 或 3d；按日历计算的时间不等于流逝的时间：请用 at，例如 at: '2026-03-04 10:00'",
    ),
    "story.both": Text(
        en="a step has either 'at' or 'after', not both",
        zh="一个步骤只能写 at 或 after 之一",
    ),
    "story.alone": Text(
        en="{key!r} says nothing without {needs}",
        zh="缺少 {needs} 时，“{key}”没有意义",
        hint_en="add {needs}, or leave {key!r} out",
        hint_zh="请补上 {needs}，或去掉“{key}”",
    ),
    "story.ticket_twice": Text(en="the ticket {name!r} is opened twice", zh="工单“{name}”开了两次"),
    "story.file": Text(
        en="{file} cannot be read from here: {why}",
        zh="无法从此处读取 {file}：{why}",
        hint_en="name a .yaml or .json file in the directory of the stories, or pass what it defines",
        hint_zh="请写故事文件所在目录中的 .yaml 或 .json 文件，或直接传入其内容",
    ),
    "story.broken": Text(
        en="{file} does not load: {why}",
        zh="{file} 无法载入：{why}",
        hint_en="see all of it with servflow check {file}",
        hint_zh="用 servflow check {file} 查看全部问题",
    ),
    "story.no_workflow": Text(
        en="nobody gave the workflow {name!r} that these stories need",
        zh="没有提供这些故事所需的流程“{name}”",
        hint_en="put {name}.yaml beside the stories, name its file under beside, or give --workflow FILE",
        hint_zh="请把 {name}.yaml 放在同一目录，或在 beside 下写明文件，或给出 --workflow FILE",
    ),
    "story.word": Text(
        en="{value!r} is none of {known}",
        zh="“{value}”不在以下各项之中：{known}",
    ),
    "story.value": Text(en="{value} does not fit {name}: {why}", zh="{value} 不适合 {name}：{why}"),
    "story.never_told": Text(
        en="no part of the workflow ever sends the template {name!r}",
        zh="流程中没有任何部分会发送模板“{name}”",
        hint_en="known are {known}",
        hint_zh="已有：{known}",
    ),
    "story.example": Text(
        en="the story never uses {{{name}}}, which its examples give",
        zh="示例给出了 {{{name}}}，但故事中没有用到",
        hint_en="write {{{name}}} where its value belongs, in quotes",
        hint_zh="请在需要该值的地方写上带引号的 {{{name}}}",
    ),
    "story.placeholder": Text(
        en="no example gives {{{name}}}",
        zh="有示例没有给出 {{{name}}}",
        hint_en="give it in each row of examples; known are {known}",
        hint_zh="请在 examples 的每一行给出；已有：{known}",
    ),
    # what went otherwise than told
    "story.differs": Text(en="{what} is {found}, expected {wanted}", zh="{what} 为 {found}，应为 {wanted}"),
    "story.refused": Text(en="{event} was refused ({code}): {told}", zh="{event} 被拒绝（{code}）：{told}"),
    "story.allowed": Text(
        en="{event} was allowed, expected it to be refused ({wanted})", zh="{event} 被允许，应被拒绝（{wanted}）"
    ),
    "story.refused_otherwise": Text(
        en="{event} was refused with {code}, expected {wanted}: {told}",
        zh="{event} 以 {code} 被拒绝，应为 {wanted}：{told}",
    ),
    "story.not_told": Text(
        en="{wanted} was sent {count} since the last look, expected {times}; sent were: {found}",
        zh="自上次核对以来 {wanted} 发送了 {count}，应为{times}；已发送：{found}",
    ),
    "story.told": Text(
        en="sent since the last look: {found}, expected nobody to be told", zh="自上次核对以来已发送：{found}，本不应通知任何人"
    ),
    "story.unavailable": Text(
        en="{event} is refused to {actor}, expected it to be available", zh="{actor} 不能执行 {event}，本应可以执行"
    ),
    "story.available": Text(
        en="{event} is available to {actor}, expected it to be refused", zh="{actor} 可以执行 {event}，本应被拒绝"
    ),
    "story.back": Text(
        en="{at} lies before the step before, at {now}",
        zh="{at} 早于上一步的 {now}",
        hint_en="stories go forward only",
        hint_zh="故事只能向前推进",
    ),
    "story.far": Text(en="this step lies after the year {year}, where no story goes", zh="此步骤晚于 {year} 年，故事不能到达"),
    "story.no_ticket": Text(en="no ticket {name!r} was opened", zh="没有开过工单“{name}”"),
    "story.failed": Text(en="{what} failed: {told}", zh="{what} 失败：{told}"),
}
