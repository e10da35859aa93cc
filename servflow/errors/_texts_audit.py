"""Knows the sentences about records that were tampered with, in English and Chinese; must not know how they are found."""

from __future__ import annotations

from servflow.errors._catalogue import Text

TEXTS: dict[str, Text] = {
    "audit.changed": Text(
        en="record {sequence} of ticket {ticket} is not the one that was kept: its chain does not fit",
        zh="工单 {ticket} 的第 {sequence} 条记录与保存时不同：哈希链不符",
        hint_en="compare the record with a backup",
        hint_zh="请与备份比对该记录",
    ),
    "audit.sealed": Text(
        en="record {sequence} of ticket {ticket} does not say what it said, and no record tells that anything of it was erased",
        zh="工单 {ticket} 的第 {sequence} 条记录内容已变，却没有记录说明其中有内容被清除",
        hint_en="compare the record with a backup: it was changed by hand",
        hint_zh="请与备份比对该记录：它被手工改动",
    ),
    "audit.rewritten": Text(
        en="record {sequence} of ticket {ticket} is not what was left of it by the erasure that record {by} tells of",
        zh="工单 {ticket} 的第 {sequence} 条记录与第 {by} 条记录所述清除之后的内容不符",
        hint_en="compare the record with a backup made after the erasure",
        hint_zh="请与清除之后的备份比对该记录",
    ),
    "audit.missing": Text(
        en="record {sequence} of ticket {ticket} is missing",
        zh="工单 {ticket} 缺少第 {sequence} 条记录",
        hint_en="restore it from a backup",
        hint_zh="请从备份恢复",
    ),
    "audit.cut": Text(
        en="ticket {ticket} stands at revision {revision}, but its records from {sequence} on are gone",
        zh="工单 {ticket} 的版本为 {revision}，但自第 {sequence} 条起的记录已缺失",
        hint_en="restore them from a backup",
        hint_zh="请从备份恢复",
    ),
    "audit.beyond": Text(
        en="ticket {ticket} stands at revision {revision}, but there are records from {sequence} on that it does not know",
        zh="工单 {ticket} 的版本为 {revision}，却存在自第 {sequence} 条起的多余记录",
        hint_en="compare the ticket and its records with a backup: one of them was changed by hand",
        hint_zh="请将工单及其记录与备份比对：其中之一被手工改动",
    ),
    "audit.head": Text(
        en="the chain of ticket {ticket} does not end where its row says",
        zh="工单 {ticket} 的哈希链终点与其行中所记不符",
        hint_en="compare its last records with a backup",
        hint_zh="请将其最后的记录与备份比对",
    ),
    "audit.noted": Text(
        en="the chain of ticket {ticket} is not the one noted at revision {sequence}: its log was written anew",
        zh="工单 {ticket} 的哈希链与第 {sequence} 版时记下的不同：其日志被重写",
        hint_en="compare the ticket with a backup of that time",
        hint_zh="请与当时的备份比对",
    ),
    "audit.gone": Text(
        en="ticket {ticket}, noted at revision {revision}, is gone with all its records",
        zh="曾在第 {revision} 版时记下的工单 {ticket} 及其全部记录已消失",
        hint_en="restore it from a backup",
        hint_zh="请从备份恢复",
    ),
    "audit.no_ticket": Text(
        en="there are {count} records of ticket {ticket}, but the ticket is gone",
        zh="存在工单 {ticket} 的 {count} 条记录，但工单本身已缺失",
        hint_en="restore the ticket from a backup; its records say what it was",
        hint_zh="请从备份恢复该工单；其记录可还原内容",
    ),
    "audit.unreadable": Text(
        en="record {sequence} of ticket {ticket} cannot be read: {problem}",
        zh="工单 {ticket} 的第 {sequence} 条记录无法读取：{problem}",
        hint_en="restore it from a backup",
        hint_zh="请从备份恢复",
    ),
    "audit.snapshot_unreadable": Text(
        en="ticket {ticket} cannot be read: {problem}",
        zh="工单 {ticket} 无法读取：{problem}",
        hint_en="restore it from a backup; its records say what it was",
        hint_zh="请从备份恢复；其记录可还原内容",
    ),
    "audit.snapshot": Text(
        en="ticket {ticket} is not what its records amount to; these differ: {names}",
        zh="工单 {ticket} 与其记录的结果不符，差异：{names}",
        hint_en="the records hold: restore the ticket from a backup, or fold them",
        hint_zh="以记录为准：请从备份恢复该工单，或由记录重新折叠得出",
    ),
    "audit.columns": Text(
        en="what screens and workers are shown of ticket {ticket} is not what it says itself; these columns differ: {names}",
        zh="供界面与工作进程读取的列与工单 {ticket} 本身不符，差异：{names}",
        hint_en="they were changed by hand: restore the row from a backup; the next event writes them anew",
        hint_zh="这些列被手工改动：请从备份恢复该行；下一事件会重新写入",
    ),
    "audit.definition": Text(
        en="definition {hash} is not the one that was kept: what the store holds of it is something else or cannot be read",
        zh="定义 {hash} 与保存时不同：存储中的内容已变或无法读取",
        hint_en="restore it from a backup, or open a desk with that workflow after deleting the row",
        hint_zh="请从备份恢复，或删除该行后以该流程打开 Desk",
    ),
    "audit.unfolded": Text(
        en="the records of ticket {ticket} amount to no ticket: {problem}",
        zh="工单 {ticket} 的记录无法得出工单：{problem}",
        hint_en="restore them from a backup",
        hint_zh="请从备份恢复",
    ),
    "audit.not_folded": Text(
        en="whether ticket {ticket} is what its records amount to is not known: definition {hash} cannot be read from the store",
        zh="无法得知工单 {ticket} 是否与其记录相符：存储中读不到定义 {hash}",
        hint_en="give the workflow to verify(store, workflows=[...])",
        hint_zh="请将该流程传给 verify(store, workflows=[...])",
    ),
}
