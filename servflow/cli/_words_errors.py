"""Knows how the command line says in both languages what cannot be used; must not know who refuses it."""

from __future__ import annotations

from collections.abc import Mapping

# ruff: noqa: RUF001 - Chinese text uses full-width punctuation
ERRORS: Mapping[str, tuple[str, str]] = {
    # by the code of an error; English is what the error itself says, with more of a hint
    "error.ticket": ("there is no ticket {ticket}", "没有工单“{ticket}”"),
    "error.definition": (
        "the database holds no definition {hash}",
        "数据库中没有定义 {hash}：写入时未经 desk；请用 Store.define 保存",
    ),
    "error.no_database": ("there is no database {path}", "没有数据库 {path}；可用 servflow demo 创建一个"),
    "error.empty_database": ("{path} is empty", "{path} 为空，不是数据库；可用 servflow demo 创建一个"),
    "error.no_store": (
        "there is no store for {scheme}://",
        "不支持 {scheme}://；请给出 SQLite 文件的路径、sqlite:///PATH，或 postgresql://user:password@host:5432/database",
    ),
    "error.no_folder": ("the directory of {path} does not exist", "{path} 所在的目录不存在；请先创建"),
    "error.exists": (
        "there is a file {path}; choose another name with {option}",
        "文件 {path} 已存在；请用 {option} 另选名称，或加 --force 覆盖",
    ),
    "error.same_file": (
        "{path} is what is read, and would be lost; write to another file",
        "{path} 正是所读取的文件，写入会使其丢失；请写到另一个文件",
    ),
    "error.too_early": (
        "ticket {ticket} is known as of {known}",
        "工单“{ticket}”的信息截至 {known}；--at 不可早于该时刻",
    ),
    "error.clock": ("there is no clock {clock}; known are {known}", "没有时钟 {clock}；已有：{known}"),
    "error.cycle": ("clock {clock} has no cycle {cycle}", "时钟 {clock} 没有第 {cycle} 周期"),
    "error.clock_usage": ("--cycle and --svg go with --clock NAME", "--cycle 与 --svg 须与 --clock NAME 一起使用"),
    "error.one_question": (
        "--table and --clock explain different things",
        "--table 与 --clock 解释的是不同内容；请只用其中一个",
    ),
    "error.no_clocks": ("{ticket} has no clocks", "{ticket} 由关联器维护，没有时钟"),
    "error.no_decision": (
        "no decision of a table {table} is recorded; known are {known}",
        "该工单没有决策表“{table}”的决定记录；已有：{known}",
    ),
    "error.label": ("no ticket has a label {label}", "没有工单带有标签 {label}"),
    "error.measure": ("no measure {measure}", "没有指标 {measure}；servflow metrics --list 列出全部"),
    "error.setting": ("no measure and no setting {name}", "没有指标或设置项 {name}"),
    "error.measure_setting": (
        "measure {measure} has no setting {setting}; known are {known}",
        "指标 {measure} 没有设置项 {setting}；已有：{known}",
    ),
    "error.zone": ("there is no time zone {zone}", "没有时区 {zone}；请写成 Asia/Shanghai 或 UTC 之类"),
    "error.file.gone": ("{path}: no such file or directory", "{path}：没有该文件或目录"),
    "error.file.denied": ("{path}: permission denied", "{path}：没有权限"),
    "error.file.folder": ("{path}: is a directory", "{path}：是目录，不是文件"),
    "error.nearest": ("did you mean {nearest}?", "是否想写“{nearest}”？"),
    # bad usage
    "usage.head": ("Usage", "用法"),
    "usage.try": ("Try '{command} --help' for help.", "用 '{command} --help' 查看帮助。"),
    "usage.error": ("Error", "错误"),
    "usage.option": ("No such option: {name}", "没有选项 {name}"),
    "usage.near": ("{said}; {near}", "{said}；{near}"),
    "usage.meant": ("No such command {name}; did you mean '{nearest}'?", "没有命令 {name}；是否想写“{nearest}”？"),
    "usage.command": ("No such command {name}.", "没有命令 {name}。"),
    "usage.missing": ("Missing parameter {name}.", "缺少参数 {name}。"),
    "usage.extra": ("Got unexpected extra argument ({name})", "多余的参数：{name}"),
    "usage.value": ("Option {name} requires an argument.", "选项 {name} 需要一个值。"),
    "usage.bad": ("Invalid value for {name}: {why}", "{name} 的值无效：{why}"),
    "usage.choice": ("{value} is not one of {known}.", "{value} 不在可选值之中：{known}。"),
    "usage.gone": ("{value} does not exist.", "{value} 不存在。"),
    "usage.folder": ("File {value} is a directory.", "{value} 是目录，不是文件。"),
    "usage.number": ("{value} is not a number.", "{value} 不是有效的数。"),
    "usage.range": ("{value} is not in the range {known}.", "{value} 不在范围 {known} 内。"),
    "usage.instant": (
        "{value} is not an instant with an offset",
        "{value} 不是带时差的时刻；请写成 2026-11-02T09:00:00+08:00 或 2026-11-02T01:00:00Z",
    ),
}
