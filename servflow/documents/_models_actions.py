"""Knows the shape of actions and of who they are addressed to; must not know where actions are used."""

# ruff: noqa: RUF001 - Chinese text uses full-width punctuation

from __future__ import annotations

from typing import Annotated

from servflow.documents._shapes import (
    BY_SHAPE,
    FLAG,
    LIST,
    MAPPING,
    NUMBER,
    TEXT,
    Condition,
    Expressions,
    Length,
    Name,
    Names,
    Part,
    about,
    needed,
    titled,
    words,
)
from servflow.escalation import PICKS, RELATIONS
from servflow.escalation._addresses import WHO
from servflow.escalation._level import OF


class ToModel(Part):
    """Who an action is addressed to, in one of its forms."""

    model_config = titled("动作的对象")

    user: str | None = about("the id of a person", "人员标识")
    role: str | None = about("everybody who holds a role", "拥有该角色的所有人")
    queue: str | None = about("who works on a queue", "处理该队列的人")
    pick: Annotated[str, words(PICKS)] | None = about("who of the queue", "选择队列中的哪些人")
    seed: str | None = about("beside pick random: another seed draws others", "与 pick: random 同用：不同的种子抽到不同的人")
    outlet: str | None = about("the id of an outlet", "网点标识")
    manager_of: OneTo | None = about("the manager of somebody", "某人的上级")
    n: int | None = about("how many levels up, 1 unless given", "向上几级，默认 1", minimum=1)
    field: str | None = about("the person a field of the ticket names", "工单字段中记录的人")
    schedule: str | None = about("who is on call by a schedule", "值班表中的值班人")
    who: Annotated[str, words(WHO)] | None = about("whose turn it is now, is next or was before", "当前、下一位或上一位值班人")
    on_call: str | None = about("who is on call by a schedule now", "当前值班人")
    webhook: str | None = about("an endpoint of the host", "宿主系统的回调")
    target: str | None = about("a function of the host", "宿主注册的函数")


RelationWord = Annotated[str, words(RELATIONS)]
OneTo = Annotated[Annotated[RelationWord, TEXT] | Annotated[ToModel, MAPPING], BY_SHAPE]
To = Annotated[
    Annotated[RelationWord, TEXT] | Annotated[ToModel, MAPPING] | Annotated[list[OneTo], LIST],
    BY_SHAPE,
]


class NotifyModel(Part):
    """Tell somebody."""

    model_config = titled("通知")

    to: To | None = about("who is told", "通知谁")
    template: str | None = about("the host's name for the text", "宿主系统中的文案模板")
    data: Expressions | None = about("values for the text", "文案所需的值")
    urgent: bool = about("whether it breaks quiet hours", "是否忽略免打扰时段", default=False)


class CallModel(Part):
    """Ask the host to do something."""

    model_config = titled("调用宿主系统")

    name: str | None = about("the host's name for it", "调用的名称")
    data: Expressions | None = about("what it needs", "调用所需的数据")
    reply: str | None = about("the event that brings the answer", "返回结果时触发的事件")


class OpenModel(Part):
    """Open another ticket."""

    model_config = titled("新建工单")

    workflow: str | None = about("the workflow of the new ticket", "新工单的流程")
    fields: Expressions | None = about("its fields", "新工单的字段")
    relation: str | None = about("what it is to this ticket, child unless given", "与本工单的关系，默认 child")


class SendModel(Part):
    """Send an event to another ticket."""

    model_config = titled("向其他工单发送事件")

    ticket: Condition | None = about(
        "an expression that gives the ticket's id, or a list of ids", "给出工单标识（或标识列表）的表达式"
    )
    event: str | None = about("the event", "事件")
    payload: Expressions | None = about("what comes with it", "事件数据")


class EmitModel(Part):
    """Let an event of this ticket follow."""

    model_config = titled("触发内部事件")

    event: str | None = about("the event", "事件")
    payload: Expressions | None = about("what comes with it", "事件数据")


class WhoseModel(Part):
    """Whose calendar counts."""

    model_config = titled("谁的日历")

    of: Annotated[str, words(OF)] = needed(
        "the calendar of the ticket, or the shift of its outlet or of who is addressed first",
        "工单的日历，或网点、首位对象的班次",
    )


class PersonModel(Part):
    """Somebody who owns the ticket, watches it or goes."""

    model_config = titled("指定人员")

    to: To | None = about("who", "谁")


