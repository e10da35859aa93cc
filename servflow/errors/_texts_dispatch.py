"""Knows the sentences about dispatch in English and Chinese; must not know any code."""

from __future__ import annotations

from servflow.errors._catalogue import Text

TEXTS: dict[str, Text] = {
    "dispatch.expression": Text(
        en="the expression {text} cannot be used: {reason}",
        zh="表达式 {text} 无法使用：{reason}",
    ),
    "dispatch.not_a_condition": Text(
        en="{text} gives a {type}, not true or false",
        zh="{text} 的结果类型是 {type}，不是真或假",
        hint_en="write a comparison",
        hint_zh="请写成比较式",
    ),
    "dispatch.not_a_number": Text(
        en="{text} gives a {type}, not a whole number",
        zh="{text} 的结果类型是 {type}，不是整数",
        hint_en="preferences add up whole numbers; round it, or count in a smaller unit",
        hint_zh="偏好按整数累加；请取整，或改用更小的单位",
    ),
    "dispatch.reads_time": Text(
        en="a dispatch expression reads {names}, which moves with time alone",
        zh="派单表达式读取了 {names}，其值会随时间自行变化",
        hint_en="use a relaxation with 'after', or a timer of the state",
        hint_zh="请改用带 after 的放宽步骤，或状态定时器",
    ),
    "dispatch.candidate_here": Text(
        en="what is asked for cannot depend on the candidate",
        zh="所需的值不能依赖候选人",
        hint_en="compare the candidate in a requirement of the kind 'when'",
        hint_zh="请在 when 要求中比较候选人",
    ),
    "dispatch.span": Text(en="{reason}", zh="时长写法有误：{reason}"),
    "dispatch.text": Text(en="{value} is not a name", zh="{value} 不是名称", hint_en="write text", hint_zh="请写文本"),
    "dispatch.one_of": Text(en="{value!r} is not one of {known}", zh="{value} 不在可选值 {known} 之中"),
    "dispatch.flag": Text(en="{value} is neither true nor false", zh="{value} 既不是 true 也不是 false"),
    "dispatch.whole": Text(
        en="{value} is not a whole number from {low} to {high}",
        zh="{value} 不是 {low} 到 {high} 之间的整数",
    ),
    "dispatch.list": Text(en="{value} is not a list", zh="{value} 不是列表"),
    "dispatch.mapping": Text(en="{value} is not a mapping with keys", zh="{value} 不是键值映射"),
    "dispatch.too_many": Text(en="{count} entries are more than the {limit} allowed", zh="共有 {count} 项，超过上限 {limit}"),
    "dispatch.unknown_key": Text(
        en="there is no key {key!r} here; known are {known}", zh="此处没有键 {key}；可用的键：{known}"
    ),
    "dispatch.requirement_kind": Text(
        en="a requirement has exactly one kind, this one has: {given}",
        zh="一条要求只能有一种类型，此处有：{given}",
        hint_en="write one of {known}",
        hint_zh="请写其中之一：{known}",
    ),
    "dispatch.term_kind": Text(
        en="a preference is one of term, value and host, this one has: {given}",
        zh="一项偏好只能是 term、value、host 之一，此处有：{given}",
    ),
    "dispatch.relaxation_kind": Text(
        en="this relaxation changes nothing",
        zh="该放宽步骤没有改变任何内容",
        hint_en="write one or several of {known}",
        hint_zh="请写其中一项或多项：{known}",
    ),
    "dispatch.only_with": Text(en="{key} is understood only beside {needs}", zh="{key} 只能与 {needs} 一起使用"),
    "dispatch.optional_safety": Text(
        en="a safety requirement cannot be optional",
        zh="安全要求不能是可选的",
        hint_en="remove one of the two",
        hint_zh="请去掉其中一个",
    ),
    "dispatch.name_standing": Text(
        en="{name!r} is the name of a rule that always holds",
        zh="{name} 是一条始终有效的规则的名称",
        hint_en="choose another name",
        hint_zh="请换一个名称",
    ),
    "dispatch.name_twice": Text(en="two requirements are named {name!r}", zh="有两条要求同名：{name}"),
    "dispatch.not_for_outlets": Text(
        en="{candidates} have no {kind}",
        zh="{candidates} 没有 {kind}",
        hint_en="ask for it when the engineer is chosen",
        hint_zh="请在选择工程师时提出该要求",
    ),
    "dispatch.unknown_of": Text(
        en="there is no slot or text field {name!r} that could limit the candidates; known are {known}",
        zh="没有可用来限定候选人的派单位或文本字段 {name}；可用：{known}",
    ),
    "dispatch.wrong_type": Text(
        en="{text} gives a {type}; asked for is one of {known}",
        zh="{text} 的结果类型是 {type}，应为 {known} 之一",
    ),
    "dispatch.window_unused": Text(
        en="the window is that of the visit, and the policy has no visit, so nothing is asked",
        zh="window 取自 visit，而该策略没有 visit，因此没有任何要求",
        hint_en="write visit with window, or a list of two instants",
        hint_zh="请写带 window 的 visit，或两个时刻的列表",
    ),
    "dispatch.takes": Text(
        en="a ticket takes {value} units of capacity; that must be a whole number from 1 on",
        zh="工单占用的容量为 {value}，必须是不小于 1 的整数",
    ),
    "dispatch.visit_length": Text(
        en="a visit says how long it is by exactly one of minutes and end, this one has: {given}",
        zh="上门时长须由 minutes 或 end 之一给出，此处有：{given}",
    ),
    "dispatch.relax_target": Text(
        en="nothing named {target!r} can take the step {step}; possible are {known}",
        zh="没有名为 {target} 的要求可以执行 {step}；可选：{known}",
    ),
    "dispatch.relax_late": Text(
        en="this step stands behind one that takes at least {before} ({calendar}), so it never comes after {after}",
        zh="该步骤排在至少需要 {before}（{calendar}）的步骤之后，因此不会在 {after} 后生效",
        hint_en="write the steps in the order in which they are to come",
        hint_zh="请按生效的先后顺序书写步骤",
    ),
    "dispatch.safety_relaxed": Text(
        en="{target!r} is a safety requirement and cannot be relaxed by {step}",
        zh="{target} 是安全要求，不能用 {step} 放宽",
        hint_en="remove the step, or name another requirement",
        hint_zh="请删除该步骤，或指定其他要求",
    ),
    "dispatch.unknown_state": Text(en="no state is named {name!r}", zh="没有名为 {name} 的状态"),
    "dispatch.unknown_calendar": Text(en="no calendar is named {name!r}", zh="没有名为 {name} 的日历"),
    "dispatch.host_unknown": Text(
        en="the host registered no function {name!r}; registered are {known}",
        zh="宿主没有注册函数 {name}；已注册：{known}",
        hint_en="register it in the extensions given to load",
        hint_zh="请在加载时给出的扩展中注册",
    ),
    "dispatch.offer_unused": Text(
        en="the mode is {mode} at every stage, so nothing is ever offered",
        zh="每个阶段的模式都是 {mode}，因此永远不会发出派单邀约",
    ),
    "dispatch.redispatch_never": Text(
        en="redispatch names no cause, so nothing is ever taken back",
        zh="redispatch 没有写明任何原因，因此永远不会重新派单",
        hint_en="name some of {known}",
        hint_zh="请写出其中若干项：{known}",
    ),
    "dispatch.redispatch_at_once": Text(
        en="overrun is {value}: the ticket would be taken back as soon as it is given",
        zh="overrun 为 {value}：工单刚派出就会被收回",
        hint_en="write how long the work may take to begin, such as 2h",
        hint_zh="请写明允许多久才开始处理，例如 2h",
    ),
    "dispatch.redispatch_never_filled": Text(
        en="redispatch of {policy!r} acts only in {states}, and the ticket leaves that as soon as somebody has it",
        zh="{policy} 的 redispatch 只在 {states} 中起作用，而工单一派出就会离开该状态",
        hint_en="name with redispatch.state where the work has not begun yet",
        hint_zh="请用 redispatch.state 指明工作尚未开始的状态",
    ),
    "dispatch.solver": Text(
        en="no solver is named {solver!r}; known are {known}", zh="没有名为 {solver} 的求解器；可用：{known}"
    ),
    "dispatch.who.engineers": Text(en="{count} engineers", zh="{count} 名工程师"),
    "dispatch.who.outlets": Text(en="{count} outlets", zh="{count} 个网点"),
    "dispatch.who_one.engineers": Text(en="1 engineer", zh="1 名工程师"),
    "dispatch.who_one.outlets": Text(en="1 outlet", zh="1 个网点"),
    **{
        f"dispatch.who{number}.{kind}": Text(en=f"{count} {en}", zh=f"{count} {zh}")
        for kind, one, many, zh in (
            ("agents", "agent", "agents", "名坐席"),
            ("bots", "bot", "bots", "个机器人"),
            ("people", "person", "people", "名人员"),
            ("providers", "provider", "providers", "家服务商"),
            ("queues", "queue", "queues", "个队列"),
        )
        for number, count, en in (("", "{count}", many), ("_one", "1", one))
    },
    "dispatch.sum.nobody": Text(en="{who}: nobody to choose from", zh="{who}：没有可选对象"),
    "dispatch.sum.one_fits": Text(en="1 fits: {best}", zh="1 个符合：{best}"),
    "dispatch.sum.fit": Text(en="{count} fit, best {best}", zh="{count} 个符合，最佳为 {best}"),
    "dispatch.sum.none_fits": Text(en="nobody fits", zh="无人符合"),
    "dispatch.sum.of": Text(en="{count} not part of {need}", zh="{count} 个不属于 {need}"),
    "dispatch.sum.skill": Text(en="{count} lack skill {need}", zh="{count} 个缺少技能 {need}"),
    "dispatch.sum.area": Text(en="{count} out of area {need}", zh="{count} 个不在区域 {need}"),
    "dispatch.sum.open": Text(en="{count} off {need}", zh="{count} 个不满足时段（{need}）"),
    "dispatch.sum.below": Text(en="{count} full", zh="{count} 个已满负荷"),
    "dispatch.sum.language": Text(en="{count} do not speak {need}", zh="{count} 个不会语言 {need}"),
    "dispatch.sum.certificate": Text(en="{count} without a valid certificate {need}", zh="{count} 个没有有效证书 {need}"),
    "dispatch.sum.contract": Text(en="{count} not under contract {need}", zh="{count} 个没有合同 {need}"),
    "dispatch.sum.part": Text(en="{count} without part {need}", zh="{count} 个没有备件 {need}"),
    "dispatch.sum.other_than": Text(en="{count} excluded by name", zh="{count} 个被点名排除"),
    "dispatch.sum.when": Text(en="{count} do not meet {need}", zh="{count} 个不满足 {need}"),
    "dispatch.sum.host": Text(en="{count} do not meet {rule}", zh="{count} 个不满足 {rule}"),
    "dispatch.sum.forbidden": Text(en="{count} forbidden for customer {need}", zh="{count} 个被客户 {need} 禁止"),
    "dispatch.sum.declined": Text(en="{count} declined", zh="{count} 个已拒绝"),
    "dispatch.sum.cool_off": Text(en="{count} let an offer run out lately", zh="{count} 个近期未答复派单邀约"),
    "dispatch.sum.travel": Text(en="{count} too far away (limit {need})", zh="{count} 个路程过远（上限 {need}）"),
    "dispatch.sum.channel": Text(en="{count} do not serve channel {need}", zh="{count} 个不服务渠道 {need}"),
    "dispatch.sum.preferred": Text(
        en="{count} not preferred by the customer ({need})", zh="{count} 个不是客户的首选（{need}）"
    ),
    "dispatch.sum.separate": Text(
        en="{count} did {need} before and may not do this too", zh="{count} 个已执行 {need}，须由他人处理"
    ),
    "dispatch.sum.window": Text(en="{count} cannot come within {need}", zh="{count} 个无法在时间窗 {need} 内到达"),
    "dispatch.sum.expired": Text(en="{count} with an expired certificate", zh="{count} 个证书已过期"),
    "dispatch.sum.other": Text(en="{count} kept out by {rule}", zh="{count} 个被 {rule} 排除"),
    "dispatch.sum.until": Text(en=" until {until}", zh="（至 {until}）"),
    "dispatch.sum.until_first": Text(en=" (the first until {until})", zh="（最早一个至 {until}）"),
    "dispatch.sum.takes": Text(
        en="{count} cannot be judged: what the ticket takes is not known ({need})",
        zh="{count} 个无法判断：工单占用的容量未知（{need}）",
    ),
    "dispatch.sum.visit": Text(
        en="{count} cannot be judged: when they are needed is not known ({need})",
        zh="{count} 个无法判断：上门时间未知（{need}）",
    ),
    "dispatch.sum.presence": Text(en="{count} away or offline", zh="{count} 个离开或离线"),
    "dispatch.sum.absence": Text(en="{count} absent", zh="{count} 个缺勤"),
    "dispatch.verdict.pass": Text(
        en="{candidate} meets {rule}: has {have}, asked {need}", zh="{candidate} 满足 {rule}：具有 {have}，要求 {need}"
    ),
    "dispatch.verdict.fail": Text(
        en="{candidate} does not meet {rule}: has {have}, asked {need}",
        zh="{candidate} 不满足 {rule}：具有 {have}，要求 {need}",
    ),
    "dispatch.verdict.free": Text(en="{candidate} meets {rule}: nothing is asked", zh="{candidate} 满足 {rule}：没有要求"),
    "dispatch.verdict.relaxed": Text(en="{candidate} meets {rule}: it was relaxed", zh="{candidate} 满足 {rule}：该要求已放宽"),
    "dispatch.verdict.error": Text(
        en="{candidate} does not meet {rule}: it cannot be computed ({need})",
        zh="{candidate} 不满足 {rule}：无法计算（{need}）",
    ),
    "dispatch.verdict.again": Text(en="; changes at {again}", zh="；将于 {again} 变化"),
}
