"""Knows the sentences about spare parts in English and Chinese; must not know any code."""

from __future__ import annotations

from servflow.errors._catalogue import Text

TEXTS = {
    "part.passed_by": Text(
        en="{event} may also happen without what {transition} does: in another state, or with another payload",
        zh="{event} 也可能在不执行 {transition} 所列动作的情况下发生：处于其他状态，或所带数据不同",
        hint_en="let only its transitions allow it: declare roles, put allow on each transition, and take the event out of events",
        hint_zh="请只由流转授权：声明 roles，在各条流转上写 allow，并从 events 中删去该事件",
    ),
    "parts.needed": Text(en="waits for {quantity} of {part}: {places}", zh="等待备件 {part} {quantity} 件：{places}"),
    "parts.needed_plain": Text(en="waits for {quantity} of {part}", zh="等待备件 {part} {quantity} 件"),
    "parts.needed_uncounted": Text(
        en="waits for {quantity} of {part}: nobody counts the stock, so part.reserve says when it is put aside",
        zh="等待备件 {part} {quantity} 件：无人统计库存，备好后请触发 part.reserve",
    ),
    "parts.needed_unknown": Text(
        en="waits for {quantity} of {part}: {places}; did you mean {nearest}?",
        zh="等待备件 {part} {quantity} 件：{places}；是否指 {nearest}？",
    ),
    "parts.are_reserve": Text(en="waited for", zh="等待中"),
    "parts.are_use": Text(en="put aside", zh="已预留"),
    "parts.are_return": Text(en="used", zh="已使用"),
    "parts.are_release": Text(en="needed or put aside", zh="等待中或已预留"),
    "parts.are_booked": Text(en="to be booked out", zh="待出库"),
    "parts.free_central": Text(
        en="{free} of {on_hand} free in the central stock", zh="总库共 {on_hand} 件，其中 {free} 件可用"
    ),
    "parts.free_at": Text(en="{free} of {on_hand} free at {place}", zh="{place} 共 {on_hand} 件，其中 {free} 件可用"),
    "parts.reserved": Text(en="{quantity} of {part} put aside", zh="备件 {part} 已预留 {quantity} 件"),
    "parts.used": Text(en="{quantity} of {part} used", zh="备件 {part} 已使用 {quantity} 件"),
    "parts.used_held": Text(
        en="{quantity} of {part} used, not booked out of the stock yet", zh="备件 {part} 已使用 {quantity} 件，尚未出库记账"
    ),
    "parts.returned_good": Text(en="{quantity} of {part} given back in good order", zh="备件 {part} 完好退回 {quantity} 件"),
    "parts.returned_defective": Text(
        en="{quantity} of {part} given back defective", zh="备件 {part} 作为坏件退回 {quantity} 件"
    ),
}
