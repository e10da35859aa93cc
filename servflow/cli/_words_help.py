"""Knows what the help of commands and options is in Chinese, by its English text; must not know any command."""

from __future__ import annotations

from collections.abc import Mapping

from servflow.cli._listed import COMMANDS

# ruff: noqa: RUF001 - Chinese text uses full-width punctuation
_HEADS: Mapping[str, str] = {
    "Options": "选项",
    "Commands": "命令",
    "Show this message and exit.": "显示本帮助并退出。",
    "Show the version and exit.": "显示版本并退出。",
    "Workflows and rules for service tickets: check them, draw them, run them, and ask why.": (
        "服务工单的流程与规则：检查、绘制、运行，并追问原因。"
    ),
    "Exit status: 0 fine, 1 findings, 2 bad usage or input. Every command takes --format json and --lang zh.": (
        "退出状态：0 正常，1 有发现，2 用法或输入有误。每个命令都接受 --format json 和 --lang zh。"
    ),
}

_SUBCOMMANDS: Mapping[str, str] = {
    "Say on which dates the calendars of two files differ, and in what else.": "两个文件中的日历在哪些日期不同，还有什么不同。",
    "Write a calendar as an iCalendar file for other programs: holidays, closed dates, shifts and breaks.": (
        "把日历写成供其他程序使用的 iCalendar 文件：节假日、停业日、班次和休息。"
    ),
    "Show a country's holidays and make-up workdays, or what they would change in a calendar.": (
        "显示某国的节假日和调休工作日，或它们会使日历有何变化。"
    ),
    "Show what an iCalendar file would change in a calendar.": "显示一个 iCalendar 文件会使日历有何变化。",
    "Show when a calendar is open, as its own wall clock shows it, and its holidays by name.": (
        "按日历自己的当地时间显示何时营业，以及各节假日的名称。"
    ),
    "Who would get a ticket: how many were kept out by what, who is ranked how, and every verdict.": (
        "谁会得到工单：各条规则排除了多少人、名次如何，以及每个判定。"
    ),
    "Give many tickets out at once, as many as can be and the best way; nothing is done or kept.": (
        "一次派出多张工单，尽可能多且最优；不执行也不保存任何东西。"
    ),
    "Routes of visits: who goes where and when, and what is left out and why; nothing is done or kept.": (
        "上门路线：谁何时去哪里，哪些没排上及原因；不执行也不保存任何东西。"
    ),
    "The visits of a ticket that its customer could book, with who could come to each.": (
        "客户可以预约的上门时段，以及每个时段谁能去。"
    ),
    "What would let somebody in: the smallest single changes, each proven by deciding again.": (
        "怎样才能派出去：最小的单项更改，每项都经重新判定证明。"
    ),
    "Everything that is wrong with a plan, whoever made it.": "一份计划的全部错误，无论由谁制定。",
    "Why CANDIDATE does not get a ticket: every rule that keeps them out, or who is ahead of them and by what.": (
        "CANDIDATE 为何得不到工单：排除他的每条规则，或谁排在前面、凭什么。"
    ),
    "Show where nobody is on call in the next days, on whom all hangs, and overrides that change nothing.": (
        "显示今后几天何处无人值班、全靠谁一人，以及不起作用的替班。"
    ),
    "Write a person's shifts, or everybody's, as an iCalendar file that phones and office programs subscribe to.": (
        "把某人或所有人的班次写成 iCalendar 文件，供手机和办公软件订阅。"
    ),
    "Show how duty, nights, weekends and holidays are shared out; hours are those that pass, also when clocks change.": (
        "显示值班、夜班、周末和节假日如何分摊；时长为实际经过的小时，换季调时也如此。"
    ),
    "Show the shifts in an on-call feed (iCalendar), and what in it is not understood; --write keeps them as a schedule.": (
        "显示值班订阅（iCalendar）中的班次，以及无法理解的内容；--write 把它们存为值班表。"
    ),
    "Show the shifts from --start to --end, each whole, and how long they are.": (
        "显示从 --start 到 --end 的班次，每班完整列出，并给出时长。"
    ),
    "Say who is on call, until when, who comes next and who was before; of every schedule unless one is named.": (
        "谁在值班、到何时、下一位和上一位是谁；不指明时列出每个值班表。"
    ),
    "Why the next ticket of each plan for an asset is due when it is, or why there is none.": (
        "某设备每个计划的下一张工单为何在该时刻到期，或为何没有。"
    ),
    "The tickets that plans will open, in the order in which they open.": "计划将要开出的工单，按开单顺序。",
    "Say for which values the tables of two files answer differently.": "两个文件中的决策表对哪些取值答案不同。",
    "Write a decision table as CSV or DMN.": "把决策表写成 CSV 或 DMN。",
    "Read decision tables from CSV or DMN and write them as YAML.": "从 CSV 或 DMN 读入决策表并写成 YAML。",
}

