"""Knows the words the command line says, in English and Chinese; must not know when they are said."""

from __future__ import annotations

import re
from collections.abc import Mapping

# ruff: noqa: RUF001 - Chinese text uses full-width punctuation
WORDS: Mapping[str, tuple[str, str]] = {
    # definitions
    "check.fine": (
        "{name} version {version} is fine: {states} states, {transitions} transitions, no findings.",
        "{name} 第 {version} 版没有问题：{states} 个状态，{transitions} 条转移，无发现。",
    ),
    "check.correlator": (
        "correlator {name} version {version} loads: {find} within {within}",
        "关联器 {name} 第 {version} 版可以载入：{find}，时间窗口 {within}",
    ),
    "check.notes": ("worth knowing, {count} notes:", "值得了解，{count} 条提示："),
    "check.proved": ("law {law} is proved: {count} abstract states looked at", "规律“{law}”已证明：{count} 个抽象状态"),
    "check.cases": ("cases of tables: {count}, failed: {failed}", "决策表用例：{count}，未通过：{failed}"),
    "check.reached": ("table {table}: every row is reached by some case", "决策表 {table}：每一行都有用例覆盖"),
    "check.unreached": (
        "table {table}: no case reaches {count} of {rows} rows: {named}",
        "决策表 {table}：{rows} 行中有 {count} 行没有用例覆盖：{named}",
    ),
    "check.found": ("{count} findings in {file}:", "{file} 中有 {count} 个发现："),
    "check.tables": ("tables {names}: findings: {count}", "决策表 {names}：发现 {count} 个"),
    "check.loads": (
        "{name} version {version} loads, with {count} warnings:",
        "{name} 第 {version} 版可以加载，有 {count} 个警告：",
    ),
    "plan.title": (
        "What chain {chain} does from {at} on, if nobody acts ({zone})",
        "升级链 {chain} 自 {at} 起、无人处理时的动作（{zone}）",
    ),
    "plan.nothing": ("Nothing happens before {until}.", "在 {until} 之前没有任何动作。"),
    "at": ("at", "时刻"),
    "level": ("level", "级别"),
    "kind": ("kind", "类型"),
    "to": ("to", "对象"),
    "actions": ("actions", "动作"),
    # tables
    "table.imported": ("{names}: written to {file}", "{names}：已写入 {file}"),
    "table.exported": ("{name}: written to {file}", "{name}：已写入 {file}"),
    "table.differs": ("{name}: {count} differences", "{name}：{count} 处不同"),
    "table.same": ("{name}: the same answers for all values", "{name}：对所有取值结果相同"),
    "table.removed": ("only in the old file: {names}", "仅旧文件有：{names}"),
    "table.added": ("only in the new file: {names}", "仅新文件有：{names}"),
    "table.dropped": ("left out: {what}", "已略去：{what}"),
    # what would be
    "question.what_if": ("{ticket}, if it were done at {at}:", "{ticket}，若于 {at} 执行："),
    "question.recompute": (
        "{name} at {at}: {clocks} clocks of {tickets} tickets; due {later} later, {earlier} earlier; {appears} breached by it",
        "{name}，{at}：{tickets} 张工单的 {clocks} 个计时；到期推迟 {later} 个，提前 {earlier} 个；因此违约 {appears} 个",
    ),
    "question.more": ("  and {count} more; --format json tells all", "  另有 {count} 个；--format json 给出全部"),
    "question.applied": (
        "counted again: {recounted}, as before: {same}, failed: {failed}",
        "已重新计算 {recounted}，不变 {same}，失败 {failed}",
    ),
    # a definition that changes
    "diff.equal": ("The definitions are equal.", "两个定义相同。"),
    "diff.differ": ("{count} changes:", "{count} 处变化："),
    "migration.title": ("{name}, from version {old} to version {new}", "{name}，从第 {old} 版到第 {new} 版"),
    "migration.states": ("States", "状态"),
    "migration.fields": ("Fields", "字段"),
    "migration.clocks": ("Clocks", "计时"),
    "migration.timers": ("Timers", "定时器"),
    "migration.chains": ("Chains", "升级链"),
    "migration.dispatch": ("Dispatch", "派单"),
    "migration.old": ("old", "旧"),
    "migration.new": ("new", "新"),
    "migration.status": ("becomes", "处理"),
    "migration.differs": ("what differs", "差异"),
    "migration.identical": ("identical", "相同"),
    "migration.kept": ("kept", "保留"),
    "migration.renamed": ("renamed", "改名"),
    "migration.suggested": ("renamed?", "改名？"),
    "migration.removed": ("removed", "删除"),
    "migration.added": ("added", "新增"),
    "migration.retyped": ("another type", "类型改变"),
    "migration.blocked": ("To be answered first", "需先确认"),
    "migration.tickets": (
        "{count} tickets: {identical} with an identical future, {moves} change, {blocked} cannot move",
        "{count} 张工单：{identical} 张前后完全一致，{moves} 张有变化，{blocked} 张无法迁移",
    ),
    "migration.breaches": ("Broken by the move itself, as of {at}:", "因迁移立即违约，截至 {at}："),
    "migration.over": ("over", "超出"),
    "migration.hint.state_removed": ("say --map {name}=NEW, with one of {known}", "请写 --map {name}=NEW，NEW 为 {known} 之一"),
    "migration.hint.state_renamed": (
        "confirm it with --map {name}={suggested}, or name another state",
        "请用 --map {name}={suggested} 确认，或指定其他状态",
    ),
    "migration.hint.field_removed": (
        "say --field {name}= to let it go, or --field {name}=NEW with the name it has now",
        "写 --field {name}= 表示放弃，或用 --field {name}=NEW 给出现在的名称",
    ),
    "migration.hint.field_renamed": (
        "confirm it with --field {name}={suggested}, or let it go with --field {name}=",
        "请用 --field {name}={suggested} 确认，或用 --field {name}= 放弃",
    ),
    "migration.hint.value": (
        "correct it on the ticket first, or say --value {name}=JSON",
        "请先在工单上改正，或写 --value {name}=JSON",
    ),
    "migration.hint.required": ("say --value {name}=JSON", "请写 --value {name}=JSON"),
    "migration.report": ("{moved} moved, {refused} refused, {failed} failed.", "迁移 {moved}，拒绝 {refused}，失败 {failed}。"),
    # records
    "verify.fine": (
        "{tickets} tickets, {records} records: every chain holds, and every ticket is what its records amount to.",
        "{tickets} 张工单，{records} 条记录：哈希链全部完整，每张工单均与其记录相符。",
    ),
    "verify.partly": (
        "{tickets} tickets, {records} records: every chain holds; {count} could not be compared with their records:",
        "{tickets} 张工单，{records} 条记录：哈希链全部完整；{count} 张无法与其记录比对：",
    ),
    "verify.found": (
        "{tickets} tickets, {records} records, {count} findings:",
        "{tickets} 张工单，{records} 条记录，{count} 个发现：",
    ),
    "erase.done": ("{ticket}: {records} records changed", "{ticket}：已更改 {records} 条记录"),
    "erase.would": ("{ticket}: {records} records would change", "{ticket}：将更改 {records} 条记录"),
    "erase.nothing": ("{ticket}: nothing to erase", "{ticket}：没有可清除的内容"),
    "erase.refused": ("{ticket}: {why}", "{ticket}：{why}"),
    "erase.none": ("No ticket of {customer}.", "没有 {customer} 的工单。"),
    "import.done": ("Ticket {ticket} is here, with {records} records.", "工单 {ticket} 已导入，共 {records} 条记录。"),
    # demo
    "demo.title": (
        "One week at a repair company: {tickets} tickets, 5 outlets, 40 engineers, seed {seed}",
        "一家维修公司的一周：{tickets} 张工单，5 个网点，40 名工程师，种子 {seed}",
    ),
    "demo.progress": ("{day} {clock}  {opened} tickets, {events} events", "{day} {clock}  {opened} 张工单，{events} 个事件"),
    "demo.done": (
        "The week is over: {opened} tickets, {events} events, all of it in {file}.",
        "一周结束：{opened} 张工单，{events} 个事件，全部保存在 {file}。",
    ),
    "demo.next": ("Next, try:", "接下来可以试试："),
    "demo.next.explain": ("why a late ticket is where it is", "一张超时工单为何处于现状"),
    "demo.next.show": ("this board again, and what is late or at risk", "再次查看看板，以及超时和有风险的工单"),
    "demo.next.graph": ("the workflow as a drawing", "流程图"),
    # board
    "board.none": ("There are no tickets of tenant {tenant}.", "租户 {tenant} 没有工单。"),
    "board.title": ("Board as of {at} ({zone})", "看板，截至 {at}（{zone}）"),
    "board.head": (
        "{tickets} tickets: {closed} closed, {open} open, {cancelled} cancelled; {reopened} reopenings",
        "共 {tickets} 张工单：已关闭 {closed}，处理中 {open}，已取消 {cancelled}；重开 {reopened} 次",
    ),
    "volumes": ("Volumes", "工单量"),
    "first_response": ("First response", "首次响应"),
    "time_to_resolve": ("Time to resolve", "解决时长"),
    "attainment": ("SLA attainment", "SLA 达成率"),
    "breaches": ("Breaches", "违约"),
    "escalations": ("Escalations", "升级"),
    "load": ("Load per outlet", "各网点负载"),
    "busiest": ("Busiest engineers", "最忙的工程师"),
    "offers": ("Offers accepted", "派单接受率"),
    "csat": ("CSAT", "客户满意度"),
    "channel": ("channel", "渠道"),
    "tickets": ("tickets", "工单数"),
    "all": ("all", "全部"),
    "count": ("count", "数量"),
    "median": ("median", "中位数"),
    "p90": ("90 %", "90 %"),
    "mean": ("mean", "均值"),
    "clock": ("clock", "计时"),
    "kept": ("kept", "按时"),
    "satisfied": ("4 or 5", "4-5 分"),
    "of": ("of", "总数"),
    "share": ("share", "比例"),
    "interval": ("95 % interval", "95% 区间"),
    "title": ("{title}: {more}", "{title}：{more}"),
    "reason.open": ("open", "处理中"),
    "reason.cancelled": ("cancelled", "已取消"),
    "reason.waived": ("waived", "已豁免"),
    "reason.withdrawn": ("withdrawn", "已撤回"),
    "reason.unrated": ("unrated", "未评价"),
    "reason.unanswered": ("unanswered", "未答复"),
    "left_out": ("left out", "不计入"),
    "chain": ("chain", "升级链"),
    "reached": ("reached", "到达"),
    "outlet": ("outlet", "网点"),
    "engineer": ("engineer", "工程师"),
    "open": ("open", "处理中"),
    "late": ("late", "超时"),
    # late tickets
    "late.title": (
        "Late or at risk ({shown} of {count}, the most urgent first)",
        "超时或有风险（{count} 张中的 {shown} 张，最紧急的在前）",
    ),
    "late.none": ("Nothing is late or at risk.", "没有超时或有风险的工单。"),
    "ticket": ("ticket", "工单"),
    "state": ("state", "状态"),
    "assignee": ("assignee", "负责人"),
    "due": ("due", "应完成"),
    "promise": ("promise", "承诺"),
    "risk.late": ("late", "超时"),
    "risk.at_risk": ("at risk", "有风险"),
    # explain
    "explain.correlator": ("{ticket} of correlator {name} (version {version})", "{ticket}，关联器 {name}（第 {version} 版）"),
    "explain.fact": ("{at}  {ticket}, record {sequence}", "{at}  {ticket} 的第 {sequence} 条记录"),
    "explain.firing": ("found at {at}, because of {count} records", "{at} 匹配，依据 {count} 条记录"),
    "explain.firing_opened": ("opened {tickets}", "新建了 {tickets}"),
    "explain.firing_sent": ("told {tickets}", "通知了 {tickets}"),
    "explain.title": (
        "Ticket {ticket} ({workflow} version {version}), as of {at} ({zone})",
        "工单 {ticket}（{workflow} 第 {version} 版），截至 {at}（{zone}）",
    ),
    "explain.state": ("It is in state {state} since {since}{title}.", "自 {since} 起处于状态 {state}{title}。"),
    "explain.facts": (
        "Priority {priority}; customer {customer}; outlet {outlet}; assignee {assignee}; reopened {reopened} times.",
        "优先级 {priority}；客户 {customer}；网点 {outlet}；负责人 {assignee}；重开 {reopened} 次。",
    ),
    "explain.why_state": ("Why this state", "为何处于此状态"),
    "explain.why_who": ("Why {who} as {slot}", "为何 {slot} 是 {who}"),
    "explain.nobody": ("Why nobody yet as {slot}", "为何 {slot} 尚无人"),
    "explain.left_out": (
        "Earlier decisions left out: {count}; --format json tells all.",
        "省略了更早的 {count} 个决定；--format json 可查看全部。",
    ),
    "explain.decisions": ("What tables and rules decided", "决策表与规则的决定"),
    "explain.reasons": (
        "Why table {name} decided as it did, {at} ({zone})",
        "决策表 {name} 为何如此决定，{at}（{zone}）",
    ),
    "explain.differs": (
        "Asked again on the values recorded it decides otherwise: it read more than is recorded, or has changed since.",
        "用当时记录的值重新询问，结果不同：它读取的内容多于记录，或此后有改动。",
    ),
    "decided.name": ("name", "名称"),
    "decided.result": ("result", "结果"),
    "decided.rows": ("rows", "行"),
    "decided.read": ("read", "读取的值"),
    "decided.table": ("table", "决策表"),
    "decided.rule": ("rule", "规则"),
    "explain.checklist": ("Checklist of {state}", "{state} 的检查清单"),
    "explain.approval": ("Approval in {state}", "{state} 的审批"),
    "explain.quorum": ("To approve: {quorum}; to reject: {reject}.", "通过需要：{quorum}；否决需要：{reject}。"),
    "explain.approval_due": (" To be decided by {due}.", "应于 {due} 前决定。"),
    "explain.decided": ("It was {decided}.", "结果：{decided}。"),
    "explain.children": ("Sub-tickets", "子工单"),
    "explain.children_open": ("Still open: {names}; opened so far: {total}.", "未关闭：{names}；共开过：{total}。"),
    "step": ("step", "步骤"),
    "done": ("done", "完成"),
    "evidence": ("evidence", "凭证"),
    "optional": ("optional", "可选"),
    "vote": ("vote", "表决"),
    "comment": ("comment", "意见"),
    "outcome.approve": ("approve", "同意"),
    "outcome.reject": ("reject", "反对"),
    "outcome.approved": ("approved", "已通过"),
    "outcome.rejected": ("rejected", "已否决"),
    "none": ("none", "无"),
    "explain.why_due": ("Clock {clock}", "计时 {clock}"),
    "explain.drawn": ("Drawn: {path}", "已绘图：{path}"),
    "explain.escalations": ("Escalations", "升级"),
    "explain.no_escalations": ("No level of any chain was reached.", "没有到达任何升级级别。"),
    "explain.next": ("What comes next", "接下来"),
    "explain.by_time": ("by time alone", "仅因时间"),
    "explain.by_people": ("by somebody", "由人触发"),
    "explain.nothing": ("Nothing is set by time.", "没有定时事项。"),
    "explain.set_by": ("set by {source}", "由 {source} 指定"),
    "who": ("who", "执行者"),
    "event": ("event", "事件"),
    "from": ("from", "起"),
    "until": ("until", "止"),
    "phase": ("phase", "阶段"),
    "elapsed": ("elapsed", "经过"),
    "clock.open": ("open", "营业"),
    "counted": ("counted", "计入"),
    "total": ("total", "累计"),
    "outcome": ("outcome", "结果"),
    "may": ("who may", "谁可以"),
    "when": ("if", "条件"),
    "clock.promise": (
        "{within} {calendar}from {started}, cycle {cycle}: {counted} counted.",
        "自 {started} 起 {within}{calendar}，第 {cycle} 周期：已计入 {counted}。",
    ),
    "clock.in": ("counted in calendar {calendar}, ", "（按日历 {calendar} 计算）"),
    "clock.elapsed": ("as time passes, ", "（按自然时间）"),
    "clock.running": ("Due {due}, {remaining} left.", "应于 {due} 前完成，剩余 {remaining}。"),
    "clock.paused": (
        "Paused, {remaining} left; resumed now it would be due {due}.",
        "已暂停，剩余 {remaining}；若现在恢复，应于 {due} 前完成。",
    ),
    "clock.met": ("Stopped {stopped}, in time: it was due {due}.", "于 {stopped} 停止，按时完成：应于 {due} 前完成。"),
    "clock.late": ("Stopped {stopped}, too late: it was due {due}.", "于 {stopped} 停止，已超时：应于 {due} 前完成。"),
    "clock.breached": ("Broken since {due}, {over} over.", "自 {due} 起违约，超出 {over}。"),
    "explain.breaches": ("Breaches", "违约记录"),
    "cycle": ("cycle", "周期"),
    "breach.stands": ("standing", "状态"),
    "breach.holds": ("broken", "违约"),
    "breach.waived": ("excused", "已豁免"),
    "breach.amended": ("taken back", "已撤回"),
    "clock.breached_left": (
        "Broken since {due}, though by its present target {remaining} is left.",
        "自 {due} 起违约，但按现有期限仍剩余 {remaining}。",
    ),
    "clock.provisional": (
        "Provisional: the calendar does not know that far ahead yet.",
        "暂定：日历尚未确定到那时。",
    ),
    "clock.cancelled": ("Cancelled {stopped}.", "于 {stopped} 取消。"),
    "clock.waived": ("Excused: {reason}.", "已豁免：{reason}。"),
    "offer.accepted": ("accepted", "接受"),
    "offer.rejected": ("rejected", "拒绝"),
    "offer.expired": ("no answer", "未答复"),
    "offer.withdrawn": ("withdrawn", "撤回"),
    "offer.open": ("still open", "尚未答复"),
    "phase.running": ("running", "计时中"),
    "phase.paused": ("paused", "暂停"),
    "phase.folded": ("folded", "合并"),
    "outcome.fired": ("fired", "已通知"),
    "outcome.coalesced": ("coalesced", "合并通知"),
    "outcome.empty": ("reached nobody", "无人可通知"),
    "outcome.skipped": ("skipped", "跳过"),
    "outcome.stopped": ("stopped", "停止"),
    "outcome.acknowledged": ("acknowledged", "已确认"),
    "outcome.snoozed": ("snoozed", "暂缓"),
    "offered": ("offered", "派单"),
    "answered": ("answered", "答复"),
    "reason": ("reason", "原因"),
    # dispatch, for languages in which the record keeps no sentence
    "choice.considered": ("{count} considered", "考虑了 {count} 个候选"),
    "choice.fit": ("{count} fit, best {best}", "{count} 个合适，最佳 {best}"),
    "choice.none": ("nobody fits", "无人合适"),
    # doctor
    "doctor.python": (
        "Python {python}, SQLite {sqlite}, servflow {servflow}",
        "Python {python}，SQLite {sqlite}，servflow {servflow}",
    ),
    "doctor.uses": ("Where they are used", "各自用途"),
    "package": ("package", "软件包"),
    "version": ("version", "版本"),
    "extra": ("extra", "扩展"),
    "missing": ("not installed; {install}", "未安装；{install}"),
    # worker, bench, replay
    "worker.round": (
        "{at} ticked: {advanced} advanced, {fired} events, {refused} refused, {failed} failed; delivered: {delivered}",
        "{at} 轮询：推进 {advanced}，事件 {fired}，拒绝 {refused}，失败 {failed}；送达：{delivered}",
    ),
    "worker.trouble": (
        "set aside: {set_aside}; effects retried: {retried}, dead: {dead}, too slow: {timeouts}; store errors: {store_errors}",
        "搁置工单 {set_aside}；动作：重试 {retried}，死信 {dead}，超时 {timeouts}；存储错误 {store_errors}",
    ),
    "worker.hanging": ("{hanging} handlers hang", "{hanging} 个处理程序挂起"),
    "worker.problem": ("ticket {where}, {what}: {error}", "工单 {where}，{what}：{error}"),
    "troubles.none": ("Nothing is in trouble.", "没有异常。"),
    "troubles.more": ("There are more; see them with --limit.", "还有更多；请用 --limit 查看。"),
    "troubles.effect": (
        "effect {id} of ticket {ticket} failed {tries} times since {since} UTC;",
        "工单 {ticket} 的动作 {id} 自 {since} UTC 起失败 {tries} 次；",
    ),
    "troubles.ticket": (
        "ticket {ticket} failed {tries} times since {since} UTC;",
        "工单 {ticket} 自 {since} UTC 起失败 {tries} 次；",
    ),
    "troubles.aside": ("it was set aside.", "已搁置。"),
    "troubles.again": ("it is tried again {at} UTC.", "将于 {at} UTC 再试。"),
    "troubles.revived": ("{count} will be tried again.", "{count} 项将重新尝试。"),
    "troubles.dropped": ("{count} will never be carried out.", "{count} 项不再执行。"),
    "troubles.unknown": ("not in trouble: {ids}", "不在异常之列：{ids}"),
    "troubles.undropped": ("no dead letter, so not dropped: {ids}", "不是死信，未丢弃：{ids}"),
    "bench.title": ("This machine, CPU time, medians of {rounds} rounds", "本机 CPU 时间，{rounds} 轮的中位数"),
    "bench.what": ("what", "项目"),
    "bench.each": ("each", "每次"),
    "replay.reading": ("reading the log", "正在读取日志"),
    "error": ("servflow: {message}", "servflow：{message}"),
}
"""Key -> the sentence in English and in Chinese, with ``{fact}`` places."""

