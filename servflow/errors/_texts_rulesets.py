"""Knows the sentences about sets of rules in English and Chinese; must not know any code."""

from __future__ import annotations

from servflow.errors._catalogue import Text

TEXTS: dict[str, Text] = {
    "rules.priority": Text(
        en="a priority is a whole number from 1, the highest, not {value}",
        zh="优先级必须是从 1（最高）起的整数，而不是 {value}",
        hint_en="leave it out for a rule that comes after all with one",
        hint_zh="不填则排在所有带优先级的规则之后",
    ),
    "rules.word": Text(
        en="this must be text of 1 to {limit} characters, not {value}",
        zh="此处必须是 1 到 {limit} 个字符的文本，而不是 {value}",
    ),
    "rules.rule_labels": Text(
        en="labels are a list of at most {limit} words, not {value}", zh="labels 必须是最多 {limit} 个词的列表，而不是 {value}"
    ),
    "rules.period_zone": Text(
        en="the date {value} begins at midnight somewhere: the rule does not say in which zone",
        zh="日期 {value} 从某地的零点算起，而规则没有写明时区",
        hint_en="write effective: {{start: ..., end: ..., zone: Asia/Shanghai}}, or an instant with its offset",
        hint_zh="写成 effective: {{start: ..., end: ..., zone: Asia/Shanghai}}，或带时差的时刻",
    ),
    "rules.score_form": Text(
        en="score must be a list of at most {limit} weighted conditions, not {value}",
        zh="score 必须是最多 {limit} 个带权重条件的列表，而不是 {value}",
        hint_en="write score: [{{when: amount > 1000, weight: 30}}], threshold: 50",
        hint_zh="例如 score: [{{when: amount > 1000, weight: 30}}], threshold: 50",
    ),
    "rules.term_form": Text(
        en="a weighted condition is a mapping with when and weight, not {value}",
        zh="带权重的条件应为含 when 和 weight 的映射，而不是 {value}",
    ),
    "rules.weight": Text(
        en="this must be a number of at most 9 digits and {digits} after the point, not {value}",
        zh="此处必须是最多 9 位整数、{digits} 位小数的数，而不是 {value}",
    ),
    "rules.score_long": Text(
        en="the score is too much for one rule: {problem}",
        zh="一条规则的 score 太大：{problem}",
        hint_en="spread it over several rules that add to a field, or use a decision table",
        hint_zh="拆成几条规则累加到一个字段，或改用决策表",
    ),
    "rules.threshold": Text(
        en="a rule with a score needs a threshold: the sum from which it holds",
        zh="带 score 的规则需要 threshold，即达到多少分成立",
        hint_en="write threshold: 50",
        hint_zh="例如 threshold: 50",
    ),
    "rules.threshold_alone": Text(
        en="there is a threshold, {value}, but no score to be compared with it",
        zh="有 threshold {value}，却没有可与之比较的 score",
        hint_en="write score: [{{when: ..., weight: ...}}], or drop threshold",
        hint_zh="写上 score: [{{when: ..., weight: ...}}]，或删去 threshold",
    ),
    "rules.rule_form": Text(
        en="a rule is a mapping with name, when and then, not {value}", zh="规则应为含 name、when、then 的映射，而不是 {value}"
    ),
    "rules.rule_keys": Text(en="the rule cannot be read: {why}", zh="无法读取规则：{why}"),
    "rules.not_fields": Text(
        en="rules decide on a mapping of names to values, not on {value}", zh="规则只能对名称到值的映射作出决定，而不是 {value}"
    ),
    "rules.set_at": Text(
        en="{set}: some rules are in force for a time only, and no instant was given",
        zh="{set}：有规则只在一段时间内有效，但没有给出时刻",
        hint_en="pass at=...",
        hint_zh="请传入 at=...",
    ),
    "rules.endless": Text(
        en="{set}: rules acted again more than {limit} times in one step without coming to rest; these set each other off: {rules}",
        zh="{set}：规则在一步之内重复执行超过 {limit} 次仍未停下，以下规则互相触发：{rules}",
    ),
    "rules.rule_fired": Text(en="{rule} acted", zh="{rule} 已执行"),
    "rules.rule_scored": Text(
        en="{rule} acted: its score is {score}, and {threshold} is enough",
        zh="{rule} 已执行：得分 {score}，达到 {threshold} 即成立",
    ),
    "rules.rule_not_in_force": Text(
        en="{rule} did not act: it is in force from {start} until {end}", zh="{rule} 未执行：有效期为 {start} 起至 {end} 止"
    ),
    "rules.rule_stopped": Text(
        en="{rule} was not asked: {by} acted and closes the group", zh="{rule} 未被询问：{by} 已执行并结束了该组"
    ),
    "rules.rule_fails": Text(en="{rule} did not act: {saw}", zh="{rule} 未执行：{saw}"),
    "rules.rule_scores_less": Text(
        en="{rule} did not act: its score is {score}, below {threshold}", zh="{rule} 未执行：得分 {score}，低于 {threshold}"
    ),
    "rules.rule_changed": Text(
        en="{rule} did not act: it holds only by what rules changed afterwards",
        zh="{rule} 未执行：仅在规则随后的改动之后才成立",
    ),
    "rules.rule_dead": Text(
        en="the rule {rule} never holds: there are no values for {parts}",
        zh="规则 {rule} 永远不会成立：没有值能满足 {parts}",
    ),
    "rules.rule_redundant": Text(en="the rule {rule} says what {by} says", zh="规则 {rule} 与 {by} 完全相同"),
    "rules.rule_shadowed": Text(
        en="the rule {rule} never acts: whenever it holds, so does {by}, which comes first and closes the group",
        zh="规则 {rule} 永远不会执行：它成立时 {by} 也成立，且排在前面并结束该组",
        hint_en="put it before {by}, or give it a group of its own",
        hint_zh="请排到 {by} 之前，或放入单独的组",
    ),
    "rules.rule_conflict": Text(
        en="the rules {by} and {rule} may hold together and set {name} to different values; only their place in the document decides",
        zh="规则 {by} 与 {rule} 可能同时成立，却把 {name} 设为不同的值，结果仅取决于先后位置",
        hint_en="give one a priority, or have one stop the other",
        hint_zh="请设置优先级，或用 stop 让其中一条排除另一条",
    ),
    "rules.cycle": Text(
        en="rules set each other off: {path}",
        zh="规则互相触发：{path}",
        hint_en="see to it that it comes to rest: a condition that ends it, or stop within one group",
        hint_zh="请确保能停下来：用条件终止，或在同组中使用 stop",
    ),
    "rules.endless_cycle": Text(
        en="rules set each other off without coming to rest, with {values} for one: {path}",
        zh="规则互相触发且不会停下，例如 {values}：{path}",
        hint_en="end it by a condition, or by stop within one group",
        hint_zh="请用条件终止，或在同组中使用 stop",
    ),
    "rules.rules_undecided": Text(
        en="at least {count} questions about rules were not decided", zh="至少有 {count} 个关于规则的问题未能判定"
    ),
}
