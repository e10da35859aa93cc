"""Knows the shape of escalations; must not know what they mean."""

# ruff: noqa: RUF001 - Chinese text uses full-width punctuation

from __future__ import annotations

from typing import Annotated

from servflow.documents._models_actions import Actions, To, WhoseModel
from servflow.documents._shapes import (
    BY_SHAPE,
    LIST,
    MAPPING,
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
from servflow.escalation._chain import LATE, ON_ACK, ON_EMPTY, ON_FAILURE, ON_REOPEN, UNACK
from servflow.escalation._level import OTHERWISE
from servflow.escalation._quiet import TAKES
from servflow.escalation._trigger import SIDES


class TriggerModel(Part):
    """What starts a run: exactly one of clock, age, event, state, silent and correlator, or a condition alone."""

    model_config = titled("升级触发条件")

    clock: str | None = about("a clock reaches a mark", "时钟到达提醒点")
    mark: str | None = about("which mark, breach unless given", "哪个提醒点，默认 breach")
    age: Length | None = about("the ticket is this old", "工单已存在多久")
    event: str | None = about("an event happens", "发生事件")
    state: str | None = about("the ticket is in a state", "处于某状态")
    silent: Annotated[str, words(SIDES)] | None = about("no message by this side", "某一方没有消息")
    public: bool | None = about("only public messages count, or only internal ones", "只计公开（或内部）消息")
    after: Length | None = about("for this long", "持续多久")
    calendar: str | None = about("the calendar in which age or after counts", "age 或 after 计时所用日历")
    correlator: str | None = about("a correlator fired", "关联器触发")
    when: Condition | None = about("must hold then; alone: it becomes true", "届时须成立的条件；单独使用：条件由不成立变为成立")
    level: str | None = about("the level at which the run enters, due at once", "从哪一级开始（立即到期）")
    closed: bool | None = about("a condition alone counts on closed tickets too", "单独的条件对已关闭的工单同样有效")


class EndingModel(Part):
    """What ends a run early: a state, an event or a message."""

    model_config = titled("升级结束条件")

    state: Names | None = about("the ticket enters a state", "进入某状态")
    event: Names | None = about("an event happens", "发生事件")
    message: Names | None = about("this side writes", "某一方发来消息")
    public: bool | None = about("only public messages count, or only internal ones", "只计公开（或内部）消息")


_Ending = Annotated[Annotated[str, TEXT] | Annotated[EndingModel, MAPPING], BY_SHAPE]


class RemindModel(Part):
    """Say a level's notifications again."""

    model_config = titled("重复提醒")

    every: Length = needed("how long between two", "间隔多久")
    times: int = about("how often", "次数", default=1)


class RepeatModel(Part):
    """Climb the chain again."""

    model_config = titled("重复升级")

    times: int = about("how often", "次数", default=1)
    after: Length | None = about("how long after the last level", "最后一级之后多久")


class GotoModel(Part):
    """Where the climb goes on when the condition of a level does not hold."""

    model_config = titled("转到级别")

    goto: Name = needed("a later level", "之后的某一级别")


class QuietModel(Part):
    """Hours in which only what is urgent is said: while the calendar is open."""

    model_config = titled("免打扰时段")

    calendar: str = needed("it is quiet while this calendar is open", "此日历开放期间免打扰")
    take: Annotated[str, words(TAKES)] = about("say it later, or never", "稍后发送或不再发送", default="later")
    zone: str | None = about(
        "where its hours are read: a time zone, or that of each recipient", "按哪个时区读取：时区名，或接收人所在时区"
    )


class LevelModel(Part):
    """One step of a chain."""

    model_config = titled("升级层级")

    name: Name = needed("what it is called", "名称")
    title: Said = about("what people read; a text, or one for each language", "显示名称：文本，或各语言的文本", default="")
    after: Length | None = about("how long after the level before", "距上一级多久")
    calendar: Annotated[Annotated[str, TEXT] | Annotated[WhoseModel, MAPPING], BY_SHAPE] | None = about(
        "the calendar in which after counts, or whose", "after 计时所用日历，或谁的日历"
    )
    zone: str | None = about(
        "where its hours are read: a time zone, outlet or recipient", "按哪个时区读取日历：时区名、outlet 或 recipient"
    )
    when: Condition | None = about("passed over where this does not hold", "条件不成立则跳过")
    do: Actions | None = about("what happens", "执行的动作")
    remind: RemindModel | None = about("say it again", "重复提醒")
    keep_owner: bool = about(
        "whether who loses the ticket to assign stays as its owner", "assign 改派后原处理人是否留作负责人", default=False
    )
    otherwise: Annotated[Annotated[str, words(OTHERWISE), TEXT] | Annotated[GotoModel, MAPPING], BY_SHAPE] = about(
        "pass over, wait for the condition, or go on with a later level", "跳过、等待条件，或转到之后的级别", default="skip"
    )


class EscalationModel(Part):
    """A chain of levels climbed when a trigger holds."""

    model_config = titled("升级链")

    name: Name = needed("what it is called", "名称")
    title: Said = about("what people read; a text, or one for each language", "显示名称：文本，或各语言的文本", default="")
    start: Annotated[Annotated[TriggerModel, MAPPING] | Annotated[list[TriggerModel], LIST], BY_SHAPE] = needed(
        "what starts a run", "触发条件"
    )
    until: (
        Annotated[Annotated[str, TEXT] | Annotated[EndingModel, MAPPING] | Annotated[list[_Ending], LIST], BY_SHAPE] | None
    ) = about("what ends a run early", "提前结束的条件")
    levels: Annotated[Annotated[LevelModel, MAPPING] | Annotated[list[LevelModel], LIST], BY_SHAPE] = needed(
        "the levels in order", "按顺序排列的层级"
    )
    when: Condition | None = about("must hold for a run to start", "启动所需条件")
    late: Annotated[str, words(LATE)] = about("who is told of levels caught up late", "补发迟到层级的方式", default="collapse")
    on_empty: Annotated[str, words(ON_EMPTY)] = about("when nobody can be reached", "找不到对象时", default="skip")
    fallback: To | None = about("who is told then", "备用对象")
    on_ack: Annotated[str, words(ON_ACK)] = about("what an acknowledgement does", "确认后的行为", default="pause")
    ack_ttl: Length | None = about("how long an acknowledgement lasts", "确认的有效期")
    unack: Annotated[str, words(UNACK)] = about("when it is taken back", "取消确认时", default="continue")
    on_reopen: Annotated[str, words(ON_REOPEN)] = about("when the ticket is opened again", "重新打开时", default="restart")
    repeat: RepeatModel | None = about("climb again", "重复升级")
    advance_on_failure: Annotated[str, words(ON_FAILURE)] = about(
        "when notifications fail, the next level is due at once", "通知失败时立即进入下一级", default="never"
    )
    quiet: Annotated[Annotated[str, TEXT] | Annotated[QuietModel, MAPPING], BY_SHAPE] | None = about(
        "hours in which only what is urgent is said", "免打扰时段，仅发送紧急通知"
    )
