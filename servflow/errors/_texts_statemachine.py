"""Knows the sentences about statecharts in English and Chinese; must not know any code."""

from __future__ import annotations

from servflow.errors._catalogue import Text

TEXTS: dict[str, Text] = {
    "machine.no_states": Text(
        en="a machine needs states, a mapping of state id to what it is",
        zh="状态机需要状态：从状态标识到其内容的映射",
        hint_en='write at least one, for example {{"open": {{}}}}.',
        hint_zh='请至少写一个，例如 {{"open": {{}}}}。',
    ),
    "machine.shape": Text(
        en="expected {expected}, got {got}",
        zh="应为 {expected}，实际是 {got}",
    ),
    "machine.unknown_key": Text(
        en="no key named '{key}' here",
        zh="此处没有名为“{key}”的键",
        hint_en="known keys: {known}.",
        hint_zh="可用的键：{known}。",
    ),
    "machine.bad_id": Text(
        en="{id} cannot be a state id",
        zh="{id} 不能作为状态标识",
        hint_en="an id is a text of 1 to 200 characters that is not blank and not '*'.",
        hint_zh="标识是 1 到 200 个字符的文本，不能为空白，也不能是“*”。",
    ),
    "machine.duplicate_state": Text(
        en="state '{state}' already exists at {first}",
        zh="状态“{state}”已在 {first} 定义",
        hint_en="ids are unique in the whole machine, not only among the states beside them.",
        hint_zh="标识在整个状态机内必须唯一，而不仅是在同级状态之间。",
    ),
    "machine.unknown_state": Text(
        en="no state named '{state}'",
        zh="没有名为“{state}”的状态",
    ),
    "machine.too_many_states": Text(
        en="more than {limit} states",
        zh="状态超过 {limit} 个",
        hint_en="split the machine.",
        hint_zh="请拆分状态机。",
    ),
    "machine.too_many_transitions": Text(
        en="more than {limit} transitions, counted once for each of their sources",
        zh="转移超过 {limit} 条（按每个来源状态各计一条）",
        hint_en="put a transition on the state around its sources, or use source '*'.",
        hint_zh="请把转移放到这些来源的上层状态，或使用来源“*”。",
    ),
    "machine.too_deep": Text(
        en="states are nested more than {limit} deep",
        zh="状态嵌套超过 {limit} 层",
        hint_en="flatten the states.",
        hint_zh="请减少嵌套层次。",
    ),
    "machine.mixed_kind": Text(
        en="a state is one thing only, not {kinds} at once",
        zh="一个状态只能是一种，不能同时是 {kinds}",
        hint_en="keep one of them.",
        hint_zh="请只保留其中一个。",
    ),
    "machine.history_kind": Text(
        en="history is 'shallow' or 'deep', not '{got}'",
        zh="history 只能是 shallow 或 deep，而不是“{got}”",
    ),
    "machine.states_inside": Text(
        en="a {kind} state has no states inside",
        zh="{kind} 状态内部不能再有状态",
        hint_en="remove states, or make it an ordinary state.",
        hint_zh="请去掉 states，或改为普通状态。",
    ),
    "machine.no_child": Text(
        en="'{state}' has no state to enter",
        zh="“{state}”内没有可以进入的状态",
        hint_en="add a state that is not a history state.",
        hint_zh="请添加一个非 history 的状态。",
    ),
    "machine.final_region": Text(
        en="final state '{state}' cannot be a region of parallel state '{parallel}'",
        zh="终止状态“{state}”不能作为并行状态“{parallel}”的区域",
        hint_en="put it inside a region; the parallel state completes when each region has reached a final state.",
        hint_zh="请放到某个区域内部；所有区域都到达终止状态时并行状态才算完成。",
    ),
    "machine.history_at_top": Text(
        en="history state '{state}' stands at the top, which is never left and has nothing to remember",
        zh="history 状态“{state}”位于最上层，而最上层从不退出，没有可记忆的内容",
        hint_en="move it into the state whose inside it is to remember.",
        hint_zh="请移到需要记忆其内部的状态里。",
    ),
    "machine.history_source": Text(
        en="history state '{state}' cannot be the source of a transition, it is never active",
        zh="history 状态“{state}”不会被激活，不能作为转移的来源",
        hint_en="name its fallback in default, or start from the state around it.",
        hint_zh="请用 default 指定其默认状态，或以其上层状态为来源。",
    ),
    "machine.history_chain": Text(
        en="history state '{state}' falls back to '{default}', which remembers the same state",
        zh="history 状态“{state}”的默认是“{default}”，而后者记忆的是同一个状态",
        hint_en="let default name an ordinary state.",
        hint_zh="请让 default 指向普通状态。",
    ),
    "machine.no_default": Text(
        en="history state '{state}' names no default, and entering '{parent}' leads back to a history state",
        zh="history 状态“{state}”没有 default，而进入“{parent}”又会回到 history 状态",
        hint_en="give it a default.",
        hint_zh="请为它指定 default。",
    ),
    "machine.default_without_history": Text(
        en="'{state}' is no history state and takes no default",
        zh="“{state}”不是 history 状态，不能有 default",
        hint_en="use initial to say where entering it leads.",
        hint_zh="请用 initial 指定进入后的状态。",
    ),
    "machine.initial_on_leaf": Text(
        en="'{state}' has no states inside and takes no initial",
        zh="“{state}”内部没有状态，不能有 initial",
        hint_en="remove initial, or add states.",
        hint_zh="请去掉 initial，或添加 states。",
    ),
    "machine.outside": Text(
        en="'{state}' does not lie inside '{parent}'",
        zh="“{state}”不在“{parent}”内部",
        hint_en="name a state inside it.",
        hint_zh="请指定其内部的状态。",
    ),
    "machine.not_together": Text(
        en="{states} cannot be active together inside '{parent}'",
        zh="{states} 不能在“{parent}”内同时处于激活状态",
        hint_en="several states are entered together only in different regions of a parallel state.",
        hint_zh="只有位于并行状态不同区域的状态才能一起进入。",
    ),
    "machine.no_event": Text(
        en="the event text is empty",
        zh="事件文本为空",
        hint_en="leave event out (or null) for a transition without an event.",
        hint_zh="无事件的转移请省略 event（或写 null）。",
    ),
    "machine.bad_event": Text(
        en="'{event}' is no event descriptor",
        zh="“{event}”不是事件描述符",
        hint_en="write words joined by dots; '*' stands alone or at the end as '.*'.",
        hint_zh="请写用点连接的词；“*”只能单独使用或以“.*”结尾。",
    ),
    "machine.guard": Text(
        en="the condition cannot be read: {reason}",
        zh="条件无法解析：{reason}",
    ),
    "machine.endless": Text(
        en="eventless transitions {transitions} go round without end through {states}",
        zh="无事件转移 {transitions} 在 {states} 之间无限循环",
        hint_en="give one of them an event, or a condition that ends the loop.",
        hint_zh="请为其中之一加上事件，或加上能结束循环的条件。",
    ),
}
