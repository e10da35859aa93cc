"""Knows the sentences about why a table decides as it does, and about its cases, in English and Chinese; must not know any code."""

from __future__ import annotations

from servflow.errors._catalogue import Text

TEXTS: dict[str, Text] = {
    "rules.row_beaten": Text(en="row {row} matches, but row {by} comes first", zh="第 {row} 行匹配，但第 {by} 行先于它"),
    "rules.row_not_in_force": Text(
        en="row {row} does not match: it is in force in {cell}, and it is {value}",
        zh="第 {row} 行不匹配：生效期为 {cell}，而当前时刻是 {value}",
    ),
    "rules.cases_form": Text(
        en="cases must be a list of at most {limit} cases, not {value!r}",
        zh="cases 必须是最多 {limit} 个用例的列表，而不是 {value!r}",
        hint_en="write cases: [{{given: {{tier: gold}}, expected: {{total: 0}}}}]",
        hint_zh="例如 cases: [{{given: {{tier: gold}}, expected: {{total: 0}}}}]",
    ),
    "rules.case_form": Text(
        en="a case is a mapping with given and expected or row, not {value!r}",
        zh="用例应为含 given 以及 expected 或 row 的映射，而不是 {value!r}",
    ),
    "rules.case_nothing": Text(
        en="the case expects nothing",
        zh="该用例没有写明期望的结果",
        hint_en="write expected: with the outputs, or row: with the deciding row; expected: null where no row should match",
        hint_zh="请写 expected（输出）或 row（决定结果的行）；应无匹配时写 expected: null",
    ),
    "rules.case_name": Text(
        en="the case names {name!r}, which the table does not know",
        zh="用例中的 {name!r} 不是该表的名称",
        hint_en="the names are: {known}",
        hint_zh="可用的名称：{known}",
    ),
    "rules.case_value": Text(en="{value!r} does not fit: expected {expected}", zh="值 {value!r} 不符合要求：应为 {expected}"),
    "rules.case_at": Text(
        en="at is an instant with its offset, not {value!r}",
        zh="at 应为带时差的时刻，而不是 {value!r}",
        hint_en="write 2026-03-02T09:00:00+08:00",
        hint_zh="例如 2026-03-02T09:00:00+08:00",
    ),
    "rules.case_expected": Text(
        en="{value!r} is not what the hit policy {hit} gives",
        zh="{value!r} 不是命中策略 {hit} 会给出的结果",
        hint_en="write a mapping of outputs, a list of them for a policy that gives several, or null",
        hint_zh="请写输出的映射；给出多个结果的策略写映射的列表；无匹配写 null",
    ),
    "rules.case_row_form": Text(
        en="under the hit policy {hit} row is a number from 0 or an id, not {value!r}",
        zh="命中策略 {hit} 下，row 应为从 0 起的行号或行的 id，而不是 {value!r}",
        hint_en="a list of them fits a policy that gives several",
        hint_zh="只有给出多个结果的策略才能写列表",
    ),
    "rules.case_row": Text(
        en="there is no row {row!r}: the table has {rows} rows, counted from 0",
        zh="没有第 {row!r} 行：该表共 {rows} 行，从 0 起计数",
        hint_en="its ids are: {ids}",
        hint_zh="已有的 id：{ids}",
    ),
    "rules.case_failed": Text(
        en="table {table}, case {case}: expected {expected}; it gives {got}",
        zh="决策表 {table} 的用例 {case}：期望 {expected}；实际为 {got}",
        hint_en="{why}",
        hint_zh="{why}",
    ),
    "rules.told_result": Text(en="{table} gives {outputs}, by row {rows}", zh="{table} 的结果是 {outputs}，依据第 {rows} 行"),
    "rules.told_default": Text(
        en="{table}: no row matches, so the defaults stand: {outputs}", zh="{table}：没有行匹配，采用默认值：{outputs}"
    ),
    "rules.told_nothing": Text(en="{table}: no row matches", zh="{table}：没有行匹配"),
    "rules.told_undecided": Text(en="{table} cannot decide: {problem}", zh="{table} 无法决策：{problem}"),
    "rules.told_because": Text(en="row {row} matches:", zh="第 {row} 行匹配："),
    "rules.told_always": Text(en="row {row} matches whatever the fields are", zh="第 {row} 行对任何字段值都匹配"),
    "rules.told_condition": Text(en="{input} is {value}; the cell asks for {cell}", zh="{input} 为 {value}；单元格要求 {cell}"),
    "rules.told_condition_reading": Text(
        en="{input} is {value}; the cell asks for {cell}, with {reads}",
        zh="{input} 为 {value}；单元格要求 {cell}，其中 {reads}",
    ),
    "rules.told_value": Text(en="{text} is {value}", zh="{text} 为 {value}"),
    "rules.told_period": Text(
        en="it is {value}; the row is in force in {cell}", zh="当前时刻是 {value}；该行的生效期为 {cell}"
    ),
    "rules.told_in_force": Text(en="it is in force in {period}", zh="生效期为 {period}"),
    "rules.told_computed": Text(en="{output} is {value}: {cell}, with {reads}", zh="{output} 为 {value}：{cell}，其中 {reads}"),
    "rules.told_losing": Text(en="the other rows ({count}):", zh="其余各行（{count} 行）："),
    "rules.told_more": Text(en="and {count} more", zh="另有 {count} 行"),
    "rules.told_nearest": Text(
        en="the nearest miss is row {row}; conditions against it: {count}",
        zh="最接近匹配的是第 {row} 行；不满足的条件数：{count}",
    ),
    "rules.told_no_miss": Text(en="every row matches", zh="所有行都匹配"),
    "rules.told_apart": Text(en="{condition}; {to} would do, {by} away", zh="{condition}；改为 {to} 即可，相差 {by}"),
    "rules.told_needs": Text(en="{condition}; {to} would do", zh="{condition}；改为 {to} 即可"),
    "rules.told_needs_other": Text(en="{condition}; another value would do", zh="{condition}；改为其他值即可"),
    "rules.told_change": Text(en="the smallest change that alters the result:", zh="能改变结果的最小改动："),
    "rules.told_change_found": Text(
        en="the smallest change found that alters the result:", zh="已找到的能改变结果的最小改动："
    ),
    "rules.told_becomes": Text(en="{field}: {to} instead of {old}", zh="{field}：由 {old} 改为 {to}"),
    "rules.told_another": Text(
        en="{field}: another value than {old}, such as {to}", zh="{field}：改为 {old} 以外的值，例如 {to}"
    ),
    "rules.told_then": Text(en="then it gives {outputs}, by row {rows}", zh="则结果是 {outputs}，依据第 {rows} 行"),
    "rules.told_then_none": Text(en="then no row matches, and it gives {outputs}", zh="则没有行匹配，结果是 {outputs}"),
    "rules.told_more_rules": Text(en="and {count} more rules", zh="另有 {count} 条规则"),
    "rules.told_nearest_rule": Text(
        en="the nearest miss is {rule}; conditions against it: {count}", zh="最接近成立的是 {rule}；不满足的条件数：{count}"
    ),
    "rules.told_change_rules": Text(
        en="the smallest change found after which other rules act:", zh="已找到的会使其他规则执行的最小改动："
    ),
    "rules.told_then_rules": Text(en="then these act: {fired}; and it sets {outputs}", zh="则执行：{fired}；并设置 {outputs}"),
    "rules.told_no_change_none": Text(en="no change of its inputs alters the result", zh="无论怎样改变输入，结果都不变"),
    "rules.told_no_change_budget": Text(
        en="no smallest change is told: there is too much to look at", zh="未给出最小改动：需要考察的组合过多"
    ),
    "rules.told_no_change_open": Text(
        en="no change that alters the result was found; cells that read fields leave open whether there is one",
        zh="没有找到能改变结果的改动；有单元格读取字段，无法断定是否存在",
    ),
}
