"""Knows in Chinese where definitions of measures are from and what they are of; must not know how they count."""

# ruff: noqa: RUF001 - Chinese text uses full-width punctuation

from __future__ import annotations

from collections.abc import Mapping

CHINESE: Mapping[str, tuple[str, str]] = {
    "first_contact_resolution": (
        (
            "SQM 与 HDI：首次接触解决率（无重复接触、无转手、无回拨）；Zendesk：一次答复解决；Freshservice：客户未再"
            "来；现场服务：一次修复（无二次上门）。客服的每条公开消息、客户首条之后的每条公开消息、每次上门、每位经"
            "手人、每次重新进入离开过的状态各算一次接触。"
        ),
        ("已完成的工单；已取消的不计（cancelled）。设置 settled 时，完成不足该时长的不计（too early），因为仍可能返工。"),
    ),
    "reopen_rate": (
        "HDI 与 MetricNet：工单重开率。",
        (
            "至少关闭过一次的工单；因取消而关闭且未重开的不计（cancelled）。设置 within 时，最近一次关闭不足该时长且"
            "未重开的不计（too early）。"
        ),
    ),
    "reassignments": (
        "ITIL 实践与 ServiceNow：改派次数；首次指派不算，无人处理后又回到原处理人也不算。",
        "在所选派单位中曾有人处理的工单；其他不计（never assigned）。",
    ),
    "reassignment_rate": (
        "ITIL 实践：被改派的工单；何谓改派见 reassignments。",
        "在所选派单位中曾有人处理的工单；其他不计（never assigned）。",
    ),
    "ping_pong": (
        "Volvo IT 事件流程挖掘（BPI Challenge 2013）：来回踢单。关闭并重开后回到原处理人不算。",
        "在所选派单位中曾有人处理的工单；其他不计（never assigned）。",
    ),
    "escalation_rate": (
        (
            "ITIL 与 HDI：升级率。迟到触发、由后一级代为通知的级别也算；因条件不成立被跳过或被提前阻止的不算。chains"
            " 只统计部分升级链。"
        ),
        "所有新开的工单，无论升级几次都只算一次。",
    ),
    "attainment": (
        "ITIL：服务级别达成率；置信区间按 E. B. Wilson（1927）。不晚于到期时刻停止即为达成。clocks 只统计部分时钟。",
        (
            "达成（met）或违约（late，或仍在计时的 overdue）的周期；已取消和已豁免的不计（cancelled、waived）。每个"
            "周期都算，一张工单可算多次。"
        ),
    ),
    "first_response": (
        "Zendesk：首次答复时间；HDI：首次响应时间。",
        "所有新开的工单；没有答复的不计（unanswered）。",
    ),
    "next_response": (
        "Zendesk：后续答复时间，从首次答复之后算起；设置 first 时首次答复之前的消息也算。",
        "每次对客户的答复；无人答复的消息计为一个未计项：waiting，或此后未答复就关闭的 closed。",
    ),
    "handle_time": (
        "COPC 与 HDI：（平均）处理时长；因记录不含话后处理，由状态或持有人说明何谓处理。",
        (
            "已解决的工单，各算一次，处理时间合计；已取消（cancelled）、无人处理（no work）、处理人没有自己的日历（n"
            "o calendar）的不计。"
        ),
    ),
    "time_to_resolve": (
        "ITIL 与 HDI：平均解决时间；Zendesk：完全解决时间。",
        "已完成的工单（由 read_case 所知的状态判断，否则以关闭为准）；已取消的不计（cancelled）。",
    ),
    "causes": (
        "J. M. Juran《质量控制手册》（帕累托分析）。",
        "在字段 by 中写有原因的工单（有多个时取第一个）；其他不计（unknown）。",
    ),
    "answer_rate": (
        "ISO 18295-1 与 COPC（接通量比呼入量）。",
        "等待已结束的工单；其他不计（waiting），等待很短的也不计（short）。",
    ),
    "abandon_rate": (
        "ISO 18295-1 与 COPC（放弃量比呼入量）。",
        "等待已结束的工单；其他不计（waiting），等待很短的也不计（short）。",
    ),
    "service_level": (
        "服务水平 X/Y，源自 A. K. Erlang 的排队系统；四种算法为交换机厂商常用的四种。",
        "已接听、已放弃或已等待超过时限的工单；其他不计（waiting、abandoned）。",
    ),
    "time_to_answer": (
        "COPC（平均应答速度）。",
        "已接听的工单；其他不计（waiting、abandoned）。",
    ),
    "queue_time": (
        "排队论的等待时间（仅排队，不含服务）。",
        "最终有人接手的等待；其他不计（waiting；等待中工单关闭的为 abandoned）。",
    ),
    "nps": (
        "F. Reichheld《你需要增长的唯一数字》，哈佛商业评论，2003。",
        "量表 nps（0 至 10）上的评分；关闭而未评分的工单不计（unrated）。",
    ),
    "csat": (
        "前两档满意度，HDI 与大型服务台的做法。",
        "量表 csat（1 至 5）上的评分；关闭而未评分的工单不计（unrated）。",
    ),
    "ces": (
        "CES 2.0（M. Dixon 等《不费力的体验》，2013）：认为办理轻松的平均同意程度。",
        "量表 ces 上的评分，同类取最近一次；关闭而未评分的工单不计（unrated）。",
    ),
    "ces_top": (
        "CES 2.0（七档中的前三档）；easy=6 只计前两档。",
        "量表 ces 上的评分，同类取最近一次；关闭而未评分的工单不计（unrated）。",
    ),
    "response_rate": (
        "AAPOR《标准定义》：回应率 2，不含部分作答（作答数比发出数）。",
        "已发出的调查；没有调查时为未取消的已关闭工单。",
    ),
    "complaint_rate": (
        "ISO 10002 与 ISO 10004（投诉相对于交易、客户或在用设备的比例）。",
        "所有工单；按客户或设备统计时，没有客户或设备的不计（unknown）。",
    ),
    "deflection": (
        "HDI 与 KCS 的自助服务做法（无人工接触即解决的比例）。",
        "到过所选状态的工单；已取消（cancelled）和仍在其中的（open）不计。",
    ),
    "cost_per_ticket": (
        "HDI 与 MetricNet：单均成本（运营费用比工单数），此处取自工单自身的金额。",
        "有金额的已关闭工单；其他不计（open、cancelled、unpriced）。",
    ),
    "utilisation": (
        "现场服务做法（工作时间比可用时间）；厂商称技术人员利用率。",
        "名册中的工程师与客服；有工作但没有班次者（如已离职）不计（no_roster：人数）。",
    ),
    "workload": (
        "每个资源的在制品（利特尔法则：均值为到达率乘以持有时间）。",
        "曾持有未关闭工单的所有人。",
    ),
    "repeat_visits": (
        "现场服务做法（30 天内返修率，与一次修复相对）。",
        "已完成的工单；对象未知（unknown）、完成时间不够久（too_early）、已取消（cancelled）的不计。",
    ),
    "visits_per_ticket": (
        "现场服务做法（每单出车次数）。",
        "有上门的已关闭工单；未关闭（open）和已取消的不计。",
    ),
    "one_visit": (
        "现场服务做法（按上门计的一次修复）。",
        "有上门的已关闭工单；未关闭（open）和已取消的不计。",
    ),
    "backlog": (
        "HDI：工单积压。账龄区间含起点不含终点（1d-3d 为满一天、不满三天），重开的工单也从最初算起。",
        "到该时刻已开的工单，含已关闭的：全部关闭时积压为 0，尚无工单时没有数值。统计的是该时刻仍未关闭的。",
    ),
    "backlog_age": (
        "HDI：积压账龄；重开的工单也从最初算起，因为那才是客户等待的时间。",
        "该时刻未关闭的工单，同 backlog。",
    ),
    "time_in_state": (
        "流程挖掘：活动的停留时间。states 只统计部分状态。换版时改名的状态，在该时刻以旧名离开、以新名进入。",
        "工单未关闭时已结束的停留；并行状态各算一次。",
    ),
    "time_per_step": (
        "标准作业测量：单项时间；按勾选时刻计算，不论顺序。",
        "已勾选且未撤回的步骤；重新勾选的以最近一次为准，但重开之前的勾选与之后的并存。",
    ),
    "opened": (
        "接触量（COPC、ITIL 实践指南）：单位时间到达量。",
        "所有工单。",
    ),
    "closed": (
        "吞吐量（单位时间离开量）。",
        "每次关闭，含取消。",
    ),
}
"""Measure -> its source and its cohort in Chinese; the docstring of each says both in English."""