_OPTIONS: Mapping[str, str] = {
    "text or JSON": "文本或 JSON",
    "language; SERVFLOW_LANG sets it for all": "语言；SERVFLOW_LANG 为所有命令设定",
    "how often each is measured": "每项测量几次",
    "which calendar; by default all that both files have": "哪个日历；默认为两个文件共有的全部",
    "which calendar; may be left out where there is one": "哪个日历；只有一个时可省略",
    "the first date; none: no bound": "起始日期；none 表示不限",
    "the last date; none: no bound": "结束日期；none 表示不限",
    "also every open stretch; needs both dates": "也写出每段营业时间；两个日期都须给出",
    "when it was made, for DTSTAMP; by default now": "制作时刻，用于 DTSTAMP；默认为现在",
    "write to this file": "写入此文件",
    "one year, or the first and the last: 2026 or 2026-2027": "一年，或首尾两年：2026 或 2026-2027",
    "a definition or a calendar that they are laid over": "把节假日叠加于其上的定义或日历",
    "which calendar of it; may be left out where there is one": "其中哪个日历；只有一个时可省略",
    "a part of the country, such as BY of Germany": "国家的一部分，例如德国的 BY",
    "a kind of holidays": "节假日的种类",
    "of the names, such as en_US; by default the country's own": "名称所用语言，例如 en_US；默认为该国语言",
    "hours of a half-day holiday, such as 09:00-12:00": "半天假的营业时间，例如 09:00-12:00",
    "the calendar's own dates of these years make way": "日历自己在这些年份的日期让位",
    "write the file with the changes here": "把改后的文件写到这里",
    "the first date wanted": "所需的起始日期",
    "the last date wanted": "所需的结束日期",
    "which calendar of DOC; may be left out where there is one": "DOC 中的哪个日历；只有一个时可省略",
    "what a word makes of an event, such as 补班=workday": "某个词使事件成为什么，例如 补班=workday",
    "the calendar's own dates of this time make way": "日历自己在这段时间的日期让位",
    "write DOC with the changes here": "把改后的 DOC 写到这里",
    "the first date": "起始日期",
    "the last date": "结束日期",
    "end with status 0 where the definition loads": "定义可以载入时退出状态为 0",
    "also say which rows of tables no case reaches": "也列出没有用例到达的表行",
    "judge clocks and schedules as those of tickets opened then (default: now)": (
        "按该时刻开出的工单判断时限和值班表（默认：现在）"
    ),
    "a file with people: whether chains reach anybody, who is on call, who is dispatched": (
        "人员文件：升级链能否通知到人、谁在值班、派给谁"
    ),
    "with --world: how many days of schedules (default: 30)": "与 --world 同用：检查值班表多少天（默认：30）",
    "of an intake: the file of a workflow that it is for; repeatable": "受理：其所用流程的文件；可重复",
    "the same seed gives the same week": "种子相同则一周相同",
    "how many": "多少张",
    "the database to leave behind": "留下的数据库",
    "replace the database if it is there; nothing but an SQLite database is replaced": (
        "数据库已存在时替换；只替换 SQLite 数据库"
    ),
    "who there is, as JSON or YAML": "有哪些人员，JSON 或 YAML",
    "a file with its JSON, - for standard input, or with --db its id": "其 JSON 文件，- 为标准输入；与 --db 同用时为其编号",
    "the database that holds the ticket": "存有该工单的数据库",
    "whose tickets": "哪个租户的工单",
    "a ticket that would be opened at --at: its fields as JSON": "假设在 --at 开出的工单：其字段，JSON",
    "when; by default the ticket's own instant": "时刻；默认为工单自身的时刻",
    "a slot or a dispatch entry; by default the one that runs or would begin": "派单位或派单条目；默认为正在进行或将开始的",
    "whose wall clock tells instants; by default that of the first calendar": "按哪个时区显示时刻；默认为第一个日历的",
    "as text, also every verdict on every candidate": "文本时也列出对每个候选人的每个判定",
    "what to give out: a JSON list of tickets, or of {id, fields}": "要派出的：工单或 {id, fields} 的 JSON 列表",
    "when it is decided": "决定的时刻",
    "TICKET=WHO: a ticket that stays with whom it has; may be given often": "TICKET=WHO：保持原派的工单；可重复",
    "who has which ticket so far, as a JSON mapping: as few as can be are moved": "目前谁有哪张工单，JSON 映射：尽量少改派",
    "among which levels that counts, 0 before all; by default after the last": "此项排在哪一级，0 为最先；默认在最后",
    "what finds the plan": "用什么求解计划",
    "whom to visit: a JSON list of tickets, or of {id, fields}": "要上门的：工单或 {id, fields} 的 JSON 列表",
    "from when on": "从何时起",
    "TICKET=WHO: a visit that stays with whom it has; may be given often": "TICKET=WHO：保持原派的上门；可重复",
    "who has which visit so far, as a JSON mapping: as few as can be are moved": "目前谁有哪次上门，JSON 映射：尽量少改派",
    "up to when; by default a day, or as long as the windows of visits last": "到何时；默认一天，或到各上门时段结束",
    "how often visits are taken out and put in again": "取出并重新安排上门的轮数",
    "the same seed gives the same plan": "种子相同则计划相同",
    "how long a visit takes of which nothing says it": "未说明时长的上门需要多久",
    "minutes of a way of which nothing tells": "未说明的路程需要几分钟",
    "only so many days, today included": "只看这么多天，含今天",
    "every window, also those to which nobody can come, with what keeps how many out": (
        "每个时段，包括无人能去的，并说明什么排除了多少人"
    ),
    "how many changes of each kind at most": "每种更改最多列多少",
    "the plan: JSON as `dispatch plan --format json` tells it": "计划：`dispatch plan --format json` 所输出的 JSON",
    "whose": "哪个租户的",
    "every ticket of this customer or requester": "此客户或报修人的每张工单",
    "this field only; else all that is marked personal": "只清除此字段；否则清除所有标为个人数据的",
    "give this id a name that says nothing": "给此编号换一个无含义的名称",
    "messages, comments and reasons as well, whatever they say": "连同消息、备注和原因，无论内容",
    "who asks for it": "谁要求的",
    "kept for good; it should not name the person": "永久保留；不应写出此人",
    "when; by default the latest instant the database has seen": "时刻；默认为数据库已知的最晚时刻",
    "say what would be done, and do nothing": "只说明会做什么，不执行",
    "explain it as of this instant; by default the latest the database has seen": "按此时刻解释；默认为数据库已知的最晚时刻",
    "only why this table decided as it last did, and why its other rows did not": (
        "只解释此表上次为何如此判定，其他行为何没有命中"
    ),
    "only why this clock is due when it is: its course, row by row, and the steps to the due instant": (
        "只解释此时限为何此时到期：逐行的经过，以及到期时刻的推算步骤"
    ),
    "with --clock: an earlier cycle of it": "与 --clock 同用：其较早的一轮",
    "with --clock: draw its course into this file; - writes the drawing alone": (
        "与 --clock 同用：把其经过画入此文件；- 只输出图形"
    ),
    "whose ticket": "哪个租户的工单",
    "the database the ticket is in": "工单所在的数据库",
    "the work as counted time: 4h, 90m, '2 business days'": "工作所需的计时时长：4h、90m、'2 business days'",
    "when work would start; by default the latest instant the database has seen": "何时开工；默认为数据库已知的最晚时刻",
    "as of this instant; by default the latest the database has seen": "截至此时刻；默认为数据库已知的最晚时刻",
    "how many that are over": "已结束的周期列多少个",
    "the running periods instead, as they stand": "改为列出进行中的周期及其现状",
    "who there is and when, as JSON or YAML: the roster of utilisation and load": (
        "何时有哪些人员，JSON 或 YAML：计算利用率和负荷所用的名册"
    ),
    "how it is drawn": "绘制方式",
    "mark where a ticket is: a file with its JSON, - for standard input, or with --db its id": (
        "标出工单所在：其 JSON 文件，- 为标准输入；与 --db 同用时为其编号"
    ),
    "look at the ticket at this instant; by default its own": "按此时刻看工单；默认为工单自身的时刻",
    "also who may, what events need, titles and steps": "也画出谁可以、事件需要什么、标题和步骤",
    "whose ticket it becomes": "归入哪个租户",
    "which; may be given several times; the usual ones unless given": "哪些指标；可重复；默认为常用的",
    "every measure there is": "全部指标",
    "the field, attribute or slot that makes groups; may be given several times": "用于分组的字段、属性或派单位；可重复",
    "told for each of them besides the whole": "除总体外，也按每个周期列出",
    "whose midnights bound the periods": "以哪个时区的零点划分周期",
    "a state on whose entry the work counts as done; where dispatch ends unless given": (
        "进入即算完成的状态；默认为派单结束之处"
    ),
    "only tickets of it; may be given several times": "只看此流程的工单；可重复",
    "MEASURE.SETTING=VALUE, the value as JSON or as text": "MEASURE.SETTING=VALUE，值为 JSON 或文本",
    "write the figures into this file too": "同时把指标写入此文件",
    "what measures there are and how each is defined, those of --measure in full; needs no database": (
        "有哪些指标及各自的定义，--measure 所列的详述；不需要数据库"
    ),
    "the directory to write into; made where it does not exist (default: here)": "写入的目录；不存在时创建（默认：当前目录）",
    "which schedule of FILE; may be left out where there is one": "FILE 中的哪个值班表；只有一个时可省略",
    "whose wall clock tells instants; by default the schedule's own, else UTC": (
        "按哪个时区显示时刻；默认为值班表自己的，否则 UTC"
    ),
    "from when; now unless given": "从何时起；默认为现在",
    "how many days ahead": "向后多少天",
    "a file with people: whoever is on call and not in it is told": "人员文件：值班而不在其中的人会被列出",
    "a calendar, or a definition with one: when somebody ought to be on call": "日历，或含日历的定义：何时应当有人值班",
    "also list when one person is on call alone": "也列出只有一人值班的时段",
    "from when: an instant, or a date": "从何时起：时刻或日期",
    "until when": "到何时",
    "whose shifts; everybody's unless given": "谁的班次；默认为所有人",
    "a file with people whose own zones count for their nights": "人员文件：夜班按各人自己的时区计算",
    "the window of a night": "夜间时段",
    "the days of a weekend": "周末是哪几天",
    "a holiday: 2026-10-01, or 05-01 of every year": "节假日：2026-10-01，或每年的 05-01",
    "a calendar, or a definition with one, whose holidays count": "日历，或含日历的定义：计入其节假日",
    "whose whole days, and times without a zone, are meant; by default the one that FEED names": (
        "整天和不带时区的时间按哪个时区；默认为 FEED 所写的"
    ),
    "a file with people: their ids and names are known": "人员文件：以识别其编号和姓名",
    "who is meant by a name or an address": "某个姓名或地址指的是谁",
    "where events name people; the first that names somebody decides": "事件在何处写出人员；以最先写出的为准",
    "what the schedule is called; by default as FEED calls itself": "值班表的名称；默认为 FEED 自己的名称",
    "write a file with the schedule here": "把含此值班表的文件写到这里",
    "only theirs: a shift then goes on whoever comes and goes beside them": "只看此人：无论同班者如何变动，其班次连续计算",
    "when; now unless given": "时刻；默认为现在",
    "the chain; may be left out where there is one, or with a ticket for all of them": (
        "升级链；只有一条时可省略，给出工单时省略表示全部"
    ),
    "when its trigger holds, or with a ticket from when to look": "触发条件成立的时刻；给出工单时为起看时刻",
    "how far to look: a span such as 7d or 12h": "看多远：时长，例如 7d 或 12h",
    "a ticket to go on from: a file with its JSON, -, or with --db its id": (
        "由其继续的工单：其 JSON 文件、-，与 --db 同用时为其编号"
    ),
    "a ticket that is opened for this at --at: its fields as JSON": "为此在 --at 开出的工单：其字段，JSON",
    "who there is, as JSON or YAML: recipients become people": "有哪些人员，JSON 或 YAML：收件方据此成为具体的人",
    "let the chain start at --at, whatever starts it otherwise": "让升级链从 --at 开始，无论平时由什么触发",
    "somebody acknowledges then; may be given again": "届时有人确认；可重复",
    "something else happens then: an event, snooze, stop, ...": "届时发生别的事：事件、snooze、stop 等",
    "nothing runs meanwhile": "期间什么都不运行",
    "how it is told": "输出方式",
    "a database: look at each of its tickets that runs under OLD": "数据库：逐一检查其中按 OLD 运行的工单",
    "what a state is called now, or where its tickets go": "状态的新名称，或其工单的去向",
    "what a field is called now; OLD= lets its values go": "字段的新名称；OLD= 表示舍弃其值",
    "what tickets get that have no value that fits": "没有合适值的工单得到什么",
    "from when a new clock counts": "新时限从何时起算",
    "whether live runs keep their chain": "进行中的升级是否保留原来的链",
    "when they move; by default the latest instant the database has seen": "迁移的时刻；默认为数据库已知的最晚时刻",
    "move the tickets that can move": "迁移可以迁移的工单",
    "the database whose tickets are looked at": "检查其中工单的数据库",
    "a file of the calendars that change, by name; by default DEFINITION's own": (
        "有变化的日历文件，按名称对应；默认为 DEFINITION 自己的"
    ),
    "count the tickets again, so that they sleep until their new dues": "重新计算工单，使其休眠到新的到期时刻",
    "the assets: .json, .jsonl (one a line) or .csv": "设备：.json、.jsonl（每行一个）或 .csv",
    "only this plan": "只看此计划",
    "the database that holds the tickets opened so far": "存有已开工单的数据库",
    "whose wall clock tells instants; by default that of the document": "按哪个时区显示时刻；默认为文档自己的",
    "the id of the asset": "设备编号",
    "when it is asked; now unless given": "提问的时刻；默认为现在",
    "tickets that open before this instant": "在此时刻之前开出的工单",
    "from when on; now unless given": "从何时起；默认为现在",
    "only the asset with this id": "只看此编号的设备",
    "at most so many, the next first": "最多这么多，最近的在前",
    "how to read the log": "如何读取日志",
    "a workflow; may be given several times": "流程；可重复",
    "stop after so many cases": "处理这么多案例后停止",
    "keep the tickets in this new database": "把工单存入此新数据库",
    "replace the database of --into if it is there": "--into 的数据库已存在时替换",
    "the file to write; replaced if it is there": "要写的文件；已存在时替换",
    "beginning of the period, to be compared with one as long before it": "周期的开始；与之前等长的周期比较",
    "end of the period, itself not in it; by default the latest that the database has seen": (
        "周期的结束，不含其本身；默认为数据库已知的最晚时刻"
    ),
    "whose days and hours are told, such as Asia/Shanghai; by default that of the calendars": (
        "按哪个时区显示日期和时间，例如 Asia/Shanghai；默认为日历的时区"
    ),
    "how many stories to tell": "讲述多少张工单的经过",
    "what stands on top": "页首标题",
    "only of this sort; both where left out": "只看这一类；省略时两类都看",
    "everything that was set aside": "所有已搁置的",
    "that of another kind of document, such as intake; by default of workflows": "另一种文档的，例如 intake；默认为流程的",
    "that of correlators, as --of correlator": "关联器的，同 --of correlator",
    "that of files of on-call schedules, as --of schedules": "值班表文件的，同 --of schedules",
    "that of the trees of expressions, for editors of conditions": "表达式树的，供条件编辑器使用",
    "the field that makes the groups": "用于分组的字段",
    "how many late tickets to list": "列出多少张超时工单",
    "the Python module to write; without it, it is printed": "要写的 Python 模块；省略时输出到屏幕",
    "write nothing: the status is 1 where the module at --out is another one": "不写文件：--out 处的模块不同时退出状态为 1",
    "which table; by default all that both files have": "哪张表；默认为两个文件共有的全部",
    "which table; may be left out where there is one": "哪张表；只有一张时可省略",
    "what to write": "写成什么格式",
    "of CSV: what stands between cells": "CSV：单元格之间的分隔符",
    "of CSV: no apostrophe before what a spreadsheet takes for a formula": "CSV：电子表格会当作公式的内容前不加撇号",
    "version of DMN": "DMN 版本",
    "what the file is; by default what its name says": "文件的格式；默认由文件名判断",
    "what the table is called; of DMN: which decision": "表的名称；DMN：哪个决策",
    "write the YAML to this file": "把 YAML 写入此文件",
    "of CSV: a column that is an output": "CSV：作为输出的列",
    "of CSV: what bare words are": "CSV：不带引号的词是什么",
    "of CSV: what stands between cells; found by itself if not given": "CSV：单元格之间的分隔符；省略时自动识别",
    "of CSV: what the file is written in, such as gb18030": "CSV：文件的编码，例如 gb18030",
    "of DMN: where dates, and instants without an offset, are meant": "DMN：日期和不带时差的时刻按哪个时区",
    "of DMN: what a name is called here": "DMN：某个名称在这里叫什么",
    "the file of a workflow or correlator that stories need; repeatable (default: those beside the stories)": (
        "故事所需的流程或关联器文件；可重复（默认：故事旁边的文件）"
    ),
    "also say what of the workflows no story exercises": "也列出流程中没有故事演练到的部分",
    "end with status 1 where less than this percentage of a workflow is exercised": "流程被演练的百分比低于此值时退出状态为 1",
    "print the workflows with what the stories exercised of them instead: html is a page": (
        "改为输出流程，并标出故事演练了其中哪些部分：html 为网页"
    ),
    "only stories with this text in their name": "只演练名称含此文本的故事",
    "only what was set aside / only what is tried again by itself": "只看已搁置的 / 只看会自动重试的",
    "how many to list": "列出多少项",
    "what verify --format json said before: each chain must still pass through it": (
        "verify --format json 之前的输出：每条哈希链仍须经过它"
    ),
    "a field, or priority (1 or P1), queue, ...; JSON or text": "字段，或 priority（1 或 P1）、queue 等；JSON 或文本",
    "an event to try in place of an update; the values are its payload": "代替更新而尝试的事件；所给的值是其数据",
    "tell also what time alone would do until then, with the change and without": (
        "也说明到那时单凭时间会发生什么，有此更改和没有时"
    ),
    "module:factory that gives handlers, world and more; without it nothing is delivered": (
        "module:factory，给出处理器、人员世界等；没有则不发出任何动作"
    ),
    "do all there is to do, then stop": "做完所有要做的事后停止",
    "seconds between two looks": "两次查看之间的秒数",
    "handlers at once": "同时运行的处理器数",
    "seconds a handler may take": "一个处理器最多用时（秒）",
    "how often what fails is tried before it is set aside": "失败者在搁置之前尝试几次",
    "seconds between two reports": "两次报告之间的秒数",
}

HELP: Mapping[str, str] = {**_HEADS, **{each.en: each.zh for each in COMMANDS.values()}, **_SUBCOMMANDS, **_OPTIONS}
"""English text of a head, a command in a line or an option, and the same in Chinese."""

__all__ = ["HELP"]
