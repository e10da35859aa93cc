"""Knows the name of every command, where it is written and what it does in a line; must not load any of them."""

from __future__ import annotations

from collections.abc import Mapping

from attrs import frozen

# ruff: noqa: RUF001 - Chinese text uses full-width punctuation


@frozen
class Listed:
    """A command that is loaded when it is asked for: the modules that bring it, and what it does in both languages."""

    modules: tuple[str, ...]
    en: str
    zh: str


COMMANDS: Mapping[str, Listed] = {
    "bench": Listed(
        ("lab",),
        "What one call costs on this machine, measured with the demo's workflow.",
        "用演示流程测量本机上每次调用的开销。",
    ),
    "calendar": Listed(
        ("calendar",),
        "Calendars: what holidays would change in them, and when they are open.",
        "日历：节假日会带来什么变化，以及何时营业。",
    ),
    "check": Listed(
        ("definition",),
        "Check a definition, of a workflow, a correlator, an intake, tables alone: every problem at once, with its line.",
        "检查定义（工单流程、关联器、受理或单独的决策表）：一次列出所有问题及其行号。",
    ),
    "completion": Listed(
        ("completion",),
        "Print a script that lets a shell complete commands, options, files, templates and tickets.",
        "输出补全脚本，让 shell 补全命令、选项、文件、模板和工单。",
    ),
    "demo": Listed(
        ("demo",),
        "Live through one week of a repair company on a virtual clock, and look at what it came to.",
        "用虚拟时钟模拟维修公司的一周，并查看结果。",
    ),
    "diff": Listed(
        ("migration",),
        "What changed from one definition to another; the status is 1 where they differ.",
        "两份定义之间有何变化；有差异时退出状态为 1。",
    ),
    "dispatch": Listed(
        ("dispatch", "plans", "routes", "visits"),
        "Who gets a ticket, who does not and why, and what would change that; nothing is done or kept.",
        "派单：谁得到工单、谁没有及原因、怎样才会改变；不执行也不保存任何东西。",
    ),
    "doctor": Listed(
        ("doctor",),
        "Whether servflow can work here: Python, SQLite, time zones, packages, and the database that is named.",
        "检查本机能否运行 servflow：Python、SQLite、时区、软件包，以及给出的数据库。",
    ),
    "drop": Listed(
        ("troubles",), "Acknowledge dead letters by hand: they are never carried out.", "人工确认死信：它们不会再被执行。"
    ),
    "erase": Listed(
        ("audit",),
        "Take a person's data out of tickets and of all their records, for good; verify proves what is left.",
        "从工单及其全部记录中永久清除某人的数据；余下内容可用 verify 证明。",
    ),
    "explain": Listed(
        ("explain",),
        "Why a ticket is in its state, with this engineer, due then; and what comes next.",
        "解释工单为何处于此状态、为何派给此工程师、为何此时到期；以及接下来会发生什么。",
    ),
    "export": Listed(
        ("audit",),
        "Write one ticket with its records, chain and definitions to standard output, as JSON that import takes.",
        "把一张工单连同记录、哈希链和定义以 JSON 写到标准输出，可由 import 读入。",
    ),
    "forecast": Listed(
        ("questions",),
        "Whether work that starts now is done before a clock is due, and when it must start at the latest.",
        "现在开工能否在时限到期前完成，以及最晚何时必须开工。",
    ),
    "goals": Listed(
        ("metrics",),
        "Hold the tickets of a database against goals: what each period came to, and whether that is what it was to be.",
        "把数据库中的工单与目标对照：每个周期的结果，以及是否达标。",
    ),
    "graph": Listed(("definition",), "Draw a workflow from the very tables it runs by.", "按流程实际运行的表绘制流程图。"),
    "import": Listed(
        ("audit",),
        "Take a ticket that export wrote into a database, once its records prove it.",
        "把 export 写出的工单读入数据库；须先由其记录证明无误。",
    ),
    "metrics": Listed(
        ("metrics",),
        "Figures of a database: each with what it was counted from and what was left out.",
        "数据库的指标：每项都说明由什么算出、略去了什么。",
    ),
    "new": Listed(
        ("templates",),
        "Begin with a template: copy it, and the files it needs, to make them yours.",
        "从模板开始：复制模板及其所需文件，供您修改。",
    ),
    "oncall": Listed(
        ("oncall",),
        "On-call schedules: who is on call, whose shifts, how fair, where nobody is; feeds in and calendars out.",
        "值班表：谁在值班、谁的班次、是否公平、何处无人；可导入订阅、导出日历。",
    ),
    "plan": Listed(
        ("plan",),
        "What escalation chains would do from an instant on if nothing else happened.",
        "若不再发生其他事情，升级链从某一时刻起会做什么。",
    ),
    "plan-migration": Listed(
        ("migration",),
        "What moving tickets from definition OLD to NEW comes to: states, fields, promises, and each ticket.",
        "把工单从定义 OLD 迁移到 NEW 的结果：状态、字段、承诺，以及每张工单。",
    ),
    "recompute": Listed(
        ("questions",),
        "What other calendars would change for the tickets of DEFINITION: a new list of holidays, other hours.",
        "换用其他日历（新的节假日、新的营业时间）会使 DEFINITION 的工单有何变化。",
    ),
    "recurring": Listed(
        ("recurring",),
        "Recurring work: which tickets plans will open for assets, and why.",
        "周期性工作：计划会为设备开出哪些工单，以及原因。",
    ),
    "replay": Listed(
        ("lab",),
        "Run every case of an event log (CSV, or a zip that holds one) through workflows.",
        "让事件日志（CSV，或内含 CSV 的 zip）中的每个案例走一遍流程。",
    ),
    "report": Listed(
        ("report",),
        "One page about all tickets: figures, charts, the workflow with volumes and times, and the story of each ticket.",
        "全部工单的单页报告：指标、图表、带数量和用时的流程图，以及每张工单的经过。",
    ),
    "revive": Listed(
        ("troubles",),
        "Have tickets or effects that are in trouble tried again at once, counted from the beginning.",
        "立即重试出故障的工单或动作，重试次数从头计。",
    ),
    "schema": Listed(
        ("definition",),
        "Print the JSON Schema of definitions, for editors; it is JSON whatever --format says.",
        "输出定义的 JSON Schema，供编辑器使用；无论 --format 如何都是 JSON。",
    ),
    "show": Listed(
        ("show",), "The board of a database, and what is late or at risk.", "数据库的看板，以及已超时或有风险的工单。"
    ),
    "stubs": Listed(
        ("stubs",),
        "Write a workflow's names and types as a Python module, so that a misspelt event is a type error.",
        "把流程的名称和类型写成 Python 模块，使拼错的事件成为类型错误。",
    ),
    "table": Listed(
        ("tables",),
        "Decision tables: take them from spreadsheets and DMN, and give them back.",
        "决策表：从电子表格和 DMN 读入，也可写回。",
    ),
    "test": Listed(("test",), "Live through stories of workflows: given, when, then.", "按故事演练流程：假如、当、那么。"),
    "troubles": Listed(
        ("troubles",),
        "Tickets and effects that failed and were not done since, with their error, and when they are tried again.",
        "失败后仍未完成的工单和动作：错误原因，以及何时重试。",
    ),
    "verify": Listed(
        ("audit",),
        "Prove that no record was changed, removed, added or put elsewhere, and that tickets are what their records amount to.",
        "证明记录未被更改、删除、添加或移位，且工单与其记录相符。",
    ),
    "what-if": Listed(
        ("questions",),
        "What a change would make of a ticket: new dues, warnings and breaches, before anybody commits to it.",
        "某项更改会使工单怎样：新的到期时刻、预警和超时；在真正执行之前得知。",
    ),
    "worker": Listed(
        ("worker",),
        "Do what time, mail and released capacity ask for and hand out effects, until asked to end.",
        "处理时间、消息和释放的容量所引发的事，并发出动作，直到被要求结束。",
    ),
}
"""Every command by its name, in the order of the alphabet."""

__all__ = ["COMMANDS", "Listed"]