PHRASES: Mapping[str, str] = {
    "none.": "无。",
    "that of the promise, with its calendar and pauses.": "承诺所用的时间，含其日历与暂停。",
    "the roster: shifts or calendar, less absences, within the period or from ``since`` (else the first work) to ``at``.": (
        "名册：班次或日历减去缺勤，限于期间内，或自 since（否则自首次工作）至 at。"
    ),
    "the wall clock of ``zone``, as of the closing.": "zone 时区的当地时间，以关闭时为准。",
    "the wall clock of ``zone``, as of when the case began.": "zone 时区的当地时间，以开单时为准。",
    "time as it passes from a closing to the reopening after it; exactly ``within`` is within.": (
        "从关闭到其后重开的自然时间；恰为 within 也算在内。"
    ),
    "time as it passes while somebody has the ticket and it is open.": "有人持有且工单未关闭期间的自然时间。",
    "time as it passes, for the end of a survey and for ``within``.": "自然时间，用于调查截止与 within。",
    "time as it passes, from the beginning of the case.": "自然时间，从开单算起。",
    "time as it passes, from the beginning of the case; see ``answer_rate`` for what an answer is.": (
        "自然时间，从开单算起；何谓接听见 answer_rate。"
    ),
    (
        "time as it passes, or counted in ``calendar``, from the beginning (when it occurred, if that was before it wa"
        "s opened); an answer that lies before the beginning waited for nothing."
    ): ("自然时间，或按 calendar 计，从开始算起（发生早于开单的从发生时算起）；早于开始的答复等待为零。"),
    "time as it passes, or counted in ``calendar``.": "自然时间，或按 calendar 计。",
    "time as it passes, or counted in ``calendar``; messages stand in the order in which they were written.": (
        "自然时间，或按 calendar 计；消息按书写顺序排列。"
    ),
    "time as it passes, or counted in ``calendar``; waiting for the customer or for parts is part of it.": (
        "自然时间，或按 calendar 计；等待客户或等待配件的时间也计入。"
    ),
    "time as it passes, within the period or from ``since`` (else the first ticket held) to ``at``.": (
        "自然时间，限于期间内，或自 since（否则自首张持有的工单）至 at。"
    ),
    "time as it passes.": "自然时间。",
    (
        "time as it passes; or counted in ``calendar``, one for all or, as a mapping, that of the shifts of whoever ha"
        "d the ticket in ``slot``. Time in two states at once counts once; none counts while the ticket is closed."
    ): ("自然时间；或按 calendar 计：统一一个，或按 slot 中持有人的班次分别指定。同时处于两个状态只计一次；关闭期间不计。"),
    "time as it passes; see ``answer_rate`` for what an answer is.": "自然时间；何谓接听见 answer_rate。",
    "are left out as ``open`` until their work is done.": "完成之前不计（open）。",
    "are left out as ``open``.": "不计（open）。",
    "are left out, since more visits may follow.": "不计，因为可能还会上门。",
    "are left out, since their cost is not known yet.": "不计，因为成本尚未确定。",
    "are no work that was done, but may be what comes again.": "不算已完成的工作，但可以是再次报修的那一次。",
    "are what is counted, in whichever state.": "正是统计对象，无论处于何种状态。",
    "count as not deflected once they went on to somebody.": "转到人工后即算未分流。",
    "count as soon as their cause is known.": "原因一经查明即计入。",
    "count as soon as they were asked, so that the latest surveys may still be answered.": (
        "一经发出即计入，因此最近的调查仍可能得到答复。"
    ),
    "count like all others.": "与其他工单一样计入。",
    "count once they are answered.": "得到答复后计入。",
    "count once they were closed before; until then they are left out as ``open``.": "曾关闭过的计入；此前不计（open）。",
    "count until the present.": "计到当前为止。",
    "count where they are overdue; cycles that are still in time are left out as ``open``.": (
        "已逾期的计入；仍在期限内的周期不计（open）。"
    ),
    "count with each wait that ended.": "按已结束的每次等待计入。",
    "count with the answers they have had.": "按已有的答复计入。",
    "count with the levels they have reached so far.": "按目前已到达的级别计入。",
    "count with the steps they have done.": "按已完成的步骤计入。",
    "count with what they have had so far.": "按目前已有的计入。",
    "have none.": "未关闭的工单没有。",
    "one that waits for longer already was not served.": "已等待更久的算未及时接听。",
    "the stays they are in are left out as ``still there``.": "仍在其中的停留不计（still there）。",
    "every one at whose end the ticket is open, with its age then; the running one as of now.": (
        "期末工单仍未关闭的每个期间，以当时的账龄计；进行中的期间以当前为准。"
    ),
    "every one since the first ticket began, as of its end (the instant before the next begins); the running one as of now.": (
        "自首张工单起的每个期间，以期末（下一期开始前一刻）为准；进行中的期间以当前为准。"
    ),
    "that in which the customer wrote.": "客户发出消息的期间。",
    "that in which the promise was kept, broken or given up; open cycles in none.": (
        "承诺达成、违约或取消的期间；未结束的周期不属于任何期间。"
    ),
    "that in which the state was left; stays that go on in none.": "离开状态的期间；尚未离开的不属于任何期间。",
    "that in which the step was checked.": "勾选步骤的期间。",
    "that in which the ticket began.": "开单的期间。",
    "that in which the work was done; cancelled tickets by their closing, open ones in none.": (
        "完成的期间；已取消的以关闭为准，未关闭的不属于任何期间。"
    ),
    "that in which the work was last done; cancelled tickets by their closing, open ones in none.": (
        "最近一次完成的期间；已取消的以关闭为准，未关闭的不属于任何期间。"
    ),
    "that of the first closing; open tickets in none.": "首次关闭的期间；未关闭的不属于任何期间。",
    "the one in which it was closed.": "关闭的期间。",
    "the one in which the answer was given; of the unrated, in which they were closed.": (
        "评分的期间；未评分的以关闭的期间为准。"
    ),
    "the one in which the case began.": "开单的期间。",
    "the one in which the survey was sent, or the ticket closed.": "调查发出或工单关闭的期间。",
    "the one in which the wait began.": "等待开始的期间。",
    "the one in which the work was done.": "完成的期间。",
    "what is held is cut at its bounds.": "持有时间在期间边界处截断。",
    "work is cut at its bounds, and so is the roster.": "工作时间与名册都在期间边界处截断。",
}
"""Which time, what becomes of open tickets and by which instant: a sentence of a docstring -> the Chinese one."""

__all__ = ["CHINESE", "PHRASES"]
