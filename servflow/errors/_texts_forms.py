"""Knows the sentences about forms and models of hosts in English and Chinese; must not know any code."""

# ruff: noqa: RUF001 - Chinese text uses full-width punctuation

from __future__ import annotations

from servflow.errors._catalogue import Text

TEXTS: dict[str, Text] = {
    "form.missing": Text(
        en="{title} must be filled in",
        zh="请填写{title}",
    ),
    "form.value": Text(
        en="{title} takes {expected}, not {value}",
        zh="{title} 应为{expected}，而不是 {value}",
    ),
    "form.unknown": Text(
        en="the form does not ask for {name}",
        zh="表单中没有 {name}",
        hint_en="it asks for {known}",
        hint_zh="表单包括：{known}",
    ),
    "form.gone": Text(
        en="there is no {form} here any more: the ticket has moved on, or the button was never there",
        zh="此处已没有 {form}：工单已发生变化，或从未有过该按钮",
        hint_en="draw the forms again; there is {known}",
        hint_zh="请重新绘制表单；现有：{known}",
    ),
    "form.expect": Text(
        en="{value} is no revision of a ticket",
        zh="{value} 不是工单的修订号",
        hint_en="send _expect as the form gave it",
        hint_zh="请原样提交表单给出的 _expect",
    ),
    "form.nothing": Text(
        en="nothing was changed",
        zh="没有任何修改",
        hint_en="change a value, or do not send the form",
        hint_zh="请修改某个值，或不要提交",
    ),
}