class AssignModel(Part):
    """Somebody who gets the ticket."""

    model_config = titled("指派")

    to: To | None = about("who", "谁")
    keep_owner: bool = about(
        "whether who had it becomes its owner where it has none", "没有负责人时，原处理人是否留作负责人", default=False
    )


class HelperModel(Part):
    """Somebody who helps, with a clock of their own or without."""

    model_config = titled("协助人")

    to: To | None = about("who", "谁")
    within: Length | None = about("by when they are to be done", "应在多久之内完成")
    calendar: Annotated[Annotated[str, TEXT] | Annotated[WhoseModel, MAPPING], BY_SHAPE] | None = about(
        "the calendar in which within counts, or whose", "within 计时所用日历，或谁的日历"
    )
    zone: str | None = about(
        "where its hours are read: a time zone, outlet or recipient", "按哪个时区读取日历：时区名、outlet 或 recipient"
    )


class RaiseModel(Part):
    """Raise the priority."""

    model_config = titled("提高优先级")

    by: int = about("by how many steps", "提高几级", default=1, minimum=1, maximum=9)
    ceiling: int = about(
        "not beyond this priority; 1 is the highest", "最高到哪一级，1 为最高", default=1, minimum=1, maximum=9
    )


_Person = Annotated[Annotated[str, TEXT] | Annotated[PersonModel, MAPPING], BY_SHAPE]
_Assign = Annotated[Annotated[str, TEXT] | Annotated[AssignModel, MAPPING], BY_SHAPE]
_Helper = Annotated[Annotated[str, TEXT] | Annotated[HelperModel, MAPPING], BY_SHAPE]


class ChainModel(Part):
    """A chain, and the level at which to enter."""

    model_config = titled("升级链与级别")

    chain: Name = needed("the chain", "升级链")
    level: str | None = about("the level, the first unless given", "级别，默认第一级")


_Chain = Annotated[Annotated[str, TEXT] | Annotated[ChainModel, MAPPING], BY_SHAPE]


class ActionModel(Part):
    """One update: exactly one of these keys."""

    model_config = titled("动作", minProperties=1, maxProperties=1)

    set: Expressions | None = about("fields and the expressions that give their values", "要设置的字段及其表达式")
    notify: Annotated[Annotated[str, TEXT] | Annotated[NotifyModel, MAPPING], BY_SHAPE] | None = about(
        "tell somebody", "通知某人"
    )
    call: Annotated[Annotated[str, TEXT] | Annotated[CallModel, MAPPING], BY_SHAPE] | None = about(
        "ask the host to do something", "调用宿主系统"
    )
    open: Annotated[Annotated[str, TEXT] | Annotated[OpenModel, MAPPING], BY_SHAPE] | None = about(
        "open another ticket", "新建工单"
    )
    send: SendModel | None = about("send an event to another ticket", "向其他工单发送事件")
    queue: str | None = about("put the ticket into a queue", "把工单放入队列")
    assign: _Assign | None = about("give the ticket to somebody", "把工单派给某人")
    unassign: Annotated[Annotated[bool, FLAG] | Annotated[str, TEXT], BY_SHAPE] | None = about(
        "empty the assignee (true) or a named slot", "清空处理人（true）或指定的派单位"
    )
    emit: Annotated[Annotated[str, TEXT] | Annotated[EmitModel, MAPPING], BY_SHAPE] | None = about(
        "let an event of this ticket follow", "触发内部事件"
    )
    raise_priority: Annotated[Annotated[int, NUMBER] | Annotated[RaiseModel, MAPPING], BY_SHAPE] | None = about(
        "raise the priority", "提高优先级"
    )
    add_owner: _Person | None = about("let somebody own the ticket", "增加负责人")
    add_helper: _Helper | None = about("let somebody help", "增加协助人")
    remove_helper: _Person | None = about("let helpers go", "移除协助人")
    watch: _Person | None = about("let people watch the ticket", "增加关注人")
    unwatch: _Person | None = about("let people watch it no longer", "移除关注人")
    tag: Names | None = about("put a tag on the ticket, or several", "添加标签")
    start: _Chain | None = about("start an escalation chain", "启动升级链")
    jump: _Chain | None = about(
        "move a live run to a level; where none is live, start the chain", "跳到某一级；未运行则启动升级链"
    )


Actions = Annotated[Annotated[ActionModel, MAPPING] | Annotated[list[ActionModel], LIST], BY_SHAPE]
ToModel.model_rebuild()