RULES_ZH: Mapping[str, str] = {
    "of": "不属于所选网点",
    "skill": "缺少技能",
    "area": "不服务该区域",
    "open": "不在班",
    "below": "已满负荷",
    "absence": "缺勤",
    "presence": "不在线",
    "declined": "已拒绝或未答复",
    "forbidden": "客户不接受",
    "language": "语言不符",
    "certificate": "无有效证书",
    "contract": "无合同",
    "part": "缺少配件",
    "other_than": "被排除",
}
"""Dispatch rule -> why somebody does not fit, in Chinese."""

_COUNTED = re.compile(
    r"\{(\w+)\} (?:findings|warnings|notes|states|transitions|changes|tickets|events|records|reopenings|times|rounds)\b"
)
"""What is counted in an English sentence, to be said in the singular where there is one."""


class Words:
    """The words of one language."""

    def __init__(self, lang: str) -> None:
        self.lang = lang

    def __call__(self, key: str, /, **facts: object) -> str:
        """The sentence for a key, its places filled."""
        english, chinese = WORDS[key]
        if self.lang == "zh":
            text = chinese
        else:
            # In the template, not in the sentence: what users wrote keeps its plural.
            text = _COUNTED.sub(lambda found: found[0][:-1] if facts.get(found[1]) == 1 else found[0], english)
        return text.format(**facts) if facts else text
