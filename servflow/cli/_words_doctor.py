"""Knows the words of `servflow doctor`, in English and Chinese; must not know what is tried."""

from __future__ import annotations

from collections.abc import Mapping

# ruff: noqa: RUF001 - Chinese text uses full-width punctuation
DOCTOR: Mapping[str, tuple[str, str]] = {
    "doctor.check": ("check", "检查项"),
    "doctor.status": ("status", "状态"),
    "doctor.found": ("what was found", "结果"),
    "doctor.ok": ("ok", "正常"),
    "doctor.warn": ("warning", "警告"),
    "doctor.fail": ("failed", "失败"),
    "doctor.next": ("What to do:", "下一步："),
    "doctor.packages": ("packages", "软件包"),
    "doctor.packages.all": ("all that servflow needs or can use is installed", "所需及可选软件包均已安装"),
    "doctor.packages.some": (
        "all that servflow needs; of the extras not, or not wholly: {names}",
        "所需软件包均已安装；未安装或不完整的扩展：{names}",
    ),
    "doctor.packages.missing": ("not installed: {names}", "未安装：{names}"),
    "doctor.packages.missing.next": ("pip install servflow", "pip install servflow"),
    "doctor.packages.broken": ("{name} cannot be imported: {why}", "无法导入 {name}：{why}"),
    "doctor.packages.broken.next": (
        "pip install --force-reinstall {name}, with the pip of this Python",
        "用本 Python 的 pip 运行 pip install --force-reinstall {name}",
    ),
    "doctor.sqlite": ("SQLite", "SQLite"),
    "doctor.sqlite.fine": ("version {version}", "版本 {version}"),
    "doctor.sqlite.old": ("version {version} is older than {oldest}", "版本 {version} 低于 {oldest}"),
    "doctor.sqlite.old.next": (
        "use a Python that is built with a newer SQLite",
        "请改用带有更新 SQLite 的 Python",
    ),
    "doctor.wal": ("SQLite, log beside the file (WAL)", "SQLite 预写日志 (WAL)"),
    "doctor.wal.fine": ("works", "可用"),
    "doctor.wal.none": ("the journal is {mode}", "日志模式为 {mode}"),
    "doctor.wal.none.next": (
        "keep databases on a local disk; WAL does not work on network file systems",
        "请把数据库放在本地磁盘；网络文件系统不支持 WAL",
    ),
    "doctor.wal.untried": ("could not be tried: {why}", "无法尝试：{why}"),
    "doctor.wal.untried.next": ("make the folder for temporary files writable (TMPDIR)", "请使临时目录 (TMPDIR) 可写"),
    "doctor.json": ("SQLite, JSON", "SQLite 的 JSON"),
    "doctor.json.fine": ("works", "可用"),
    "doctor.json.none": ("is not there: {why}", "不可用：{why}"),
    "doctor.json.none.next": (
        "your own queries into stored JSON will not run; use a Python with a newer SQLite",
        "自行查询所存 JSON 的语句将无法运行；请改用带有更新 SQLite 的 Python",
    ),
    "doctor.zoneinfo": ("time zones", "时区"),
    "doctor.zoneinfo.fine": ("can be read and are right", "可读取且正确"),
    "doctor.zoneinfo.none": ("Europe/Berlin cannot be read, or is wrong", "无法读取 Europe/Berlin，或其内容有误"),
    "doctor.zoneinfo.none.next": ("pip install --upgrade tzdata", "pip install --upgrade tzdata"),
    "doctor.tzdata": ("time zone data", "时区数据"),
    "doctor.tzdata.fine": ("release {release}", "{release} 版"),
    "doctor.tzdata.old": ("release {release}, {years} years ago", "{release} 版，{years} 年前发布"),
    "doctor.tzdata.old.next": (
        "pip install --upgrade tzdata: countries change their clocks, and dues with them",
        "pip install --upgrade tzdata：各国会调整时制，到期时间随之变化",
    ),
    "doctor.tzdata.none": ("the package tzdata is not installed", "未安装软件包 tzdata"),
    "doctor.tzdata.none.next": ("pip install tzdata", "pip install tzdata"),
    "doctor.terminal": ("output", "输出"),
    "doctor.terminal.fine": ("{encoding}", "{encoding}"),
    "doctor.terminal.narrow": ("{encoding} cannot write all characters", "{encoding} 无法写出全部字符"),
    "doctor.terminal.narrow.next": ("set PYTHONUTF8=1 in the environment", "请设置环境变量 PYTHONUTF8=1"),
    "doctor.database": ("database", "数据库"),
    "doctor.database.fine": ("{path} is servflow's", "{path} 是 servflow 的数据库"),
    "doctor.database.gone": ("there is no file {path}", "没有文件 {path}"),
    "doctor.database.gone.next": (
        "look at the path; a desk makes the file on first use, and so does servflow demo",
        "请检查路径；desk 首次使用时会创建该文件，servflow demo 亦可",
    ),
    "doctor.database.unread": ("{path} cannot be read: {why}", "无法读取 {path}：{why}"),
    "doctor.database.unread.next": (
        "look at the rights of the file, or restore a copy",
        "请检查文件权限，或恢复备份",
    ),
    "doctor.database.foreign": ("{path} is of another program, or empty", "{path} 属于其他程序，或为空"),
    "doctor.database.foreign.next": (
        "give servflow a file of its own, or shared=True beside the tables of your program",
        "请为 servflow 使用单独的文件，或以 shared=True 与自己的表共用",
    ),
    "doctor.format": ("format of the database", "数据库格式"),
    "doctor.format.fine": ("{format}", "{format}"),
    "doctor.format.older": ("{format}; this servflow writes {known}", "{format}；当前 servflow 写入 {known}"),
    "doctor.format.older.next": (
        "keep a copy; the next opening brings it to {known}, after which older versions cannot open it",
        "请先备份；下次打开时将升级到 {known}，此后旧版本无法打开",
    ),
    "doctor.format.newer": ("{format}; this servflow reads up to {known}", "{format}；当前 servflow 最高支持 {known}"),
    "doctor.format.newer.next": ("pip install --upgrade servflow", "pip install --upgrade servflow"),
    "doctor.writable": ("writing", "写入"),
    "doctor.writable.fine": ("{path} can be written", "{path} 可写"),
    "doctor.writable.busy": ("{path} is being written by somebody else", "{path} 正被其他进程写入"),
    "doctor.writable.busy.next": (
        "try again; where it stays so, some transaction is left open",
        "请稍后重试；若一直如此，说明有事务未结束",
    ),
    "doctor.writable.not": ("{path} or its folder cannot be written", "{path} 或其目录不可写"),
    "doctor.writable.not.next": (
        "give this user the right to write the file and the folder, where the log is kept",
        "请授予当前用户对该文件及其目录（存放日志）的写权限",
    ),
    "doctor.server.fine": ("PostgreSQL {version} answers", "PostgreSQL {version} 已响应"),
    "doctor.server.gone": ("no PostgreSQL answers: {why}", "PostgreSQL 无响应：{why}"),
    "doctor.server.gone.next": (
        "look at host, port, user, password and database of the URL, and whether the server runs",
        "请检查 URL 中的主机、端口、用户、密码与数据库，以及服务器是否运行",
    ),
    "doctor.server.driver": ("the driver for PostgreSQL is not installed", "未安装 PostgreSQL 驱动"),
    "doctor.server.driver.next": ("pip install 'servflow[sql]'", "pip install 'servflow[sql]'"),
    "doctor.server.writable": ("tables can be made and written", "可以建表和写入"),
    "doctor.server.not": (
        "this user may not make tables, or the server is a read-only copy",
        "该用户无权建表，或服务器为只读副本",
    ),
    "doctor.server.not.next": (
        "grant CREATE on the schema to the user, or connect to the primary",
        "请授予该用户在模式上的 CREATE 权限，或连接主库",
    ),
}
