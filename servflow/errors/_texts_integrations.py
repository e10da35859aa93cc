"""Knows the sentences about charts of other libraries in English and Chinese; must not know any code."""

from __future__ import annotations

from servflow.errors._catalogue import Text

TEXTS: dict[str, Text] = {
    "chart.too_large": Text(
        en="the chart has too many states and transitions to work out what is done on entry and exit",
        zh="状态与转移过多，无法推算进入与退出时的动作",
        hint_en="its transitions may cross at most {limit} states together; take the actions out, or split the chart",
        hint_zh="所有转移合计最多经过 {limit} 个状态；请去掉这些动作或拆分图",
    ),
    "scxml.root": Text(
        en="the document is no SCXML: its root is <{tag}> in the namespace '{namespace}'",
        zh="文档不是 SCXML：根元素是命名空间“{namespace}”中的 <{tag}>",
        hint_en='it begins with <scxml xmlns="http://www.w3.org/2005/07/scxml" version="1.0">',
        hint_zh='应以 <scxml xmlns="http://www.w3.org/2005/07/scxml" version="1.0"> 开头',
    ),
    "scxml.no_states": Text(en="the document has no state", zh="文档中没有状态"),
    "scxml.element": Text(
        en="<{tag}> cannot stand in {parent}",
        zh="{parent} 中不能有 <{tag}>",
        hint_en="there may be {known}",
        hint_zh="可用的元素：{known}",
    ),
    "scxml.attribute": Text(
        en="<{tag}> has no attribute '{attribute}'",
        zh="<{tag}> 没有属性“{attribute}”",
        hint_en="it has {known}",
        hint_zh="可用的属性：{known}",
    ),
    "scxml.value": Text(
        en="the attribute {attribute} cannot be '{value}'",
        zh="属性 {attribute} 不能为“{value}”",
        hint_en="it is {known}",
        hint_zh="可用的值：{known}",
    ),
    "scxml.duplicate": Text(
        en="the id '{state}' is given twice, first in line {first}",
        zh="id“{state}”重复，首次出现在第 {first} 行",
    ),
    "scxml.unknown_state": Text(en="there is no state with the id '{state}'", zh="没有 id 为“{state}”的状态"),
    "scxml.empty": Text(en="the attribute {attribute} is empty", zh="属性 {attribute} 为空"),
    "scxml.twice": Text(
        en="state '{state}' says twice where it starts",
        zh="状态“{state}”重复指定了起始状态",
        hint_en="keep either the attribute initial or one element <initial>",
        hint_zh="请只保留 initial 属性或一个 <initial> 元素",
    ),
    "scxml.default": Text(
        en="<{tag}> leads on by exactly one transition, with a target and neither event nor cond",
        zh="<{tag}> 恰好含一个转移，且只有 target，没有 event 与 cond",
    ),
    "scxml.nothing": Text(
        en="a transition has at least one of event, cond and target",
        zh="转移至少要有 event、cond、target 之一",
    ),
    "scxml.condition": Text(
        en="the condition '{text}' cannot be read: {why}",
        zh="条件“{text}”无法读取：{why}",
        hint_en="give it as conditions={{'{text}': 'an expression over fields'}}",
        hint_zh="请用 conditions={{'{text}': '字段表达式'}} 给出",
    ),
    "scxml.update": Text(
        en="what a transition does is a JSON object with exactly one known key",
        zh="转移的动作应为恰好含一个已知键的 JSON 对象",
        hint_en="known are {known}",
        hint_zh="可用的键：{known}",
    ),
    "scxml.row": Text(
        en="the parts of transition {row} differ in event, condition or target",
        zh="转移 {row} 的各部分在事件、条件或目标上不一致",
    ),
    "xstate.shape": Text(en="it is {got} and should be {expected}", zh="此处为 {got}，应为：{expected}"),
    "xstate.unknown_key": Text(
        en="there is no key {key} here",
        zh="此处没有键 {key}",
        hint_en="known are {known}",
        hint_zh="可用的键：{known}",
    ),
    "xstate.value": Text(
        en="{value} is not known here",
        zh="此处不能为 {value}",
        hint_en="it is {known}",
        hint_zh="可用的值：{known}",
    ),
    "xstate.duplicate": Text(en="the id '{id}' is given twice, first at {first}", zh="id“{id}”重复，首次出现在 {first}"),
    "xstate.unknown_state": Text(
        en="there is no state {state}, seen from here",
        zh="从此处找不到状态 {state}",
        hint_en="a target is the key of a state beside this one, '.key' inside it, or '#id' from anywhere",
        hint_zh="目标写同级状态的键、内部状态“.键”或任意位置的“#id”",
    ),
    "xstate.root_target": Text(
        en="{state} is the machine itself, to which no transition leads",
        zh="{state} 是状态机本身，不能作为转移目标",
        hint_en="name the state it starts in",
        hint_zh="请写出其起始状态",
    ),
    "xstate.no_states": Text(en="the machine has no states", zh="状态机没有状态"),
    "xstate.no_initial": Text(
        en="{state} does not say in which of its states it starts",
        zh="{state} 未指定起始状态",
        hint_en="give it initial",
        hint_zh="请指定 initial",
    ),
    "xstate.event": Text(
        en="{event} cannot be the name of an event here, since events are separated by blanks",
        zh="{event} 不能作为事件名，因为事件以空格分隔",
        hint_en="rename it, such as with an underscore",
        hint_zh="请改名，例如使用下划线",
    ),
    "xstate.guard": Text(
        en="the guard {guard} is neither a name nor made of names",
        zh="守卫 {guard} 既不是名称，也不由名称组成",
    ),
    "xstate.guard_name": Text(
        en="the guard {guard} cannot be the name of a field",
        zh="守卫 {guard} 不能作为字段名",
        hint_en="give it as conditions={{name: 'an expression over fields'}}",
        hint_zh="请用 conditions={{名称: '字段表达式'}} 给出",
    ),
    "xstate.action": Text(en="the action {action} has no name", zh="动作 {action} 没有名称"),
    "xstate.delay": Text(en="{delay} is not a delay", zh="{delay} 不是有效的延时"),
    "xstate.delay_name": Text(
        en="nobody said how long the delay {delay} is",
        zh="未说明延时 {delay} 的长度",
        hint_en="give it as delays={{name: '4h'}}",
        hint_zh="请用 delays={{名称: '4h'}} 给出",
    ),
    "xstate.too_large": Text(
        en="the configuration has more than {limit} states or transitions, or states more than {depth} deep",
        zh="配置超过 {limit} 个状态或转移，或嵌套超过 {depth} 层",
    ),
    "holidays.half_days": Text(
        en="{country}: half-day holidays have no hours in the package ({dates}); they change nothing",
        zh="{country}：该软件包未给出半天假的时段（{dates}），因此不产生变化",
        hint_en="say the hours, such as half_days=['09:00-12:00'], if they hold for everybody.",
        hint_zh="若对所有人适用，请给出时段，例如 half_days=['09:00-12:00']。",
    ),
    "holidays.not_announced": Text(
        en="{country}: the package holds no schedule announced for {years}; its dates follow the law, without moved days",
        zh="{country}：该软件包没有 {years} 年已公布的安排；相应日期仅按法规推算，不含调休",
        hint_en="ask again once it is announced and the package is updated.",
        hint_zh="公布并更新软件包后请重新导入。",
    ),
    "holidays.estimated": Text(
        en="{country}: the package calls these dates estimated: {dates}",
        zh="{country}：该软件包将以下日期标为推定：{dates}",
        hint_en="they count as provisional, with all that comes after the first of them.",
        hint_zh="自其中第一个日期起视为暂定。",
    ),
    "holidays.weekends": Text(
        en="{country}: the package does not name the Saturdays and Sundays inside a break; a calendar open on weekends stays open on them",
        zh="{country}：该软件包不列出假期中的周六和周日；周末开放的日历在这些日子仍然开放",
        hint_en="close them by hand if the calendar is open on weekends.",
        hint_zh="若日历周末开放，请自行关闭这些日期。",
    ),
    "ical.left_out": Text(
        en="{event} is left out: {why} is not read",
        zh="已略去 {event}：不支持 {why}",
        hint_en="enter its dates by hand.",
        hint_zh="请手工录入其日期。",
    ),
    "ical.festival": Text(
        en="{event} is left out: the file marks its days off, and this is none",
        zh="已略去 {event}：该文件标明了休息日，而此项未标",
    ),
    "ical.free": Text(
        en="{event} is left out: it says that nobody is busy then (TRANSP:TRANSPARENT)",
        zh="已略去 {event}：其标明不占用时间（TRANSP:TRANSPARENT）",
        hint_en="say with kinds what it is, if it is a break or a shift.",
        hint_zh="若其为休息或班次，请用 kinds 指明。",
    ),
    "ical.outside": Text(
        en="{event} on {date} lies outside the dates asked for",
        zh="{event}（{date}）不在所选日期范围内",
    ),
}
