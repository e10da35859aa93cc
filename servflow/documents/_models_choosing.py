"""Knows the shape of decision tables, rules and dispatch; must not know how anything is decided."""

# ruff: noqa: RUF001 - Chinese text uses full-width punctuation

from __future__ import annotations

from typing import Annotated, Any

from pydantic import Field

from servflow.dispatch import CANDIDATES, CAUSES, MODES, ORDER, TERMS, UNITS
from servflow.documents._models_actions import Actions
from servflow.documents._shapes import (
    BY_SHAPE,
    FLAG,
    LIST,
    MAPPING,
    NUMBER,
    TEXT,
    Condition,
    Length,
    Name,
    Names,
    Part,
    Said,
    about,
    needed,
    titled,
    words,
)
from servflow.rules import HITS

Cell = Annotated[Annotated[str, TEXT] | Annotated[int | float, NUMBER] | Annotated[bool, FLAG], BY_SHAPE]


class InputModel(Part):
    """An input column of a table."""

    model_config = titled("输入列")

    name: str | None = about("a field's name, or what the column is called", "字段名或列名")
    expr: str | None = about("an expression over fields", "基于字段的表达式")
    type: str | None = about("the type of its values", "取值类型")
    one_of: list[Any] | None = about("the only values there are", "所有可能的取值")
    title: Said = about("what people read; a text, or one for each language", "显示名称：文本，或各语言的文本", default="")


class OutputModel(Part):
    """An output column of a table."""

    model_config = titled("输出列")

    type: str = about("the type of its values", "取值类型", default="any")
    one_of: list[Any] | None = about("the only values there are; their order is the priority", "所有可能的取值，顺序即优先级")
    default: Any = about("the result where no row matches", "无匹配行时的结果")
    title: Said = about("what people read; a text, or one for each language", "显示名称：文本，或各语言的文本", default="")


Moment = Annotated[
    str,
    Field(examples=["2027-01-01", "2027-01-01T09:00:00+08:00"]),
]
"""A date in the zone written nearby, or an instant with its offset; what it means is judged where it is used."""


class EffectiveModel(Part):
    """When something is in force: from start on, before end."""

    model_config = titled("生效期")

    start: Moment | None = about("the first instant that counts", "生效的起始时刻（含）")
    end: Moment | None = about("the first instant that no longer counts", "失效时刻（不含）")


class RowModel(Part):
    """A row with more to say than its cells."""

    model_config = titled("规则行")

    when: list[Cell] = about("the input cells", "输入单元格", default=())
    then: list[Cell] = about("the output cells", "输出单元格", default=())
    id: str | None = about("what reports call it", "行标识")
    note: str | None = about("a note for people", "备注")
    effective: EffectiveModel | None = about("when the row is in force; always unless given", "生效期，不填则始终生效")
    labels: list[Name] | None = about("words for people and reports", "标签")


class CaseModel(Part):
    """What a table should say of some fields: expected, row or both."""

    model_config = titled("用例")

    name: str | None = about("what reports call it", "名称")
    given: dict[str, Any] | None = about("the fields", "字段")
    at: str | None = about("the instant it is asked for, where rows have effective dates", "询问的时刻（有生效期的表）")
    expected: Any = about("the outputs, those that are named; null: no row matches", "期望的输出；null 表示无匹配行")
    row: Annotated[Annotated[int, NUMBER] | Annotated[str, TEXT] | Annotated[list[Any], LIST], BY_SHAPE] | None = about(
        "the deciding row: its number from 0 or its id; a list where there are several",
        "决定结果的行：从 0 起的行号或 id；多行写列表",
    )


