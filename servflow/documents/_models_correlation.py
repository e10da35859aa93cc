"""Knows the shape of a correlator's definition; must not know what it means."""

# ruff: noqa: RUF001 - Chinese text uses full-width punctuation

from __future__ import annotations

from typing import Annotated, Any

from servflow.correlation import AFTER, FIND, LATE
from servflow.documents._shapes import (
    BY_SHAPE,
    LIST,
    MAPPING,
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


class FiringSendModel(Part):
    """Fire an event on other tickets."""

    model_config = titled("发送事件")

    event: Name = needed("the event", "事件")
    ticket: Condition | None = about(
        "an expression that gives an id or a list of ids; every ticket behind the firing unless given",
        "给出工单编号（或编号列表）的表达式；默认为参与匹配的全部工单",
    )
    payload: Expressions | None = about("expressions that give its payload", "事件数据的表达式")


class FiringOpenModel(Part):
    """Open a ticket."""

    model_config = titled("新建工单")

    workflow: Name = needed("the workflow of the new ticket", "新工单的流程")
    fields: Expressions | None = about("expressions that give its fields", "新工单字段的表达式")


class FiringToModel(Part):
    """Who is told: exactly one of these keys."""

    model_config = titled("通知对象", minProperties=1, maxProperties=1)

    role: str | None = about("everybody who holds a role", "拥有该角色的所有人")
    queue: str | None = about("who works on a queue", "处理该队列的人")
    user: str | None = about("the id of a person", "人员标识")


class FiringNotifyModel(Part):
    """Tell somebody."""

    model_config = titled("通知")

    to: FiringToModel = needed("who is told", "通知谁")
    template: Name = needed("the host's template", "宿主系统的模板")
    data: Expressions | None = about("expressions that give what the template shows", "模板数据的表达式")
    urgent: bool = about("whether it may wake people up", "是否紧急", default=False)


class FiringActionModel(Part):
    """What follows when it is found: exactly one of these keys."""

    model_config = titled("匹配后的动作", minProperties=1, maxProperties=1)

    send: Annotated[Annotated[str, TEXT] | Annotated[FiringSendModel, MAPPING], BY_SHAPE] | None = about(
        "fire an event on other tickets", "向其他工单发送事件"
    )
    open: Annotated[Annotated[str, TEXT] | Annotated[FiringOpenModel, MAPPING], BY_SHAPE] | None = about(
        "open a ticket", "新建工单"
    )
    notify: FiringNotifyModel | None = about("tell somebody", "通知")


Types = dict[str, Annotated[Annotated[str, TEXT] | Annotated[dict[str, Any], MAPPING], BY_SHAPE]]


class CorrelatorModel(Part):
    """What is looked for among the records of many tickets, kept apart by a key, and what follows when it is found."""

    model_config = titled("关联器")

    servflow: int = about("the version of this format", "文档格式版本", default=1)
    correlator: Name = needed("its name", "关联器名称")
    version: int = about("its version, from 1", "版本，从 1 开始", default=1)
    title: str = about("what people read", "显示名称", default="")
    description: str = about("what it is for", "说明", default="")
    workflows: Names = about("whose tickets it looks at; all unless given", "关注哪些流程的工单；默认全部", default=())
    when: Condition | None = about("which records count", "哪些记录计入")
    key: Condition = needed("for whom a record counts", "按什么分组计数")
    find: Annotated[str, words(FIND)] = about("what is looked for", "寻找什么", default=FIND[0])
    count: int | None = about("how many records, or different values", "多少条记录或多少个不同的值", minimum=1)
    of: Condition | None = about("with distinct: whose different values", "与 distinct 合用：统计哪个值的不同取值")
    steps: list[Condition] | None = about("with sequence: what must come in this order", "与 sequence 合用：须依次出现的记录")
    unless: Condition | None = about(
        "with absence: what ends the wait; any record of the key unless given",
        "与 absence 合用：出现什么则不再等待；默认任何记录",
    )
    within: Length = needed("within how much elapsed time", "时间窗口")
    after: Annotated[str, words(AFTER)] = about("what becomes of what was found", "匹配之后如何继续", default=AFTER[0])
    quiet: Length | None = about("how long after a firing there is no other", "匹配后多久内不再触发")
    grace: Length | None = about("how long stragglers are waited for", "等待迟到记录多久")
    late: Annotated[str, words(LATE)] = about(
        "what becomes of what comes later still", "更晚到达的记录如何处理", default=LATE[0]
    )
    keep: int | None = about("how many records of one key are remembered at most", "每组最多记住多少条记录", minimum=1)
    carry: Expressions | None = about("values of a record that actions may read", "供动作读取的记录值")
    do: Annotated[Annotated[FiringActionModel, MAPPING] | Annotated[list[FiringActionModel], LIST], BY_SHAPE] | None = about(
        "what follows", "执行的动作"
    )
    fields: Types | None = about("the types of fields that expressions read", "表达式所读字段的类型")
    payload: Types | None = about("the types of payloads that expressions read", "表达式所读事件数据的类型")
