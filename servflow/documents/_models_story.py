"""Knows the shape of a document of stories; must not know what they mean."""

# ruff: noqa: RUF001 - Chinese text uses full-width punctuation

from __future__ import annotations

from typing import Annotated, Any

from servflow.documents._shapes import (
    BY_SHAPE,
    LIST,
    MAPPING,
    TEXT,
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

STANDINGS = ("idle", "running", "paused", "met", "breached", "cancelled")
"""What a story may say of a clock in one word; ``breached`` goes before ``running``, ``paused`` and ``met``."""

PHASES = tuple(name for name in STANDINGS if name != "breached")
"""What a clock does, breached or not."""

REFUSALS = ("unknown", "not_here", "guard", "not_permitted", "payload", "stale", "past")
"""The codes that a refusal may have."""

_Refused = Annotated[Annotated[str, TEXT] | Annotated[list[str], LIST] | Annotated[dict[str, str], MAPPING], BY_SHAPE]
_Person = str | None


class ClockCheckModel(Part):
    """How one clock is to stand; what is left out is not looked at."""

    model_config = titled("时钟核对", minProperties=1)

    phase: Annotated[str, words(PHASES)] | None = about("what it does", "所处阶段")
    breached: bool | None = about("whether it is breached, also where it was stopped late", "是否已超时（含停止过晚）")
    due: str | None = about("when it is due, as a wall time or an instant; null: it is not due", "到期时刻；null 表示没有")
    remaining: str | None = about("what is left of it, such as 2h, 30m or -15m", "剩余时间，例如 2h、30m、-15m")
    marks: Names | None = about("all its marks that were reached so far, such as 80%", "至今到达过的全部提醒点，例如 80%")


class ToldModel(Part):
    """One message that is to have been sent."""

    model_config = titled("通知核对", minProperties=1)

    to: str | None = about(
        "who was told: a person, and where the world says nobody such words as role:supervisor, queue:care, webhook:pager",
        "通知对象：人员；世界未说明是谁时为 role:supervisor、queue:care、webhook:pager 这样的写法",
    )
    template: Name | None = about("by which template", "所用模板")
    times: int | None = about("how often; at least once unless given", "次数；默认至少一次", minimum=0)


class GivenModel(Part):
    """A ticket that is opened."""

    model_config = titled("起始工单")

    ticket: Name | None = about("its id, by which steps name it", "工单编号，步骤据此引用")
    workflow: Name | None = about("its workflow; that of the document unless given", "所属流程；默认为本文档的流程")
    at: str | None = about(
        "when: a wall time such as '2026-03-02 09:00', or an instant; the document's start unless given",
        "开单时刻：'2026-03-02 09:00' 这样的当地时间或带偏移的时刻；默认为文档的 start",
    )
    occurred: str | None = about("when it really came in, if earlier", "实际发生的时刻（若更早）")
    actor: Name | None = about("who opens it", "开单人")
    fields: dict[str, Any] | None = about(
        "values of fields, and of priority, queue, customer and the like", "字段的值，以及 priority、queue、customer 等"
    )
    refused: Annotated[str, words(REFUSALS)] | None = about("the code with which it is to be refused", "应被拒绝的代码")


class ThenModel(Part):
    """What is to be true of a ticket now; what is left out is not looked at."""

    model_config = titled("核对", minProperties=1)

    state: Names | None = about("the state it is in; of several all", "所在状态；多个则须全部")
    closed: bool | None = about("whether it is closed", "是否已关闭")
    fields: dict[str, Any] | None = about(
        "values of fields, and of priority, customer and the like", "字段的值，以及 priority、customer 等"
    )
    assignee: _Person = about("who has it; null: nobody", "处理人；null 表示无人")
    owner: _Person = about("who answers for it; null: nobody", "负责人；null 表示无人")
    queue: _Person = about("in which queue it waits; null: none", "所在队列；null 表示无")
    clocks: dict[str, Annotated[Annotated[str, TEXT] | Annotated[ClockCheckModel, MAPPING], BY_SHAPE]] | None = about(
        "how its clocks stand: idle, running, paused, met, breached or cancelled, or a mapping that says more",
        "各时钟的情况：idle、running、paused、met、breached、cancelled，或更详细的映射",
    )
    notified: list[Annotated[Annotated[str, TEXT] | Annotated[ToldModel, MAPPING], BY_SHAPE]] | None = about(
        "who was told since the last step that looked: templates, or who and by which; an empty list: nobody",
        "自上次核对通知以来发送过的通知：模板名，或对象与模板；空列表表示没有通知任何人",
    )
    levels: dict[str, Names] | None = about(
        "by chain the levels that were reached so far, in order", "各升级链至今到达的级别，按先后顺序"
    )
    available: Names | None = about("events that the step's actor may fire now", "本步骤的 actor 现在可以执行的事件")
    refused: _Refused | None = about(
        "events that this actor may not fire now, or by event the code", "该 actor 现在不能执行的事件，或事件及其代码"
    )
    offers: Names | None = about("to whom it is offered now", "当前的抢单邀约对象")
    children: Names | None = about("the workflows of all tickets it has opened so far", "至今由它开出的全部工单的流程")
    calls: Names | None = about("the host's functions that were called so far", "至今调用过的宿主函数")
    unreachable: Names | None = about(
        "who was to be told or given something so far and was not reached", "至今未能通知到或派到的对象"
    )
    checked: Names | None = about("the checklist steps that are done", "已完成的检查步骤")
    records: dict[str, int] | None = about("by kind how many records there are", "各类记录的数量")


class StepModel(Part):
    """One step of a story: time passes, the world changes, somebody does something, and something is to be true."""

    model_config = titled("步骤", minProperties=1)

    at: str | None = about("the wall time or instant at which it happens", "发生的时刻")
    after: Length | None = about("how long after the step before, as time passes: 2h, 3d", "距上一步多久（自然时间）：2h、3d")
    ticket: Name | None = about(
        "which ticket, the first one unless given; T1.2 is the second that T1 has opened",
        "哪张工单，默认第一张；T1.2 表示 T1 开出的第二张",
    )
    world: dict[str, Any] | None = about(
        "what changes of the world from here on, such as {presence: {ann: away}}: mappings, and lists of parts with an id, are"
        " changed where they differ; null takes away",
        "从此刻起世界的变化，例如 {presence: {ann: away}}：映射及带 id 的列表只改动所写部分；null 表示去掉",
    )
    replies: dict[str, dict[str, Any] | None] | None = about(
        "by function of the host what it answers from here on; null: nothing", "宿主函数从此刻起的回答；null 表示不回答"
    )
    open: GivenModel | None = about("another ticket is opened", "再开一张工单")
    when: Name | None = about("the event that is fired", "触发的事件")
    actor: Name | None = about("who does it, or in whose name 'available' is asked", "操作人，或核对 available 的身份")
    payload: dict[str, Any] | None = about("what comes with the event", "事件数据")
    occurred: str | None = about("when it really happened, if earlier", "实际发生的时刻（若更早）")
    refused: Annotated[str, words(REFUSALS)] | None = about("the code with which it is to be refused", "应被拒绝的代码")
    then: ThenModel | None = about("what is to be true then", "此时应当成立的内容")


class CaseModel(Part):
    """One story."""

    model_config = titled("故事")

    story: Name = needed("what it tells, in words", "一句话说明")
    given: Annotated[Annotated[GivenModel, MAPPING] | Annotated[list[GivenModel], LIST], BY_SHAPE] | None = about(
        "the ticket or tickets it begins with", "起始工单，可有多张"
    )
    steps: list[StepModel] = needed("what happens, one after the other", "依次发生的步骤")
    examples: list[dict[str, Any]] | None = about(
        "the story is told once for each: their values stand where the story writes their names in braces",
        "每行运行一次：故事中花括号内的名称由该行的值代替",
    )


class StoriesModel(Part):
    """Stories that a workflow is to go through as they tell it: given, when, at, then."""

    model_config = titled("故事集")

    servflow: int = about("the version of this format", "文档格式版本", default=1)
    stories: Name = needed("the name of the workflow they are about", "所测流程的名称")
    title: Said = about("what people read; a text, or one for each language", "显示名称：文本，或各语言的文本", default="")
    description: Said = about("what they are for; a text, or one for each language", "说明：文本，或各语言的文本", default="")
    start: str | None = about("when stories begin: a wall time, or an instant", "故事开始的时刻")
    zone: str = about("the time zone in which wall times without an offset are meant", "当地时间所用的时区", default="UTC")
    people: dict[str, Names] | None = about("who acts, each with the roles", "出场人物及其角色")
    world: Annotated[Annotated[str, TEXT] | Annotated[dict[str, Any], MAPPING], BY_SHAPE] | None = about(
        "what lies outside the tickets: a mapping, or a file beside this one", "工单之外的世界：映射，或同目录的文件"
    )
    replies: dict[str, dict[str, Any] | None] | None = about(
        "by function of the host that a workflow calls, what it answers; nothing unless given",
        "流程所调用的宿主函数的回答；未写则不回答",
    )
    beside: Names = about(
        "files beside this one that go with it: workflows and correlators", "同目录中一起使用的文件：流程与关联器", default=()
    )
    cases: list[CaseModel] = needed("the stories", "各个故事")