class TableModel(Part):
    """A decision table."""

    model_config = titled("决策表")

    name: Name | None = about("its name; the key unless given", "名称，默认取键名")
    title: Said = about("what people read; a text, or one for each language", "显示名称：文本，或各语言的文本", default="")
    version: Annotated[Annotated[int, NUMBER] | Annotated[str, TEXT], BY_SHAPE] | None = about(
        "what people call this edition of it", "版本"
    )
    zone: str | None = about("the time zone in which dates of effective are meant", "effective 中日期所用的时区")
    hit: Annotated[str, words(HITS)] = about("what happens where several rows match", "命中策略", default="unique")
    inputs: list[Annotated[Annotated[str, TEXT] | Annotated[InputModel, MAPPING], BY_SHAPE]] = about(
        "the input columns", "输入列", default=()
    )
    outputs: dict[str, Annotated[Annotated[str, TEXT] | Annotated[OutputModel, MAPPING], BY_SHAPE]] = needed(
        "the output columns", "输出列"
    )
    rows: list[Annotated[Annotated[list[Cell], LIST] | Annotated[RowModel, MAPPING], BY_SHAPE]] = about(
        "input cells, then output cells", "先输入单元格，后输出单元格", default=()
    )
    strict: bool = about(
        "whether a cell that compares with what is missing or null is an error",
        "缺失或为空的输入参与比较时是否报错",
        default=False,
    )
    cases: list[CaseModel] | None = about("what it should say, checked by servflow check", "用例，由 servflow check 检验")


class RulePeriodModel(EffectiveModel):
    """When a rule is in force: from start on, before end."""

    model_config = titled("规则生效期")

    zone: str | None = about("the time zone in which its dates are meant", "其中日期所用的时区")


Amount = Annotated[Annotated[int | float, NUMBER] | Annotated[str, TEXT], BY_SHAPE]


class WeightedModel(Part):
    """A condition that counts towards a score."""

    model_config = titled("评分条件")

    when: Condition = needed("the condition", "条件")
    weight: Amount = needed("what it counts where it holds; may be negative", "成立时的得分，可为负数")
    note: str | None = about("for people", "备注")


class RuleModel(Part):
    """Actions that follow when a condition holds."""

    model_config = titled("规则")

    name: Name = needed("what it is called", "名称")
    when: Condition | None = about("the condition; none: always", "条件；不填则总是成立")
    score: Annotated[Annotated[list[WeightedModel], LIST] | Annotated[WeightedModel, MAPPING], BY_SHAPE] | None = about(
        "conditions with weights, which are added up", "带权重的条件，得分相加"
    )
    threshold: Amount | None = about("the sum from which the rule holds", "达到多少分时规则成立")
    then: Actions | None = about("what follows; the sum is read as score", "执行的动作，可用 score 读取总分")
    priority: int | None = about("1 comes first; those without one come last", "1 最先，不填则排在最后")
    stop: bool = about("whether it closes its group", "成立后是否不再执行同组的其他规则", default=False)
    group: str | None = about("what stop refers to; rules without one are a group", "stop 的作用范围，未分组的规则算一组")
    effective: RulePeriodModel | None = about("when it is in force; always unless given", "生效期，不填则始终生效")
    overwrite: bool = about("whether what a person set may change", "是否可覆盖人工设置的值", default=False)
    labels: Names | None = about("words for people", "标签")
    note: str | None = about("for people", "备注")


class RequirementModel(Part):
    """One thing a candidate must meet: exactly one of the first sixteen keys."""

    model_config = titled("派单要求")

    skill: Condition | None = about("a skill, several, or levels by skill", "技能、多个技能或各技能等级")
    area: Condition | None = about("an area that must be served", "须覆盖的区域")
    open: str | None = about("shift, or a calendar of the world that must be open", "shift，或须处于开放的日历")
    below: Condition | None = about("capacity, normal, or a number that limits the load", "负载上限：capacity、normal 或一个数")
    language: Condition | None = about("a language", "语言")
    certificate: Condition | None = about("a certificate that is held and valid", "有效证书")
    contract: Condition | None = about("a contract of the outlet, such as brand/type", "网点合同，如 品牌/保修类型")
    part: Condition | None = about("a spare part at hand", "备件")
    channel: Condition | None = about("a channel that is served", "须服务的渠道")
    travel: Condition | None = about("how far it may be at most, in unit", "路程上限，单位见 unit")
    window: Condition | None = about("true, or two instants within which to be free", "true，或须有空的起止时刻")
    preferred: Condition | None = about("true, or ids, of whom the customer prefers", "true，或客户首选的人员")
    separate: Names | None = about("events; who did one last is excluded", "事件，最后执行者被排除")
    other_than: Condition | None = about("who it must not be", "排除的人员")
    when: Condition | None = about("a condition that may read candidate", "可读取 candidate 的条件")
    host: str | None = about("a function of the host", "宿主注册的函数")
    level: Condition | None = about("the least level of the skill", "技能最低等级")
    need: Condition | None = about("what the host's function gets", "传给宿主函数的值")
    unit: Annotated[str, words(UNITS)] = about("what travel counts in", "travel 的单位", default="minutes")
    name: str | None = about("what reports call it", "在解释中使用的名称")
    optional: bool = about("prefer, but do not insist", "仅优先，不强制", default=False)
    safety: bool = about("no relaxation may touch it", "不得放宽", default=False)


