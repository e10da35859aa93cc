"""Knows the sentences about goals in English and Chinese; must not know any code."""

from __future__ import annotations

from servflow.errors._catalogue import Text

TEXTS: dict[str, Text] = {
    "goals.name": Text(
        en="{value} cannot name goals",
        zh="{value} 不能作为目标的名称",
        hint_en="write 1 to {limit} printable characters, since ids of reviews are made of it",
        hint_zh="请写 1 到 {limit} 个可打印字符，复盘工单的编号由它生成",
    ),
    "goals.twice": Text(
        en="there are two goals named {name!r}",
        zh="有两个名为“{name}”的目标",
        hint_en="give each its own name: a period is judged once for each name",
        hint_zh="请为每个目标起不同的名称：每个名称在每个周期只评定一次",
    ),
    "goals.none": Text(
        en="there is no goal here",
        zh="此处没有任何目标",
        hint_en="write at least one, such as {{name: happy customers, metric: csat, target: '>= 90 %'}}",
        hint_zh="请至少写一个，例如 {{name: 客户满意, metric: csat, target: '>= 90 %'}}",
    ),
    "goals.many": Text(
        en="{count} is more than {limit}",
        zh="{count} 超过上限 {limit}",
    ),
    "goals.metric": Text(
        en="there is no measure {value!r}",
        zh="没有名为“{value}”的指标",
        hint_en="known are {known}",
        hint_zh="可用的指标：{known}",
    ),
    "goals.no_figure": Text(
        en="the measure {value!r} gives no single figure that a target could be set for",
        zh="指标“{value}”不给出可设目标的单一数值",
        hint_en="measures with a figure are {known}",
        hint_zh="可设目标的指标：{known}",
    ),
    "goals.option": Text(
        en="the measure {metric!r} has no option {value!r}",
        zh="指标“{metric}”没有选项“{value}”",
        hint_en="its options are {known}",
        hint_zh="它的选项有：{known}",
    ),
    "goals.refused": Text(
        en="the measure {metric!r} does not take this: {why}",
        zh="指标“{metric}”不接受这样的写法：{why}",
    ),
    "goals.target": Text(
        en="{value} is no target",
        zh="{value} 不是有效的目标值",
        hint_en="write '>= 0.9', '>= 90 %', '<= 4h', or {{at_least: 0.9, at_most: 1}}",
        hint_zh="请写 '>= 0.9'、'>= 90 %'、'<= 4h' 或 {{at_least: 0.9, at_most: 1}}",
    ),
    "goals.empty_target": Text(
        en="no figure reaches this target: at least {low}, at most {high}",
        zh="没有数值能达到此目标：不低于 {low}，不高于 {high}",
    ),
    "goals.kind": Text(
        en="the measure {metric!r} is told in {unit}, and the target is {kind}",
        zh="指标“{metric}”的单位是 {unit}，而目标是 {kind}",
        hint_en="write a length of time such as 4h for times, and a number for everything else",
        hint_zh="时长类指标请写 4h 这样的时长，其余请写数字",
    ),
    "goals.part": Text(
        en="{value!r} is no part of a figure of the measure {metric!r}",
        zh="“{value}”不是指标“{metric}”数值的组成部分",
        hint_en="its parts are {known}",
        hint_zh="可用的部分：{known}",
    ),
    "goals.period": Text(
        en="{value} is no period",
        zh="{value} 不是有效的周期",
        hint_en="write one of {known}",
        hint_zh="请写其中之一：{known}",
    ),
    "goals.zone": Text(
        en="there is no time zone {value}",
        zh="没有时区 {value}",
        hint_en="write one such as Asia/Shanghai or UTC",
        hint_zh="请写 Asia/Shanghai 或 UTC 这样的时区",
    ),
    "goals.span": Text(
        en="{value} is not a span: {problem}",
        zh="{value} 不是有效的时长：{problem}",
        hint_en="write elapsed time up to {limit}, such as 24h or 3d",
        hint_zh="请写不超过 {limit} 的自然时长，例如 24h 或 3d",
    ),
    "goals.number": Text(
        en="{value} is not a whole number from {least} to {most}",
        zh="{value} 不是 {least} 到 {most} 之间的整数",
    ),
    "goals.since": Text(
        en="{value} is no day",
        zh="{value} 不是有效的日期",
        hint_en="write the first day that counts, such as 2026-11-01",
        hint_zh="请写开始计入的日期，例如 2026-11-01",
    ),
    "goals.only": Text(
        en="'only' names groups, but the goal has no 'by' that makes groups",
        zh="写了 only（分组名），但目标没有 by 来分组",
        hint_en="add by, such as by: region",
        hint_zh="请加上 by，例如 by: region",
    ),
}
