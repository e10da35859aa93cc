"""Knows the shape of surveys, scorecards and samples; must not know what they mean."""

# ruff: noqa: RUF001 - Chinese text uses full-width punctuation

from __future__ import annotations

from typing import Annotated

from servflow.documents._models_actions import Actions
from servflow.documents._shapes import (
    BY_SHAPE,
    MAPPING,
    NUMBER,
    Condition,
    Length,
    Name,
    Part,
    Said,
    needed,
    titled,
    words,
)
from servflow.documents._shapes import about as given
from servflow.engine import SURVEY_ABOUT, SURVEY_SCALES


class LowModel(Part):
    """What follows from a low rating."""

    model_config = titled("低分处理")

    at_most: int = needed("the highest score that counts as low", "不高于此分即为低分")
    do: Actions | None = given(
        "what happens; a call_back ticket is opened unless given", "执行的动作；默认新建 call_back 回访单"
    )


class SurveyModel(Part):
    """Ask for a rating once a state was active for a while."""

    model_config = titled("满意度调查")

    name: Name = needed("what it is called", "名称")
    state: Name = needed("the state it is due in", "在哪个状态发出")
    scale: Annotated[str, words(SURVEY_SCALES)] = given(
        "csat from 1 to 5, nps from 0 to 10, ces from 1 to 7", "csat 1–5 分，nps 0–10 分，ces 1–7 分", default="csat"
    )
    about: Annotated[str, words(SURVEY_ABOUT)] = given(
        "what is rated: the ticket, one visit, or the whole relation", "评价对象：工单、单次上门或整体关系", default="ticket"
    )
    after: Length = given("how long after the state was entered", "进入状态多久之后", default="0m")
    calendar: str | None = given("the calendar that counts; none: time as it passes", "计时所用日历；不填则按自然时间")
    when: Condition | None = given("which tickets; all unless given", "针对哪些工单；默认全部")
    to: Condition = given("an expression that gives whom", "给出询问对象的表达式", default="customer")
    visit: Condition | None = given(
        "with about visit: an expression that gives which", "与 about: visit 合用：给出哪次上门的表达式"
    )
    template: str = given("the host's name for the text", "宿主系统中的文案模板", default="rate_us")
    expires: Length | None = given(
        "how long an answer is in time; null: for ever", "多久之内回答有效；null 表示不限", default="14d"
    )
    fatigue: Length | None = given(
        "how long nobody is asked a second time, by any ticket; null: no rule",
        "同一人多久内不再被询问；null 表示不限",
        default="30d",
    )
    low: Annotated[Annotated[int, NUMBER] | Annotated[LowModel, MAPPING], BY_SHAPE] | None = given(
        "what follows from a low rating; a number is short for at_most", "低分如何处理；写数字即 at_most"
    )
    title: Said = given("what people read; a text, or one for each language", "显示名称：文本，或各语言的文本", default="")
