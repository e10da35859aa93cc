"""Knows the sentences about forms and models of hosts in English and Chinese; must not know any code."""

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
    "form.key": Text(
        en="{value} is no key that makes sending twice once",
        zh="{value} 不能作为防止重复提交的键",
        hint_en="send _key as the page gave it: a text of 1 to {most} characters",
        hint_zh="请原样提交页面给出的 _key：1 至 {most} 个字符的文本",
    ),
    "model.type": Text(
        en="no field of a ticket can hold {type}",
        zh="工单字段无法保存 {type}",
        hint_en="give it str, int, float, Decimal, bool, datetime, timedelta, date, time, UUID, bytes, an enum, a list, a dict or a model; or keep it out of the model",
        hint_zh="请改用 str、int、float、Decimal、bool、datetime、timedelta、date、time、UUID、bytes、枚举、列表、字典或模型；或不要放进该模型",
    ),
    "model.union": Text(
        en="{type} is more than one type, and a field has one",
        zh="{type} 有多种类型，而字段只有一种",
        hint_en="give it one type (with None, if it may be missing), or Any",
        hint_zh="请只用一种类型（可加 None），或改用 Any",
    ),
    "model.keys": Text(
        en="{type} has keys that are no texts",
        zh="{type} 的键不是文本",
        hint_en="make its keys str, an enum of texts, or a date",
        hint_zh="请使用 str、文本枚举或日期作为键",
    ),
    "model.enum": Text(
        en="{type} has values that are no texts and no numbers, or of more than one type",
        zh="{type} 的取值既非文本也非数字，或类型不一",
        hint_en="give all its members texts, or all whole numbers",
        hint_zh="请让所有成员都取文本，或都取整数",
    ),
    "model.none": Text(
        en="it can only be None",
        zh="它只能是 None",
        hint_en="give it a type, or take it out of the model",
        hint_zh="请给出类型，或从模型中去掉",
    ),
    "model.alias": Text(
        en="it is read from a path ({alias}), under which nothing can be given back",
        zh="它按路径（{alias}）读取，无法据此交还",
        hint_en="give it an alias that is one name, or populate_by_name=True",
        hint_zh="请使用单个名称作为别名，或设置 populate_by_name=True",
    ),
    "model.init_var": Text(
        en="{name} is needed to make the model and not kept in it, so that a ticket cannot give it back",
        zh="{name} 是构造模型所需却不被保存的参数，工单无法交还",
        hint_en="make it a field, or give it a default",
        hint_zh="请把它改为字段，或给出默认值",
    ),
    "model.hints": Text(
        en="its annotations cannot be read: {why}",
        zh="无法读取其类型标注：{why}",
        hint_en="import the names that they use where the class is defined",
        hint_zh="请在定义该类的模块中导入标注所用的名称",
    ),
    "model.reserved": Text(
        en="no field may be called {name}: conditions read the ticket's own by that name",
        zh="字段不得命名为 {name}：条件用该名称读取工单自身的值",
        hint_en="{advice}",
        hint_zh="{advice}",
    ),
    "model.conflict": Text(
        en="field {name} is declared otherwise than {model} has it: {declared}, not {made}",
        zh="字段 {name} 的声明与 {model} 不一致：{declared}，而不是 {made}",
        hint_en="take it out of the definition, or mend the model",
        hint_zh="请从定义中去掉，或修改模型",
    ),
    "form.nothing": Text(
        en="nothing was changed",
        zh="没有任何修改",
        hint_en="change a value, or do not send the form",
        hint_zh="请修改某个值，或不要提交",
    ),
}
