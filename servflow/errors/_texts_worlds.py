"""Knows the sentences about worlds that contradict themselves in English and Chinese; must not know any code."""

from __future__ import annotations

from servflow.errors._catalogue import Text

TEXTS: dict[str, Text] = {
    "world.empty": Text(
        en="the world has nobody who could take a ticket",
        zh="世界中没有任何可以接单的人员或单位",
        hint_en="give it engineers, agents, bots, outlets, providers or queues",
        hint_zh="请给出 engineers、agents、bots、outlets、providers 或 queues",
    ),
    "world.unknown_area": Text(
        en="no area is named {name!r} ({attribute} of {count}: {who})",
        zh="没有名为 {name} 的区域（{count} 个的 {attribute}：{who}）",
        hint_en="mend the name, or add the area to the tree: with null where it lies in none",
        hint_zh="请更正名称，或把该区域加入区域树；不属于任何区域时写 null",
    ),
    "world.unknown_calendar": Text(
        en="the shift {name!r} is no calendar of the world, so {count} are never on shift: {who}",
        zh="班次 {name} 不是世界中的日历，因此有 {count} 个永远不在班：{who}",
        hint_en="mend the name, or add the calendar",
        hint_zh="请更正名称，或添加该日历",
    ),
    "world.unknown_outlet": Text(
        en="no outlet is named {name!r} ({attribute} of {count}: {who})",
        zh="没有名为 {name} 的网点（{count} 个的 {attribute}：{who}）",
        hint_en="mend the name, or add the outlet; who belongs to no outlet of the world has none of its contracts",
        hint_zh="请更正名称，或添加该网点；不属于任何已知网点者没有其合同",
    ),
    "world.unknown_provider": Text(
        en="no provider is named {name!r} ({count} outlets: {who})",
        zh="没有名为 {name} 的服务商（{count} 个网点：{who}）",
        hint_en="mend the name, or add the provider",
        hint_zh="请更正名称，或添加该服务商",
    ),
    "world.unknown_candidate": Text(
        en="{attribute} names {name!r}, whom the world does not have",
        zh="{attribute} 中的 {name} 不在世界中",
        hint_en="mend the id, or add whoever it is",
        hint_zh="请更正编号，或添加对应的人员或单位",
    ),
    "world.unheard_of": Text(
        en="{attribute} names {name!r}, whom the world does not have, for {count} customers",
        zh="{attribute} 为 {count} 个客户指定了 {name}，但世界中没有此人",
        hint_en="leave them out if they are gone, else mend the id",
        hint_zh="若已离职请删除，否则请更正编号",
    ),
    "world.over_capacity": Text(
        en="{count} hold more than they take ({name}): {who}",
        zh="{count} 个的负荷超过其容量（{name}）：{who}",
        hint_en="they get nothing more until enough is given back; raise the capacity if it is wrong",
        hint_zh="在归还足够容量之前不会再派单；如容量有误请调高",
    ),
    "world.below_zero": Text(
        en="{attribute} of {count} is below nothing ({name}): {who}",
        zh="{count} 个的 {attribute} 小于零（{name}）：{who}",
        hint_en="a load below 0 lets somebody take more than they can; write 0 where nothing is held or taken",
        hint_zh="负荷小于 0 会使其超额接单；没有时请写 0",
    ),
    "world.presence_word": Text(
        en="the presence {name!r} counts as available ({count}: {who})",
        zh="在线状态 {name} 按可用处理（{count} 个：{who}）",
        hint_en="write away or offline for those who get no tickets now",
        hint_zh="当前不接单者请写 away 或 offline",
    ),
    "world.roster_ended": Text(
        en="the roster of {count} ended at {name}, so they are never on shift again: {who}",
        zh="{count} 个的排班已于 {name} 结束，之后不再在班：{who}",
        hint_en="load the next roster, or leave shifts out and name a calendar as shift",
        hint_zh="请载入新的排班，或去掉 shifts 改用 shift 指定日历",
    ),
    "world.absence_empty": Text(
        en="an absence from {name} ends no later than it begins, so nobody is absent by it ({count}: {who})",
        zh="自 {name} 开始的缺勤在开始前已结束，因此不起作用（{count} 个：{who}）",
        hint_en="give when it begins, then when it ends",
        hint_zh="请先写开始时间，再写结束时间",
    ),
    "world.latitude": Text(
        en="{name} is no latitude ({attribute} of {count}: {who})",
        zh="{name} 不是纬度（{count} 个的 {attribute}：{who}）",
        hint_en="a position is (latitude, longitude), in this order",
        hint_zh="位置依次为（纬度，经度）",
    ),
    "world.same_id": Text(
        en="{who} stands among the {name} too: what they hold is counted together",
        zh="{who} 同时出现在 {name} 中：两者的负荷会合并计算",
        hint_en="give each an id of its own",
        hint_zh="请为每个使用不同的编号",
    ),
    "dispatch.no_candidates": Text(
        en="the world has no {candidates}, so nobody ever fits",
        zh="世界中没有 {candidates}，因此永远无人符合",
        hint_en="add some, or choose among others with 'candidates'",
        hint_zh="请添加，或用 candidates 改选其他对象",
    ),
    "dispatch.calendar_not_there": Text(
        en="the world has no calendar {name!r}, so it is never open and nobody ever fits",
        zh="世界中没有日历 {name}，它永远不开放，因此永远无人符合",
        hint_en="add the calendar to the world; those of the workflow are not asked here",
        hint_zh="请把该日历加入世界；此处不使用工作流中的日历",
    ),
    "dispatch.unheld": Text(
        en="nobody in the world has the {kind} {name!r}",
        zh="世界中没有人具备 {kind} {name}",
        hint_en="tickets that ask for it wait until the world has somebody, or until it is relaxed",
        hint_zh="有此要求的工单会一直等待，直到世界中有符合者或要求被放宽",
    ),
    "dispatch.too_little": Text(
        en="nobody in the world has {level} of the {kind} {name!r}",
        zh="世界中没有人的 {kind} {name} 达到 {level}",
        hint_en="ask for less, or add a relaxation",
        hint_zh="请降低要求，或添加放宽步骤",
    ),
    "dispatch.unserved": Text(
        en="nobody in the world serves the area {name!r} or one around it",
        zh="世界中没有人服务区域 {name} 或其上级区域",
        hint_en="tickets there wait until somebody serves it, or until it is widened",
        hint_zh="该区域的工单会一直等待，直到有人服务或范围被放宽",
    ),
    "dispatch.unknown_area": Text(
        en="the world has no area {name!r}",
        zh="世界中没有区域 {name}",
        hint_en="mend the name, or add it to the area tree",
        hint_zh="请更正名称，或把它加入区域树",
    ),
    "dispatch.unknown_candidate": Text(
        en="the world has no candidate {name!r}",
        zh="世界中没有候选人 {name}",
        hint_en="mend the id, or add whoever it is",
        hint_zh="请更正编号，或添加对应的人员或单位",
    ),
}
