"""Knows the shape of a document of recurring work; must not know what it means."""

# ruff: noqa: RUF001 - Chinese text uses full-width punctuation

from __future__ import annotations

from typing import Annotated

from servflow.documents._models_time import CalendarModel
from servflow.documents._shapes import (
    BY_SHAPE,
    LIST,
    NUMBER,
    TEXT,
    Condition,
    Expressions,
    Length,
    Name,
    Part,
    about,
    needed,
    titled,
    words,
)

Amount = Annotated[Annotated[int | float, NUMBER] | Annotated[str, TEXT], BY_SHAPE]
_ZONE = ("whose dates and wall times are meant; the document's unless given", "日期和钟点所属时区；默认取文档的时区")
_FIELDS = (
    "expressions over asset, plan, number, due, reading, threshold, skipped and cause that fill the ticket",
    "填写工单的表达式，可读取 asset、plan、number、due、reading、threshold、skipped、cause",
)


class MeterModel(Part):
    """A counter of the asset, such as its running hours."""

    model_config = titled("计数器")

    counter: Name = needed("its name among the counters of the asset", "设备计数器的名称")
    every: Amount = needed("how many units lie between two services", "每隔多少单位保养一次")
    ahead: Amount = about("how many units before it the ticket is opened", "提前多少单位开单", default=0)
    start: Amount = about("from which reading it is counted", "从哪个读数算起", default=0)
    within: Length | None = about(
        "how long after its ticket opens the work is due; as long as `ahead` of the plan unless given",
        "开单后多久到期；默认与计划的 ahead 相同",
    )


class _Common(Part):
    name: Name = needed("its name; ids of tickets hold it", "名称，用于工单编号")
    workflow: Name = needed("the workflow of the tickets it opens", "所开工单的流程")
    title: str = about("what people read", "显示名称", default="")
    when: Condition | None = about("which assets it is for; all unless given", "适用于哪些设备；默认全部")
    zone: str | None = about(*_ZONE)
    at: str = about("at what time of day it is due", "当天几点到期", default="00:00")
    calendar: str | None = about("dates that are no working day of it are moved", "遇该日历的非工作日则移动日期")
    move: Annotated[str, words(("next", "previous", "nearest"))] | None = about("to which working day", "移到哪个工作日")
    fields: Expressions | None = about(*_FIELDS)


class PlanModel(_Common):
    """Work that comes round by time, by a counter, or by whichever is first."""

    model_config = titled("周期计划")

    every: str | None = about("a period such as 3 months; month ends are clamped", "周期，例如 3 months；月末按当月最后一天计")
    rule: str | None = about("a recurrence rule of RFC 5545, of whole days", "RFC 5545 重复规则（以天为单位）")
    start: Condition | None = about(
        "a date, or an expression over asset that gives one: counted from there", "起始日期，或给出日期的设备表达式"
    )
    first: Annotated[str, words(("every", "start"))] | None = about(
        "whether the first one is a period after the start or at it; at a written date, after one of the asset",
        "首次是在起始后一个周期还是起始当天；写明日期时默认当天，取自设备时默认一个周期后",
    )
    counted_from: Annotated[str, words(("schedule", "completion"))] = about(
        "whether the next one counts from the plan or from when the last ticket closed",
        "下一次从计划日期算起，还是从上次工单关闭算起",
        default="schedule",
    )
    ahead: Length = about(
        "how long before it is due the ticket is opened; elapsed time", "提前多久开单（自然时长）", default="0h"
    )
    begins: str | None = about("nothing that falls before this date is opened", "早于此日期的不开单")
    until: str | None = about("the last date it may fall on", "最后日期")
    times: int | None = about("how many times", "总次数", minimum=1)
    apart: Length | None = about(
        "how far two of one asset lie apart at least; half of every unless given", "同一设备两次之间至少相隔；默认周期的一半"
    )
    meter: MeterModel | None = about("a counter that makes it due as well", "同样触发到期的计数器")
    missed: Annotated[str, words(("last", "all"))] = about(
        "of several that were missed, whether the last one is opened or all", "错过多次时只开最后一张还是全部", default="last"
    )
    while_open: Annotated[str, words(("each", "wait"))] = about(
        "whether the next one is opened while the last is open, or waits for it", "上一张未关闭时照开还是等待", default="each"
    )


class ExpiryModel(_Common):
    """A date of each asset that is told ahead of time: the end of a warranty, of life, of a certificate."""

    model_config = titled("到期提醒")

    date: Condition = needed("an expression over asset that gives the date", "给出到期日期的设备表达式")
    ahead: Annotated[Annotated[str, TEXT] | Annotated[list[str], LIST], BY_SHAPE] = about(
        "how long before, one or several; each opens a ticket of its own; elapsed time",
        "提前多久，可多个，每个各开一张工单（自然时长）",
        default="0d",
    )
    grace: Length = about("how long after the date it is still told", "过期后多久内仍提醒", default="7d")


class RecurringModel(Part):
    """Plans of work that comes round, and warnings of ends, for the assets of a host."""

    model_config = titled("周期性工作")

    servflow: int = about("the version of this format", "文档格式版本", default=1)
    recurring: Name = needed("its name", "名称")
    version: int = about("its version, from 1", "版本，从 1 开始", default=1)
    title: str = about("what people read", "显示名称", default="")
    description: str = about("what it is for", "说明", default="")
    zone: str = about("whose dates and wall times are meant", "日期和钟点所属时区", default="UTC")
    calendars: dict[str, CalendarModel] | None = about("calendars by name", "按名称的日历")
    plans: list[PlanModel] = about("work that comes round", "周期计划", default=())
    expiry: list[ExpiryModel] = about("ends that are told ahead", "到期提醒", default=())
