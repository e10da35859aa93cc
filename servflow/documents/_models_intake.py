"""Knows the shape of an intake's definition; must not know what it means."""

# ruff: noqa: RUF001 - Chinese text uses full-width punctuation

from __future__ import annotations

from typing import Annotated

from servflow.documents._models import Fields
from servflow.documents._models_choosing import TableModel
from servflow.documents._models_time import CalendarModel
from servflow.documents._shapes import Condition, Expressions, Length, Name, Names, Part, about, needed, titled, words

MERGES = ("open", "reopen")


class ChannelModel(Part):
    """Where messages come from, and how they read; expressions read ``message``."""

    model_config = titled("渠道")

    key: Condition = needed(
        "what tells messages apart: the same key is the same message sent again", "区分消息的键：键相同即重复消息"
    )
    fields: Expressions | None = about("for each field an expression over message", "各字段取自消息的表达式")
    required: Names = about("fields without which a message is refused", "缺少即拒收的字段", default=())
    text: Condition | None = about(
        "what the sender said, kept where it is added to an open ticket; all fields unless given",
        "来件人所说的内容，并入在办工单时保留；默认写出全部字段",
    )
    ticket: Condition | None = about(
        "the id of the ticket that a message answers, to which it is added whatever the matter",
        "消息所回复的工单编号；直接并入该工单，不再按事项判断",
    )
    occurred: Condition | None = about("when it happened, as text with an offset", "发生时间，须带时区偏移")
    title: str = about("what people read", "显示名称", default="")


class UniqueModel(Part):
    """When messages are about one matter, which has one open ticket at a time."""

    model_config = titled("去重与合并")

    key: Condition = needed(
        "what the matter is told by: text, a number or a list; null matches nothing",
        "事项的标识：文本、数字或列表；为空则不合并",
    )
    window: Length | None = about(
        "how long from its opening a ticket takes in messages; as long as it is open unless given",
        "开单后多久之内并入；不填则只要未关闭",
    )
    calendar: str | None = about("the calendar that counts; none: time as it passes", "计时所用日历；不填则按自然时间")
    merge: Annotated[str, words(MERGES)] = about(
        "whether a closed ticket is reopened where its workflow allows it", "工单已关闭时是否按流程重新打开", default="open"
    )
    roles: Names = about("the roles in whose name a message is added", "以哪些角色的名义并入消息", default=("customer",))


class MergingModel(Part):
    """What a message that is added to an open ticket changes there; expressions also read ``ticket``."""

    model_config = titled("并入时的更改")

    event: Name = about(
        "the event that the system fires; the workflow must let it", "由系统触发的事件，流程须允许", default="ticket.update"
    )
    when: Condition | None = about("whether it is fired", "触发条件")
    payload: Expressions | None = about("expressions that give its payload; null is left out", "事件数据的表达式；为空则不带")


class AcknowledgeModel(Part):
    """Who is told at once that a message came in."""

    model_config = titled("即时回执")

    to: Condition = needed(
        "an expression that gives a person or an address; null tells nobody", "给出收件人的表达式；为空则不发送"
    )
    template: Name = needed("the host's template", "宿主系统的模板")
    merged: Name | None = about(
        "the template where it was added to an open ticket; the same unless given", "并入时的模板；默认相同"
    )
    data: Expressions | None = about("expressions that give what the template shows", "模板数据的表达式")
    when: Condition | None = about("whether anybody is told", "发送条件")


class IntakeModel(Part):
    """The one door for messages of every channel: how they read, what they are, whose ticket they belong to."""

    model_config = titled("受理")

    servflow: int = about("the version of this format", "文档格式版本", default=1)
    intake: Name = needed("its name", "名称")
    version: int = about("its version, from 1", "版本，从 1 开始", default=1)
    title: str = about("what people read", "显示名称", default="")
    description: str = about("what it is for", "说明", default="")
    channels: dict[str, ChannelModel] = needed("where messages come from", "消息渠道")
    fields: Fields | None = about("the types that fields are read in", "字段类型，用于校验")
    table: TableModel | None = about("the only table", "唯一的决策表")
    tables: dict[str, TableModel] | None = about(
        "tables asked in order; each reads channel, fields and what came out before",
        "按顺序执行的决策表；可读取渠道、字段以及之前的输出",
    )
    tickets: dict[str, Expressions] | None = about(
        "what tickets of a workflow get; everything unless named", "各流程的工单取哪些字段；默认全部"
    )
    unique: UniqueModel | None = about("when messages are about one matter", "何时视为同一事项")
    merged: dict[str, MergingModel] | None = about(
        "what a message that is added changes of open tickets, by their workflows", "并入的消息对在办工单的更改，按流程"
    )
    acknowledge: AcknowledgeModel | None = about("who is told at once", "即时回执")
    calendars: dict[str, CalendarModel] | None = about("the calendars that windows count in", "计时所用日历")