class TermModel(Part):
    """One preference: exactly one of term, value and host."""

    model_config = titled("派单偏好")

    term: Annotated[str, words(TERMS)] | None = about("a known measure", "内置指标")
    value: Condition | None = about("an expression that gives a whole number", "结果为整数的表达式")
    host: str | None = about("a function of the host", "宿主注册的函数")
    weight: int = about("how much it counts; negative: less is better", "权重，负数表示越小越好", default=1)
    share: Condition | None = about("round_robin: a candidate's share of the turns", "round_robin 中候选人所占的轮次份额")


class OfferModel(Part):
    """How a ticket is offered."""

    model_config = titled("抢单设置")

    timeout: Length | None = about("how long one may think", "等待答复的时长")
    parallel: int = about("how many are asked at once", "同时询问几人", default=1)
    calendar: str | None = about("the calendar in which timeout and cool_off count", "timeout 和 cool_off 计时所用日历")
    cool_off: Length | None = about("how long who did not answer is left alone", "未答复者多久内不再询问")
    attempts: int | None = about("how many are asked before it waits", "最多询问多少次后转入等待")
    broadcast: int | None = about("how many a pool goes to", "抢单池面向多少名最佳候选人")


class RedispatchModel(Part):
    """When a slot that was filled is emptied and looked after anew."""

    model_config = titled("重新派单")

    absence: bool = about("whoever has it is absent, or left", "处理人缺勤或已离开", default=False)
    presence: bool = about("whoever has it is away or offline", "处理人离开或离线", default=False)
    overrun: Length | None = about("the work has not begun so long after", "派出多久后仍未开始处理")
    changed: bool = about("whoever has it no longer meets what changed", "工单变更后处理人不再符合要求", default=False)
    rejection: bool = about("whoever has it gives it back", "处理人退回工单", default=False)
    capacity: bool = about("somebody who meets all of it has room again", "完全符合者重新有空", default=False)
    state: Names | None = about("the states in which it may be taken back", "可以收回的状态")
    most: int = about("how often in one search", "一次查找中最多收回几次", default=3)
    calendar: str | None = about("the calendar in which overrun counts", "overrun 计时所用日历")


class RelaxModel(Part):
    """One step of asking for less: one or several of widen, drop, lower, neighbours, below and mode."""

    model_config = titled("放宽步骤")

    after: Length | None = about("how long after the search began", "开始查找后多久")
    calendar: str | None = about("the calendar in which after counts", "after 计时所用日历")
    widen: Names | None = about("an area, to the one above; travel, by as much again", "扩大的要求：区域到上级，路程再加一倍")
    drop: Names | None = about("requirements that no longer count", "放弃的要求")
    lower: Names | None = about("skill requirements, by one level", "降低一级的技能要求")
    neighbours: Names | None = about("area or of, to let in outlets next to theirs", "area 或 of，允许相邻网点")
    below: Annotated[str, words(("capacity",))] | None = about(
        "capacity, where below: normal asked for less", "capacity，取代 below: normal"
    )
    mode: Annotated[str, words(MODES)] | None = about("another mode", "改用的派单方式")


class VisitModel(Part):
    """When somebody is needed and for how long: minutes or end."""

    model_config = titled("上门时间")

    start: Condition | None = about("when it begins at the earliest; at once unless given", "最早开始时刻，不填则立即")
    minutes: Condition | None = about("how many minutes it takes", "所需分钟数")
    end: Condition | None = about("when it ends", "结束时刻")
    window: Condition | None = about("how many minutes later it may begin", "最多可推迟多少分钟开始")


