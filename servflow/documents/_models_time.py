"""Knows the shape of calendars, clocks and escalations; must not know what they mean."""

# ruff: noqa: RUF001 - Chinese text uses full-width punctuation

from __future__ import annotations

from typing import Annotated, Any

from pydantic import Discriminator, Tag

from servflow.documents._shapes import (
    BY_SHAPE,
    LIST,
    MAPPING,
    MARK,
    TEXT,
    Condition,
    Length,
    Name,
    Names,
    Part,
    Said,
    about,
    needed,
    shape,
    titled,
    words,
)
from servflow.engine._definition import RESUMES
from servflow.sla import OPTIONS, PRESETS

Windows = dict[str, Names | None]


class HolidayModel(Part):
    """A holiday with its labels, or a list of them that the host registered: exactly one of date and list."""

    model_config = titled("节假日")

    date: str | None = about("YYYY-MM-DD, or MM-DD for every year", "YYYY-MM-DD，或每年的 MM-DD")
    name: str | None = about("what it is called", "名称")
    source: str | None = about("where the date comes from", "来源")
    list: str | None = about("a list of the host; nothing else stands beside it", "宿主登记的节假日列表；不能再含其他键")


class CalendarModel(Part):
    """Which time counts; or, with one of the last three keys alone, a combination of calendars."""

    model_config = titled("日历")

    zone: str | None = about("a name of the tz database, such as Asia/Shanghai", "时区名称，例如 Asia/Shanghai")
    week: Windows | None = about("windows by weekday: mon, mon-fri or mon,wed", "按星期给出的时段：mon、mon-fri、mon,wed")
    holidays: list[Annotated[Annotated[str, TEXT] | Annotated[HolidayModel, MAPPING], BY_SHAPE]] | None = about(
        "dates on which the week does not apply", "不适用每周时段的日期"
    )
    shifts: Windows | None = about("windows of single dates, instead of the week and holidays", "特定日期的时段，优先于节假日")
    breaks: Windows | None = about("windows that are cut out of single dates", "特定日期中扣除的时段")
    known_until: str | None = about("the last date that is sure", "已确定的最后日期")
    name: str | None = about("what it is called", "名称")
    any_of: list[CalendarModel] | None = about("time counts where it counts in any of these", "任一日历开放即计时")
    all_of: list[CalendarModel] | None = about("time counts where it counts in all of these", "所有日历都开放才计时")
    minus: list[CalendarModel] | None = about("the first without the second", "第一个日历减去第二个")


class TimerModel(Part):
    """Fires an event once a state was active for a while."""

    model_config = titled("状态定时器")

    after: Length = needed("how long the state must be active", "状态须持续多久")
    event: Name = needed("the event it fires", "触发的事件")
    calendar: str | None = about("the calendar that counts; none: time as it passes", "计时所用日历；不填则按自然时间")
    resume: Annotated[str, words(RESUMES)] = about(
        "how it goes on when the state is entered again", "再次进入该状态时如何继续", default=RESUMES[0]
    )
    id: str | None = about("what editors call it for good", "编辑器使用的固定标识")


class RelativeModel(Part):
    """A place in the calendar rather than a length of time."""

    model_config = titled("相对期限")

    end_of: str | None = about(
        "the end of a business day, such as next business day", "某个工作日结束时，例如 next business day"
    )
    at: str | None = about("a wall time such as 16:00", "当地时间，例如 16:00")
    of: str | None = about("the business day of the wall time", "该时间所在的工作日")


class TableOutputModel(Part):
    """What a decision table gives."""

    model_config = titled("决策表输出")

    table: Name = needed("the decision table", "决策表")
    take: Name = needed("which of its outputs", "取哪个输出")


def _shape(value: Any) -> str:
    """What a value looks like, where a mapping may ask a table."""
    return f"{MARK}mapping:table" if isinstance(value, dict) and "table" in value else shape(value)


TABLE = Tag(f"{MARK}mapping:table")
OR_TABLE = Discriminator(_shape)

Target = Annotated[Annotated[Length, TEXT] | Annotated[RelativeModel, MAPPING] | Annotated[TableOutputModel, TABLE], OR_TABLE]
CalendarName = Annotated[
    Annotated[str, TEXT] | Annotated[CalendarModel, MAPPING] | Annotated[TableOutputModel, TABLE], OR_TABLE
]


class WithinChoice(Part):
    """A target and when it applies."""

    model_config = titled("期限选项")

    when: Condition | None = about("the condition; the last line may do without", "条件；最后一行可不填")
    take: Target = needed("the target", "期限")


class CalendarChoice(Part):
    """A calendar and when it applies."""

    model_config = titled("日历选项")

    when: Condition | None = about("the condition; the last line may do without", "条件；最后一行可不填")
    take: CalendarName | None = about("the calendar; none: time as it passes", "日历；不填则按自然时间")


class MessageModel(Part):
    """A message, narrowed to a side, to public ones or to a channel."""

    model_config = titled("消息")

    side: str | None = about("who wrote it", "由哪一方发出")
    public: bool | None = about("whether the customer sees it", "客户是否可见")
    channel: str | None = about("where it was written: mail, chat, phone", "来自哪个渠道：邮件、聊天、电话")


