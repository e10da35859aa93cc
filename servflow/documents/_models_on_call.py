"""Knows the shape of on-call schedules in a file; must not know who is on call."""

# ruff: noqa: RUF001 - Chinese text uses full-width punctuation

from __future__ import annotations

from typing import Annotated

from pydantic import Field

from servflow.documents._shapes import (
    BY_SHAPE,
    LIST,
    MAPPING,
    TEXT,
    Name,
    Names,
    Part,
    about,
    needed,
    titled,
    words,
)
from servflow.escalation._overrides import ACTIONS
from servflow.escalation._schedule import COMBINE

Instant = Annotated[str, Field(examples=["2026-03-02T09:00:00+08:00"], json_schema_extra={"format": "date-time"})]
WallTime = Annotated[str, Field(examples=["2026-03-02T09:00"])]
Turn = Annotated[str, Field(examples=["1 week", "12 hours", "12 wall hours", "1 day", "1 duty day", "1 month"])]
Windows = dict[str, Names]
Users = Annotated[Annotated[str, TEXT] | Annotated[list[Names], LIST], BY_SHAPE]


class MembersModel(Part):
    """Who takes the turns of a rotation from an instant on."""

    model_config = titled("轮班成员变更")

    at: Instant = needed("from when on", "自何时起")
    users: Users = needed("who takes turns then, in order", "此后轮班的人员，按顺序")
    anchor: str | None = about("who has the turn that runs then", "当时的班由谁值")


class RotationModel(Part):
    """Who is on call in turns."""

    model_config = titled("轮班")

    users: Users = needed("who takes turns, in order; a list among them is a group", "轮班人员，按顺序；其中的列表为一组")
    start: WallTime = needed("when the first one's turn begins", "第一位的班何时开始")
    zone: Name = needed("the time zone of the turns", "轮班所用时区")
    every: Turn = about("how long one turn lasts", "一班多长", default="1 week")
    length: int = about("how many times that", "倍数", default=1, minimum=1)
    windows: Windows | None = about("local times outside of which nobody is on call", "每周值班时段，其外无人值班")
    hold_for: Turn | None = about("how much of each turn is duty", "每班中值班的部分")
    windows_zone: str | None = about("the zone of the windows, if it is another", "时段所用时区，默认与 zone 相同")
    begins: WallTime | None = about("when it begins to count", "自何时起生效")
    ends: WallTime | None = about("when it ends to count", "至何时止")
    anchor: str | None = about("who has the turn that begins at start", "始于 start 的班由谁值")
    level: int | None = about("how high it lies with combine: top", "combine 为 top 时所处的层级", minimum=1)
    changes: Annotated[Annotated[MembersModel, MAPPING] | Annotated[list[MembersModel], LIST], BY_SHAPE] | None = about(
        "edits of the users, each from an instant on", "成员变更"
    )


class OverrideModel(Part):
    """A change to who is on call for one stretch of time."""

    model_config = titled("替班")

    start: Instant = needed("from when", "开始时刻")
    end: Instant = needed("until when", "结束时刻")
    users: Names = needed("who", "人员")
    action: Annotated[str, words(ACTIONS)] = about("what becomes of those on call", "替换、增加或移除", default=ACTIONS[0])
    instead_of: Names | None = about("for whom they cover; everybody unless given", "替谁值班，默认替所有人")


class DutyModel(Part):
    """One shift, written out."""

    model_config = titled("班次")

    start: Instant = needed("from when", "开始时刻")
    end: Instant = needed("until when", "结束时刻")
    users: Names = needed("who is on call", "值班人员")


class TemporaryModel(Part):
    """A stretch in which only the shifts written here count."""

    model_config = titled("临时排班")

    start: Instant = needed("from when", "开始时刻")
    end: Instant = needed("until when", "结束时刻")
    shifts: Annotated[Annotated[DutyModel, MAPPING] | Annotated[list[DutyModel], LIST], BY_SHAPE] | None = about(
        "who is on call then", "期间的班次"
    )


class ScheduleModel(Part):
    """Layers of rotations, later ones on top, and what stands in for them."""

    model_config = titled("值班表")

    layers: Annotated[Annotated[RotationModel, MAPPING] | Annotated[list[RotationModel], LIST], BY_SHAPE] | None = about(
        "rotations, the lowest first", "轮班层，最低层在前"
    )
    overrides: Annotated[Annotated[OverrideModel, MAPPING] | Annotated[list[OverrideModel], LIST], BY_SHAPE] | None = about(
        "who stands in for whom", "替班"
    )
    combine: Annotated[str, words(COMBINE)] = about(
        "everybody, or only the highest layer", "合并或取最高层", default=COMBINE[0]
    )
    temporary: Annotated[Annotated[TemporaryModel, MAPPING] | Annotated[list[TemporaryModel], LIST], BY_SHAPE] | None = about(
        "stretches that replace everything", "整段取代的临时排班"
    )


class RosterModel(Part):
    """Every shift written out."""

    model_config = titled("班次清单")

    duties: list[DutyModel] = needed("the shifts", "班次")
    known_from: Instant | None = about("since when all shifts are there", "自何时起完整")
    known_until: Instant | None = about("until when they are", "至何时完整")
    name: str = about("where they come from", "来源", default="")


class SchedulesModel(Part):
    """On-call schedules by name: each a schedule of layers, one rotation, or a roster of shifts."""

    model_config = titled("值班表文件")

    servflow: int = about("the version of this format", "文档格式版本", default=1)
    schedules: dict[str, ScheduleModel | RotationModel | RosterModel] = needed("by name", "按名称列出")