class PullModel(Part):
    """In which order people who pull get the tickets of a queue."""

    model_config = titled("领单设置")

    order: list[Annotated[str, words(ORDER)]] | None = about("what decides, the first first", "排序依据，按先后")


class AppointmentModel(Part):
    """Which visits customers can book."""

    model_config = titled("预约设置")

    calendar: str | None = about("the calendar in which visits lie", "可预约时间所在日历")
    zone: str | None = about("on whose clock visits begin; the calendar's unless given", "上门时间所用时区，默认取日历时区")
    step: int = about("how many minutes lie between two beginnings", "可选开始时间的间隔（分钟）", default=60)
    minutes: Condition | None = about("how long a visit lasts; 60 unless given", "上门时长（分钟），默认 60")
    days: int = about("on how many dates, today included", "可预约几天（含当天）", default=14)
    lead: Length | None = about("how long before it begins it must be booked", "须提前多久预约")
    moves: int | None = about("how often a customer may move it", "客户最多可改约几次")
    remind: list[Length] | None = about("how long before it the event upcoming happens", "提前多久触发 upcoming 事件")


_Term = Annotated[Annotated[str, TEXT] | Annotated[TermModel, MAPPING], BY_SHAPE]


class DispatchModel(Part):
    """Who may fill a slot, who of them is best, and what happens while nobody is found."""

    model_config = titled("派单策略")

    name: Name = needed("what it is called", "名称")
    title: Said = about("what people read; a text, or one for each language", "显示名称：文本，或各语言的文本", default="")
    slot: str | None = about(
        "what is filled: assignee, outlet, owner, queue or provider",
        "要填充的派单位：assignee、outlet、owner、queue 或 provider",
    )
    of: str | None = about("a slot that limits the candidates", "限定候选范围的派单位")
    candidates: Annotated[str, words(CANDIDATES)] | None = about("who can fill it", "候选来源")
    state: Names | None = about("the states whose entry starts it", "进入即开始派单的状态")
    until: Names | None = about("the states that give the slot's capacity back", "释放占用的状态")
    event: Names | None = about("the events that start it", "触发派单的事件")
    when: Condition | None = about("must hold for it to run", "执行所需条件")
    takes: Condition | None = about("units of capacity a ticket takes; 1 unless given", "占用的容量单位，不填为 1")
    visit: VisitModel | None = about("when somebody is needed, and for how long", "何时需要人员以及多久")
    require: Annotated[Annotated[RequirementModel, MAPPING] | Annotated[list[RequirementModel], LIST], BY_SHAPE] | None = about(
        "what must be met", "必须满足的要求"
    )
    prefer: list[Annotated[Annotated[list[_Term], LIST] | Annotated[TermModel, MAPPING] | Annotated[str, TEXT], BY_SHAPE]] = (
        about("levels of weighted preferences", "分级的加权偏好", default=())
    )
    seed: str | None = about("a word that ties are broken by", "打破平局所用的词")
    mode: Annotated[str, words(MODES)] | None = about(
        "assign, offer, pool, approve, queue or appointment", "派单方式：assign、offer、pool、approve、queue 或 appointment"
    )
    offer: OfferModel | None = about("how it is offered", "抢单设置")
    pull: PullModel | None = about("in which order people who pull get tickets", "领单顺序")
    appointment: AppointmentModel | None = about("which visits customers can book", "可预约的上门时段")
    presence: Length | None = about(
        "how long before the visit it counts who is away or offline; at any time unless given",
        "上门前多久开始考虑离开或离线状态，不填为始终考虑",
    )
    relax: Annotated[Annotated[RelaxModel, MAPPING] | Annotated[list[RelaxModel], LIST], BY_SHAPE] | None = about(
        "steps of asking for less", "放宽步骤"
    )
    redispatch: (
        Annotated[
            Annotated[RedispatchModel, MAPPING] | Annotated[list[Annotated[str, words(CAUSES)]], LIST] | Annotated[str, TEXT],
            BY_SHAPE,
        ]
        | None
    ) = about("when it is taken back and given out anew", "何时收回并重新派单")
