"""Knows the sentences about a definition that changes, in English and Chinese; must not know any code."""

from __future__ import annotations

from servflow.errors._catalogue import Text

TEXTS: dict[str, Text] = {
    "diff.added": Text(en="{what} is new", zh="新增{what}"),
    "diff.removed": Text(en="{what} is gone", zh="删除了{what}"),
    "diff.changed": Text(en="{path} was {old} and is {new}", zh="{path} 由 {old} 改为 {new}"),
    "diff.moved": Text(en="{path} stand in another order: {new}", zh="{path} 的顺序变了：{new}"),
    "refused.migration": Text(
        en="ticket {ticket} cannot be migrated: {why}",
        zh="工单 {ticket} 无法迁移：{why}",
    ),
    "migration.state_removed": Text(
        en="state '{name}' is gone, and nothing says where its tickets go",
        zh="状态“{name}”已删除，且未说明其中的工单去向",
        hint_en="pass states={{'{name}': '<one of {known}>'}}",
        hint_zh="请传入 states={{'{name}': '<{known} 之一>'}}",
    ),
    "migration.state_renamed": Text(
        en="state '{name}' is gone and '{suggested}' looks like it under a new name",
        zh="状态“{name}”已删除，“{suggested}”像是它的新名称",
        hint_en="confirm it with states={{'{name}': '{suggested}'}}, or name another state",
        hint_zh="请用 states={{'{name}': '{suggested}'}} 确认，或指定其他状态",
    ),
    "migration.name_unknown": Text(
        en="{section} names '{name}', which the {side} definition does not have",
        zh="{section} 中的“{name}”在{side}定义中不存在",
        hint_en="known are {known}",
        hint_zh="已有：{known}",
    ),
    "migration.answer": Text(
        en="{section} says '{value}' for '{name}'; it may be {known}",
        zh="{section} 对“{name}”给出“{value}”；可为 {known}",
    ),
    "migration.configuration": Text(
        en="the states {targets} cannot be active together in the new definition",
        zh="状态 {targets} 在新定义中不能同时处于活动状态",
        hint_en="map the states of this ticket so that each region has one",
        hint_zh="请调整映射，使每个并行区域各有一个状态",
    ),
    "migration.field_removed": Text(
        en="field '{name}' is gone and its values would be lost",
        zh="字段“{name}”已删除，其值将丢失",
        hint_en="pass fields={{'{name}': None}} to let it go, or the name it has now",
        hint_zh="传入 fields={{'{name}': None}} 表示放弃，或给出现在的名称",
    ),
    "migration.field_renamed": Text(
        en="field '{name}' is gone and '{suggested}' looks like it under a new name",
        zh="字段“{name}”已删除，“{suggested}”像是它的新名称",
        hint_en="confirm it with fields={{'{name}': '{suggested}'}}, or let it go with fields={{'{name}': None}}",
        hint_zh="请用 fields={{'{name}': '{suggested}'}} 确认，或用 fields={{'{name}': None}} 放弃",
    ),
    "migration.value": Text(
        en="field '{name}' holds {value}, which is not {expected}",
        zh="字段“{name}”的值 {value} 不是 {expected}",
        hint_en="correct it on the ticket first, or pass values={{'{name}': ...}}",
        hint_zh="请先在工单上改正，或传入 values={{'{name}': ...}}",
    ),
    "migration.required": Text(
        en="field '{name}' is required and the ticket has no value for it",
        zh="字段“{name}”为必填，但工单没有它的值",
        hint_en="pass values={{'{name}': ...}}",
        hint_zh="请传入 values={{'{name}': ...}}",
    ),
    "migration.other_version": Text(
        en="the ticket runs under another definition ({hash}) than the plan begins with",
        zh="工单运行的定义（{hash}）不是该计划的起点",
        hint_en="make a plan that begins with the definition in ticket.pins",
        hint_zh="请以 ticket.pins 中的定义为起点重新制定计划",
    ),
    "migration.failed": Text(en="what follows from the new definition failed: {why}", zh="按新定义处理时失败：{why}"),
}
