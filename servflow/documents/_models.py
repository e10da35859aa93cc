"""Knows the shape of a whole definition; must not know what it means."""

# ruff: noqa: RUF001 - Chinese text uses full-width punctuation

from __future__ import annotations

from typing import Annotated, Any

from servflow.documents._models_actions import Actions
from servflow.documents._models_chains import EscalationModel
from servflow.documents._models_choosing import DispatchModel, RuleModel, TableModel
from servflow.documents._models_surveys import SurveyModel
from servflow.documents._models_time import CalendarModel, ClockModel, Counting, LawModel, TimerModel, Within
from servflow.documents._shapes import (
    BY_SHAPE,
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
from servflow.model import CONVERTERS


class FieldModel(Part):
    """A typed value on the ticket."""

    model_config = titled("字段")

    type: Annotated[str, words(CONVERTERS)] = about("the type of its values", "取值类型", default="string")
    one_of: list[Any] = about("the only values there are, in their order", "所有可能的取值，按顺序", default=())
    default: Any = about("the value at opening", "开单时的默认值")
    optional: bool = about("nothing is a normal value", "允许为空", default=False)
    required: bool = about("an opening without it is refused", "开单时必填", default=False)
    personal: bool = about("data about a person", "个人信息", default=False)
    indexed: bool = about("a store finds tickets by it", "可按该字段查找工单", default=False)
    title: Said = about("what people read; a text, or one for each language", "显示名称：文本，或各语言的文本", default="")
    description: Said = about("what it is for; a text, or one for each language", "说明：文本，或各语言的文本", default="")
    titles: dict[str, Said] = about("what people call each value of one_of", "各取值的显示名称", default={})


TypeWord = Annotated[str, words(CONVERTERS)]
Fields = dict[str, Annotated[Annotated[TypeWord, TEXT] | Annotated[FieldModel, MAPPING], BY_SHAPE] | None]


class ManagerModel(Part):
    """The manager of somebody."""

    model_config = titled("上级")

    manager_of: Annotated[str, words(("assignee", "owner", "requester"))] = needed("whose manager", "谁的上级")


_Granted = Annotated[Annotated[str, TEXT] | Annotated[ManagerModel, MAPPING], BY_SHAPE]
Allow = Annotated[
    Annotated[str, TEXT] | Annotated[ManagerModel, MAPPING] | Annotated[list[_Granted], LIST],
    BY_SHAPE,
]


class EventModel(Part):
    """Who may fire a built-in event, and what its payload must carry."""

    model_config = titled("事件")

    allow: Allow | None = about("roles and relations that may", "允许的角色与关系")
    not_by: str | None = about("an event whose last actor may not", "该事件的上次执行人不得执行")
    payload: Fields | None = about("the types its payload needs", "事件数据及其类型")
    title: Said = about("what people read; a text, or one for each language", "显示名称：文本，或各语言的文本", default="")


class ReopenModel(Part):
    """How a closed state can be reopened."""

    model_config = titled("重新打开")

    target: Names = needed("where it leads", "目标状态")
    within: Length | None = about("how long after the closing; none: at any time", "关闭后多久内可以；不填则不限")
    calendar: str | None = about("the calendar that counts; none: time as it passes", "计时所用日历；不填则按自然时间")
    when: Condition | None = about("what must hold besides", "附加条件")
    allow: Allow | None = about("roles and relations that may", "允许的角色与关系")
    not_by: str | None = about("an event whose last actor may not", "该事件的上次执行人不得执行")
    do: Actions | None = about("what happens with it", "执行的动作")
    title: Said = about("what people read; a text, or one for each language", "显示名称：文本，或各语言的文本", default="")


class StepModel(Part):
    """A step to be done in a state."""

    model_config = titled("检查步骤")

    step: Name = needed("what it is called", "名称")
    title: Said = about("what people read; a text, or one for each language", "显示名称：文本，或各语言的文本", default="")
    required: bool = about("the checklist is not complete without it", "未完成则清单不算完成", default=True)
    evidence: Fields | None = about("what must come with the check", "勾选时须提供的凭证")
    allow: Allow | None = about("roles and relations that may check it", "允许勾选的角色与关系")
    within: Within | None = about("how much time it has, as a clock of its own", "期限，作为单独的时钟")
    calendar: Counting | None = about("the calendar that counts; none: time as it passes", "计时所用日历；不填则按自然时间")
    warn: Names | None = about("marks before or after the end", "提醒点")


class ApprovalModel(Part):
    """What it takes to approve in a state."""

    model_config = titled("审批")

    quorum: Annotated[Annotated[int, NUMBER] | Annotated[str, TEXT] | Annotated[dict[str, int], MAPPING], BY_SHAPE] = about(
        "how many, all, 50% or the like, or how many of each role", "人数、all、比例（如 50%）或各角色人数", default=1
    )
    allow: Allow | None = about("roles and relations that may vote", "允许表决的角色与关系")
    deny: Allow | None = about("roles and relations that may not even so", "仍不得表决的角色与关系")
    not_by: str | None = about("an event whose last actor may not", "该事件的上次执行人不得表决")
    reject: int = about("how many rejections reject it", "几票反对即驳回", default=1)
    within: Within | None = about("how much time it has, as a clock of its own", "期限，作为单独的时钟")
    calendar: Counting | None = about("the calendar that counts; none: time as it passes", "计时所用日历；不填则按自然时间")
    warn: Names | None = about("marks before or after the end", "提醒点")
    title: Said = about("what people read; a text, or one for each language", "显示名称：文本，或各语言的文本", default="")


_Step = Annotated[Annotated[str, TEXT] | Annotated[StepModel, MAPPING], BY_SHAPE]


class StateModel(Part):
    """Where a ticket can be."""

    model_config = titled("状态")

    closed: bool = about("work is done here", "表示已完成", default=False)
    checklist: (
        Annotated[Annotated[str, TEXT] | Annotated[StepModel, MAPPING] | Annotated[list[_Step], LIST], BY_SHAPE] | None
    ) = about("the steps to be checked here", "需要勾选的步骤")
    ordered: bool = about("the steps are checked in their order", "步骤须按顺序勾选", default=False)
    timers: Annotated[Annotated[TimerModel, MAPPING] | Annotated[list[TimerModel], LIST], BY_SHAPE] | None = about(
        "events fired by time", "定时触发的事件"
    )
    states: dict[str, StateModel | None] | None = about("the states inside", "内部状态")
    initial: Names | None = about("where it begins inside", "进入时的内部状态")
    parallel: bool = about("all states inside are active at once", "内部状态同时激活", default=False)
    final: bool = about("completes the state around it", "使外层状态完成", default=False)
    history: Annotated[str, words(("shallow", "deep"))] | None = about("remembers where it was", "记住离开前的位置")
    default: Names | None = about("where it leads with nothing remembered", "没有记忆时的去向")
    reopen: ReopenModel | None = about("how it is reopened when closed", "关闭后如何重新打开")
    approval: ApprovalModel | None = about("what it takes to approve here", "在此审批所需的条件")
    shown: dict[str, Said] | None = about(
        "what each audience outside sees; a text, or one for each language", "向各类外部对象显示的文字：文本，或各语言的文本"
    )
    title: Said = about("what people read; a text, or one for each language", "显示名称：文本，或各语言的文本", default="")


class TransitionModel(Part):
    """An allowed move."""

    model_config = titled("转移")

    event: str | None = about("what makes it happen; none: as soon as when holds", "触发事件；不填则条件成立即发生")
    source: Names = needed("where it starts: states, or *", "起始状态，或 *")
    target: Names | None = about("where it leads; none: it stays", "目标状态；不填则停留")
    internal: bool = about("does not leave its source", "不离开起始状态", default=False)
    when: Condition | None = about("the guard", "条件")
    allow: Allow | None = about("roles and relations that may", "允许的角色与关系")
    not_by: str | None = about("an event whose last actor may not", "该事件的上次执行人不得执行")
    payload: Fields | None = about("the types its payload needs", "事件数据及其类型")
    do: Actions | None = about("what happens with it", "执行的动作")
    title: Said = about("what people read; a text, or one for each language", "显示名称：文本，或各语言的文本", default="")
    id: str | None = about("what editors call it for good", "编辑器使用的固定标识")


class WorkflowModel(Part):
    """The complete, versioned definition for one kind of ticket."""

    model_config = titled("工单流程")

    servflow: int = about("the version of this format", "格式版本", default=1)
    workflow: Name = needed("the name of the workflow", "流程名称")
    version: int = about("its version, from 1", "流程版本，从 1 开始", default=1)
    title: Said = about("what people read; a text, or one for each language", "显示名称：文本，或各语言的文本", default="")
    description: Said = about("what it is for; a text, or one for each language", "说明：文本，或各语言的文本", default="")
    strict: bool = about(
        "whether a condition fails where it would compare with what is missing or null",
        "条件遇到缺失或空值时是否报错",
        default=False,
    )
    fields: Fields | None = about("the values on the ticket", "工单字段")
    roles: Names | None = about("the roles people may hold", "角色")
    queues: Names | None = about("the waiting lines", "队列")
    titles: dict[str, dict[str, Said]] | None = about(
        "what people call roles, queues and calendars: each kind, then each name",
        "角色、队列与日历的显示名称：先写类别，再写名称",
    )
    events: dict[str, EventModel | None] | None = about("who may fire built-in events", "内置事件的权限")
    calendars: dict[str, CalendarModel] | None = about("which time counts", "日历")
    initial: Names | None = about("where a ticket begins; the first state unless given", "起始状态，默认第一个")
    states: dict[str, StateModel | None] | None = about("where a ticket can be", "状态")
    transitions: list[TransitionModel] | None = about("the allowed moves", "转移")
    tables: dict[str, TableModel] | None = about("decision tables", "决策表")
    rules: list[RuleModel] | None = about("what follows from conditions", "规则")
    dispatch: list[DispatchModel] | None = about("who gets the ticket", "派单")
    clocks: list[ClockModel] | None = about("what was promised", "时钟")
    escalations: list[EscalationModel] | None = about("who is told when it runs late", "升级链")
    laws: list[LawModel] | None = about("what must be true of every ticket", "规律")
    surveys: list[SurveyModel] | None = about("who is asked for a rating, and when", "满意度调查：何时询问谁")