class ConditionModel(Part):
    """What starts, pauses or ends a clock: exactly one of these keys, narrowed by when and after."""

    model_config = titled("时钟条件", minProperties=1, maxProperties=3)

    state: Names | None = about("a state is entered", "进入某状态")
    event: Names | None = about("an event was accepted", "某事件被接受")
    message: Annotated[Annotated[str, TEXT] | Annotated[MessageModel, MAPPING], BY_SHAPE] | None = about(
        "a message was written", "收到消息"
    )
    field: (
        Annotated[Annotated[str, TEXT] | Annotated[list[str], LIST] | Annotated[dict[str, Any], MAPPING], BY_SHAPE] | None
    ) = about("a field changed, or came to a value", "字段变化，或变为某值")
    queue: Names | None = about("the ticket came into a queue", "工单进入某队列")
    left: Names | None = about("a state is left", "离开某状态")
    left_queue: Names | None = about("the ticket went out of a queue", "工单离开某队列")
    when: Condition | None = about(
        "must hold then; reads fields and, of an event or a message, its payload", "此时须成立；可读字段以及事件或消息的内容"
    )
    after: str | None = about("a clock that must have been stopped by then", "此前须已停止的时钟")


Conditions = Annotated[Annotated[ConditionModel, MAPPING] | Annotated[list[ConditionModel], LIST], BY_SHAPE]


Within = Annotated[
    Annotated[Length, TEXT]
    | Annotated[RelativeModel, MAPPING]
    | Annotated[TableOutputModel, TABLE]
    | Annotated[list[WithinChoice], LIST],
    OR_TABLE,
]
Counting = Annotated[
    Annotated[str, TEXT]
    | Annotated[CalendarModel, MAPPING]
    | Annotated[TableOutputModel, TABLE]
    | Annotated[list[CalendarChoice], LIST],
    OR_TABLE,
]


class ClockModel(Part):
    """A promise: how much time, which time counts, what starts, pauses and ends it."""

    model_config = titled("时钟")

    name: Name = needed("what it is called", "名称")
    title: Said = about("what people read; a text, or one for each language", "显示名称：文本，或各语言的文本", default="")
    within: Within = needed("how much time it has", "期限")
    calendar: Counting | None = about("the calendar that counts; none: time as it passes", "计时所用日历；不填则按自然时间")
    start: Conditions = about("what starts it; nothing: the opening", "启动条件；不填则从开单起", default=())
    until: Names = about("the states that stop it", "到达即停止的状态", default=())
    stop: Conditions = about("what stops it", "停止条件", default=())
    pause: Conditions = about("what pauses it", "暂停条件", default=())
    paused_in: Names = about("the states in which it does not count", "不计时的状态", default=())
    counts_in: Names = about("the only states in which it counts", "仅在这些状态计时", default=())
    counts_in_queue: Names = about("the only queues in which it counts", "仅在这些队列计时", default=())
    resume: Conditions = about("what lets it go on", "恢复条件", default=())
    reset: Conditions = about("what lets it begin again", "重新开始的条件", default=())
    cancel: Conditions = about("what takes the promise back", "取消条件", default=())
    warn: Names = about(
        "marks: 80%, 30m before, 1h after, every 4h after", "提醒点：80%、30m before、1h after、every 4h after", default=()
    )
    parent: str | None = about(
        "the clock that caps it: while both run it is never due later", "上级时钟：两者都在计时时，本时钟不会晚于它到期"
    )
    on_retarget: Annotated[str, words(OPTIONS["on_retarget"])] = about("when the target changes", "期限变化时", default="carry")
    on_reopen: Annotated[str, words(OPTIONS["on_reopen"])] = about(
        "when the ticket is opened again", "重新打开时", default="new_cycle"
    )
    on_calendar_change: Annotated[str, words(OPTIONS["on_calendar_change"])] = about(
        "when the calendar changes", "日历变化时", default="recompute"
    )
    breach: Annotated[str, words(OPTIONS["breach"])] = about(
        "once another target or calendar leaves time again", "新的期限或日历重新留有时间时，违约是否保留", default="stays"
    )
    breached_by: Annotated[str, words(OPTIONS["breached_by"])] = about(
        "past the due instant, or once more than the target is counted", "以到期时刻或已计时长判断违约", default="due"
    )
    marks: Annotated[str, words(OPTIONS["marks"])] = about(
        "whether a mark that lies ahead again is reached again", "重新处于前方的提醒点是否再次触发", default="once"
    )
    preset: Annotated[str, words(PRESETS)] | None = about(
        "the product whose ways the options have unless written", "未写明的选项按此产品的做法"
    )
    shown: dict[str, Said] | None = about(
        "what each audience is told it is; a text, or one for each language", "向各类对象显示的说法：文本，或各语言的文本"
    )
    display: Annotated[str, words(OPTIONS["display"])] = about(
        "which instant is shown as due", "显示哪个到期时刻", default="due"
    )


class LawModel(Part):
    """What must be true of every ticket, whatever happens to it: one of never, always_possible, leads_to."""

    model_config = titled("规律")

    name: Name = needed("what it is called", "名称")
    never: Condition | None = about("what no ticket ever meets", "任何工单都不得满足的条件")
    always_possible: Condition | None = about("what can be reached from everywhere", "从任何状况都能达到的条件")
    when: Condition | None = about("with leads_to: where it begins", "与 leads_to 合用：起点")
    leads_to: Condition | None = about("what a ticket that meets when comes to", "满足 when 的工单终将满足的条件")
    within: Length | None = about("with leads_to: how much time may pass", "与 leads_to 合用：时限")
    title: Said = about("what people read; a text, or one for each language", "显示名称：文本，或各语言的文本", default="")
