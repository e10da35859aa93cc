"""Knows the words the command line says, in English and Chinese; must not know when they are said."""

from __future__ import annotations

import re
from collections.abc import Mapping

from servflow.cli._words_doctor import DOCTOR
from servflow.cli._words_errors import ERRORS
from servflow.cli._words_explain import EXPLAIN

# ruff: noqa: RUF001 - Chinese text uses full-width punctuation
WORDS: Mapping[str, tuple[str, str]] = {
    # templates
    "new.name": ("template", "模板"),
    "new.about": ("what it is", "说明"),
    "new.how": (
        "servflow new TEMPLATE --into DIR copies one with the files it needs; then make it yours.",
        "servflow new TEMPLATE --into DIR 复制模板及其所需文件，随后按需修改。",
    ),
    "new.written": ("written: {file}", "已写入：{file}"),
    "new.next": ("what to do next:", "下一步："),
    "new.needs": (
        "{name} goes with the template {other}, whose tickets it opens or hears of.",
        "{name} 与模板 {other} 一起使用：前者会建立或关注后者的工单。",
    ),
    "new.read": (
        "Then change its fields, roles, calendars and targets to yours; its comments say what each part is for.",
        "然后把字段、角色、日历与期限改成自己的；文件中的注释说明了每一部分的用途。",
    ),
    "check.world": (
        "loads: people {people}, queues {queues}, schedules {schedules}, findings {count}",
        "可以载入：人员 {people}，队列 {queues}，值班表 {schedules}，发现 {count}",
    ),
    # while it takes long
    "progress.tickets": ("reading tickets", "读取工单"),
    "progress.histories": ("telling histories", "整理历史"),
    "progress.records": ("verifying tickets", "核验工单"),
    "progress.plan": ("following tickets", "推演工单"),
    "progress.solve": ("looking for a plan", "求解方案"),
    "progress.rounds": ("measuring", "测量"),
    "progress.export": ("exporting", "导出"),
    "progress.import": ("importing", "导入"),
    # stubs
    "stubs.written": ("{name}: types written to {file}", "{name}：类型已写入 {file}"),
    "stubs.fresh": ("{name}: {file} is what the definition says", "{name}：{file} 与定义一致"),
    "stubs.stale": (
        "{name}: {file} is not what the definition says now; write it again: servflow stubs {source} --out {file}",
        "{name}：{file} 与当前定义不一致；请重新生成：servflow stubs {source} --out {file}",
    ),
    # definitions
    "check.fine": (
        "{name} version {version} is fine: {states} states, {transitions} transitions, no findings.",
        "{name} 第 {version} 版没有问题：{states} 个状态，{transitions} 条转移，无发现。",
    ),
    "check.correlator": (
        "correlator {name} version {version} loads: {find} within {within}",
        "关联器 {name} 第 {version} 版可以载入：{find}，时间窗口 {within}",
    ),
    "check.recurring": (
        "plans {name} version {version} load: {plans} that come round, {ends} ends",
        "计划 {name} 第 {version} 版可以载入：周期计划 {plans} 个，到期提醒 {ends} 个",
    ),
    "recurring.opens": ("opens", "开单"),
    "recurring.due": ("due", "到期"),
    "recurring.asset": ("asset", "设备"),
    "recurring.plan": ("plan", "计划"),
    "recurring.number": ("number", "序号"),
    "recurring.cause": ("because of", "原因"),
    "recurring.skipped": ("passed over", "略过"),
    "recurring.time": ("time", "时间"),
    "recurring.meter": ("counter", "计数器"),
    "recurring.expiry": ("an end", "到期提醒"),
    "recurring.none": ("no ticket opens until then", "在此之前没有工单要开"),
    "recurring.more": ("there are more; --limit {limit} shows as many", "还有更多；--limit {limit} 决定显示多少"),
    "recurring.explained": ("asset {asset}, plan {plan}:", "设备 {asset}，计划 {plan}："),
    "check.scorecard": (
        "scorecard {name} loads: {criteria} criteria, marks by {raters}",
        "评分表 {name} 可以载入：评分项 {criteria} 个，评分人 {raters}",
    ),
    "check.goals": (
        "goals {name} version {version} load: {goals} goals, periods of {zone}",
        "目标集 {name} 第 {version} 版可以载入：{goals} 个目标，周期按时区 {zone}",
    ),
    "check.stories": ("stories of {name} load: {stories}", "{name} 的故事可以载入：{stories} 个"),
    "test.result": ("result", "结果"),
    "test.story": ("story", "故事"),
    "test.passed": ("passed", "通过"),
    "test.failed": ("failed", "失败"),
    "test.summary": ("{passed} of {count} stories passed", "{count} 个故事中 {passed} 个通过"),
    "test.low": (
        "{percent} % of {name} is exercised, less than {least} %",
        "{name} 已覆盖 {percent} %，低于 {least} %",
    ),
    "check.sampling": (
        "sampling {name} loads: {percent} % of {workflows}, by {period}",
        "抽检 {name} 可以载入：{workflows} 的 {percent} %，周期 {period}",
    ),
    "check.intake": (
        "intake {name} version {version} loads, findings: {count}; channels: {channels}; tables in order: {tables}",
        "受理 {name} 第 {version} 版可以载入，发现 {count} 个；渠道：{channels}；决策表顺序：{tables}",
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
    "at": ("at", "时刻"),
    "level": ("level", "级别"),
    "kind": ("kind", "类型"),
    "to": ("to", "对象"),
    # tables
    "table.imported": ("{names}: written to {file}", "{names}：已写入 {file}"),
    "table.exported": ("{name}: written to {file}", "{name}：已写入 {file}"),
    "table.differs": ("{name}: {count} differences", "{name}：{count} 处不同"),
    "table.same": ("{name}: the same answers for all values", "{name}：对所有取值结果相同"),
    "table.removed": ("only in the old file: {names}", "仅旧文件有：{names}"),
    "table.added": ("only in the new file: {names}", "仅新文件有：{names}"),
    "table.dropped": ("left out: {what}", "已略去：{what}"),
    # figures and goals
    "metrics.at": ("as of {at}", "截至 {at}"),
    "metrics.none": ("the database holds no ticket, so there is nothing to count", "数据库中没有工单，无可统计"),
    "metrics.settings": ("can be set: {names}", "可设置：{names}"),
    "metrics.source": ("Source", "出处"),
    "metrics.cohort": ("Cohort", "统计对象"),
    "metrics.clock": ("Clock", "计时口径"),
    "metrics.open_tickets": ("Open tickets", "未关闭工单"),
    "metrics.falls": ("Period", "归属周期"),
    "metrics.part": ("part", "部分"),
    "metrics.group": ("group", "分组"),
    "metrics.period": ("period", "周期"),
    "metrics.value": ("value", "数值"),
    "metrics.of": ("of", "基数"),
    "metrics.interval": ("95 % interval", "95% 区间"),
    "metrics.excluded": ("left out", "未计入"),
    "goals.none": ("no period is over yet, so nothing is judged", "尚无结束的周期，未作评定"),
    "goals.head": ("goals {name}", "目标集 {name}"),
    "goals.goal": ("goal", "目标"),
    "goals.target": ("target", "目标值"),
    "goals.verdict": ("verdict", "评定"),
    "goals.met": ("met", "达标"),
    "goals.missed": ("missed", "未达标"),
    "goals.nothing": ("nothing to count", "无可统计"),
    "goals.few": ("too few cases", "样本不足"),
    "goals.refused": ("cannot be counted", "无法统计"),
    # calendars
    "calendar.date": ("date", "日期"),
    "calendar.what": ("what", "说明"),
    "calendar.opens": ("opens", "开始"),
    "calendar.closes": ("closes", "结束"),
    "calendar.long": ("how long", "时长"),
    "calendar.holiday": ("holiday", "节假日"),
    "calendar.workday": ("worked (make-up workday)", "上班（补班日）"),
    "calendar.known_until": ("known until {date}", "已知至 {date}"),
    "calendar.total": ("open {total} in all ({zone})", "共开放 {total}（{zone}）"),
    "calendar.written": ("{name}: written to {file}", "{name}：已写入 {file}"),
    "calendar.preview": (
        "Nothing is written; --write FILE writes {file} with these changes to {name}.",
        "未写入任何内容；--write FILE 将把 {name} 的上述变化连同 {file} 的其余内容写入该文件。",
    ),
    "calendar.differs": ("{name}: {count} differences", "{name}：{count} 处不同"),
    "calendar.same": ("{name}: the same", "{name}：相同"),
    # who is on call
    "oncall.schedule": ("schedule", "值班表"),
    "oncall.on_call": ("on call", "值班人员"),
    "oncall.until": ("until", "直到"),
    "oncall.next": ("next", "下一位"),
    "oncall.previous": ("before", "上一位"),
    "oncall.start": ("start", "开始"),
    "oncall.end": ("end", "结束"),
    "oncall.hours": ("hours", "小时"),
    "oncall.person": ("person", "人员"),
    "oncall.share": ("share", "占比"),
    "oncall.shifts": ("shifts", "班次数"),
    "oncall.night_hours": ("night hours", "夜间小时"),
    "oncall.nights": ("nights", "夜数"),
    "oncall.weekend_hours": ("weekend hours", "周末小时"),
    "oncall.weekends": ("weekends", "周末数"),
    "oncall.holiday_hours": ("holiday hours", "节假日小时"),
    "oncall.holidays": ("holidays", "节假日数"),
    "oncall.zone": ("zone", "时区"),
    "oncall.covered": (
        "{name}: somebody is on call for {share} of the time from {start} to {end} ({zone})",
        "{name}：{start} 至 {end}（{zone}）有人值班的时间占 {share}",
    ),
    "oncall.gaps": ("nobody on call ({count}):", "无人值班（{count}）："),
    "oncall.depends": ("on call alone:", "仅一人值班："),
    "oncall.alone": ("when one person is on call alone:", "仅一人值班的时段："),
    "oncall.together": ("two or more on call: {hours} hours", "两人及以上值班：{hours} 小时"),
    "oncall.more": ("and {count} more; --format json tells all", "另有 {count} 个；--format json 给出全部"),
    "oncall.told_in": ("(times in {zone})", "（时间按 {zone}）"),
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
    "demo.next.report": ("a page to show to a manager, with filters and every story", "可给管理者看的页面，带筛选和工单经过"),
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
    "assignee": ("assignee", "处理人"),
    "due": ("due", "应完成"),
    "promise": ("promise", "承诺"),
    "risk.late": ("late", "超时"),
    "risk.at_risk": ("at risk", "有风险"),
    **EXPLAIN,
    **DOCTOR,
    **ERRORS,
    # servflow report
    "report.written": ("{file}: {tickets} tickets, told in full: {stories}", "{file}：{tickets} 张工单，其中详述 {stories} 张"),
    "report.left": ("older tickets left out: {left}; give --from", "省略更早的工单 {left} 张；可用 --from 指定"),
    "report.unread": ("{ticket} could not be read: {reason}", "{ticket} 无法读取：{reason}"),
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
    "worker.unhandled": (
        "{unhandled} effects had no handler and count as done; give one for '*' to see which",
        "{unhandled} 个动作没有处理程序，视为已完成；可为 '*' 提供处理程序以查看",
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
    "replay.kept": (
        "The tickets are in {file}. Next: servflow metrics {file}, or servflow report {file} --html report.html",
        "工单已存入 {file}。接下来：servflow metrics {file}，或 servflow report {file} --html report.html",
    ),
    "error": ("servflow: {message}", "servflow：{message}"),
}
"""Key -> the sentence in English and in Chinese, with ``{fact}`` places."""

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
