"""Knows the shape of a document of goals; must not know what it means."""

# ruff: noqa: RUF001 - Chinese text uses full-width punctuation

from __future__ import annotations

from typing import Annotated, Any

from servflow.documents._shapes import (
    BY_SHAPE,
    MAPPING,
    NUMBER,
    TEXT,
    Length,
    Name,
    Names,
    Part,
    about,
    needed,
    titled,
)

Bound = Annotated[Annotated[str, TEXT] | Annotated[int | float, NUMBER], BY_SHAPE]


class TargetModel(Part):
    """What a figure is to be; both bounds belong to it."""

    model_config = titled("目标值", minProperties=1)

    at_least: Bound | None = about("the least it may be: a number, 90 % or 4h", "最低值：数字、90 % 或 4h")
    at_most: Bound | None = about("the most it may be", "最高值")


class GoalModel(Part):
    """What one measure is to come to in every period."""

    model_config = titled("目标")

    name: Name = needed("its name; a period is judged once for each name", "名称；每个名称在每个周期只评定一次")
    title: str = about("what people read", "显示名称", default="")
    metric: Name = needed("the measure, such as csat or first_response", "指标，例如 csat 或 first_response")
    settings: dict[str, Any] | None = about("what the measure may be told, such as its scale", "指标的设置，例如量表")
    part: str = about(
        "which part of the measure counts, such as a clock or level", "取指标的哪一部分，例如某个时限或级别", default="all"
    )
    number: str = about(
        "which number of the figure counts: value, or such as mean, median, p90, low, high",
        "取数值的哪一部分：value，或 mean、median、p90、low、high 等",
        default="value",
    )
    target: Annotated[Annotated[str, TEXT] | Annotated[TargetModel, MAPPING], BY_SHAPE] = needed(
        "what it is to be, such as '>= 90 %' or '<= 4h'", "目标值，例如 '>= 90 %' 或 '<= 4h'"
    )
    period: str = about("day, week, month, quarter or year", "周期：day、week、month、quarter 或 year", default="month")
    by: Name | None = about("the field, attribute or slot that makes groups, each judged by itself", "按什么分组，每组单独评定")
    only: Names | None = about("the only groups that are judged", "只评定这些分组")
    workflows: Names = about("whose tickets count; all unless given", "计入哪些流程的工单；默认全部", default=())
    min_cases: int = about("with fewer cases a period is not judged", "少于此数的周期不评定", default=1, minimum=1)
    grace: Length | None = about("how long after its end a period of this goal is judged", "本目标在周期结束后等多久再评定")
    since: str | None = about("the first day that counts", "开始计入的日期")
    review: Name | None = about("the workflow of the review of a miss", "未达标时新建的复盘工单的流程")
    fields: dict[str, Any] | None = about("fields that a review is given", "复盘工单的字段")


class GoalsModel(Part):
    """What measures are to come to, period by period, and what is opened where they do not."""

    model_config = titled("目标集")

    servflow: int = about("the version of this format", "文档格式版本", default=1)
    goals: Name = needed("their name", "目标集名称")
    version: int = about("their version, from 1", "版本，从 1 开始", default=1)
    title: str = about("what people read", "显示名称", default="")
    description: str = about("what they are for", "说明", default="")
    zone: str = about("whose midnights bound the periods", "周期按哪个时区的零点划分", default="UTC")
    grace: Length = about(
        "how long after its end a period is judged, so that what is told late still counts",
        "周期结束后等多久再评定，使迟到的数据仍计入",
        default="0h",
    )
    since: str | None = about("the first day that counts", "开始计入的日期")
    done: Names = about("states on whose entry the work counts as done", "进入哪些状态算完工", default=())
    review: Name = about("the workflow of the review of a miss", "未达标时新建的复盘工单的流程", default="goal_review")
    targets: list[GoalModel] = needed("the goals", "各项目标")
