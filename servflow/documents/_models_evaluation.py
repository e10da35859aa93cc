"""Knows the shape of scorecards and of samplings; must not know what they mean."""

# ruff: noqa: RUF001 - Chinese text uses full-width punctuation

from __future__ import annotations

from typing import Annotated, Any

from servflow.documents._shapes import (
    BY_SHAPE,
    FLAG,
    MAPPING,
    NUMBER,
    TEXT,
    Condition,
    Length,
    Name,
    Names,
    Part,
    about,
    needed,
    titled,
    words,
)

Number = Annotated[Annotated[float, NUMBER] | Annotated[str, TEXT], BY_SHAPE]
_KINDS = ("self", "peer", "supervisor", "expert", "customer")
_PERIODS = ("day", "week", "month", "quarter")


class CriterionModel(Part):
    """One thing to be judged."""

    model_config = titled("评分项")

    name: Name = needed("what it is called", "名称")
    title: str = about("what people read", "显示名称", default="")
    weight: Number = about("how much it counts among the others", "权重", default=1)
    scale: list[Any] = about("the lowest and the highest mark", "最低分与最高分", default=(0, 5))
    critical: Annotated[Annotated[bool, FLAG] | Annotated[float, NUMBER], BY_SHAPE] = about(
        "makes the whole score zero: true at the lowest mark, a number below it",
        "一票否决：true 指最低分，数字指低于该分",
        default=False,
    )
    optional: bool = about("whether a mark may be n/a", "是否允许不适用（n/a）", default=False)


class RaterModel(Part):
    """A kind of rater."""

    model_config = titled("评分人")

    weight: Number = about("how much it counts among the others", "权重", default=1)
    required: bool = about("whether there is no score without one", "是否必需", default=False)


_Criterion = Annotated[Annotated[str, TEXT] | Annotated[CriterionModel, MAPPING], BY_SHAPE]
_Rater = Annotated[Annotated[float, NUMBER] | Annotated[RaterModel, MAPPING], BY_SHAPE]


class ScorecardModel(Part):
    """What closed work is judged by, and how much each kind of rater counts."""

    model_config = titled("评分表")

    servflow: int = about("the version of this format", "格式版本", default=1)
    scorecard: Name = needed("its name", "评分表名称")
    version: int = about(
        "its version, from 1; a score says by which it was made", "版本，从 1 开始；得分会注明所用版本", default=1
    )
    title: str = about("what people read", "显示名称", default="")
    criteria: list[_Criterion] = needed("what is judged", "评分项")
    raters: dict[str, _Rater | None] | None = about(
        "who gives marks: self, peer, supervisor, expert, customer", "评分人：self、peer、supervisor、expert、customer"
    )
    passes: Number = about("the least score that passes, of 100", "合格分（满分 100）", default=80)
    disagreement: Number = about("how many points kinds of raters may lie apart", "各类评分人之间允许的分差", default=20)


class SamplingModel(Part):
    """A share of every agent's closed tickets of a period, drawn for review."""

    model_config = titled("质量抽检")

    servflow: int = about("the version of this format", "格式版本", default=1)
    sampling: Name = needed("its name", "抽检名称")
    version: int = about("its version, from 1", "版本，从 1 开始", default=1)
    title: str = about("what people read", "显示名称", default="")
    workflows: Names = needed("whose closed tickets", "抽检哪些流程的已关闭工单")
    percent: Number = needed("the share that is drawn, above 0 and at most 100", "抽检比例（百分比）")
    at_least: int = about("how many of each agent at least", "每人至少抽几单", default=0, minimum=0)
    at_most: int = about("how many of each agent at most", "每人最多抽几单", default=5000, minimum=1)
    period: Annotated[str, words(_PERIODS)] = about("how long a period is", "周期", default="month")
    zone: str = about("in which time zone a period begins", "周期所用时区", default="UTC")
    wait: Length = about("how long after a period it is drawn", "周期结束后多久抽取", default="1d")
    back: int = about("how many ended periods are looked at", "回看几个已结束的周期", default=1, minimum=1)
    agent: Condition = about("an expression that gives whose work it was", "给出责任人的表达式", default="assignee")
    when: Condition | None = about("which tickets may be drawn", "哪些工单可被抽取")
    seed: str = about("another seed draws other tickets", "不同的种子抽到不同的工单", default="")
    review: str = about("the workflow of the reviews", "评审工单的流程", default="quality_review")
    sample_workflow: str = about("the workflow that keeps a draw", "保存抽检结果的流程", default="quality_sample")
    batch: int = about("how many tickets are read per tick", "每次轮询读取多少工单", default=2000, minimum=1)
