"""Knows the shape of what editors get and give back, for its JSON Schema; must not know how it is drawn or taken back."""

# ruff: noqa: N815, RUF001 - the names are those of React Flow; Chinese text uses full-width punctuation

from __future__ import annotations

from typing import Annotated, Any

from pydantic import ConfigDict

from servflow.documents._shapes import Name, Part, about, needed, titled, words


class Sent(Part):
    """A part that an editor may add keys of its own to."""

    model_config = ConfigDict(extra="allow")


class FindingModel(Sent):
    """What is wrong with an element."""

    model_config = titled("问题")

    element: str | None = about("the id of the element that it is about; empty: the definition", "所涉元素的标识；空为整个定义")
    code: str = needed("its kind, the same in every release", "问题代码，各版本不变")
    severity: Annotated[str, words(("error", "warning"))] = needed(
        "whether it keeps the definition from loading", "严重程度：错误会使定义无法加载"
    )
    path: str = needed("where in the definition", "在定义中的位置")
    line: int | None = about("its line in the text, from 1", "所在行，从 1 开始")
    message: str = needed("what is wrong, as one sentence", "一句话说明问题")
    hint: str = about("what to do next", "下一步建议", default="")


class CellErrorModel(FindingModel):
    """What is wrong with a table, its row, its column or the cell where both meet."""

    model_config = titled("表格中的问题")

    row: str | None = about("the id of its row", "行的标识")
    column: str | None = about("the id of its column", "列的标识")


class PositionModel(Sent):
    """Where a node is, in pixels: in its parent, where it has one."""

    model_config = titled("位置")

    x: float = needed("from the left", "横坐标，像素")
    y: float = needed("from the top", "纵坐标，像素")


class NodeTimerModel(Sent):
    """A timer of a state, for showing."""

    model_config = titled("节点上的定时器")

    id: str = needed("which element", "元素标识")
    event: Any = about("what it fires, as written", "到时触发的事件，按定义原样")
    after: Any = about("after how long, as written", "等待多久，按定义原样")


class NodeStepModel(Sent):
    """A checklist step of a state, for showing."""

    model_config = titled("节点上的检查步骤")

    id: str = needed("which element", "元素标识")
    name: str = needed("its name", "名称")
    label: str = about("what people read", "显示名称", default="")


class NodeDataModel(Sent):
    """What a node says of its state; what is as written is null where nothing is written, and null takes it out."""

    model_config = titled("节点数据")

    label: str = about(
        "what people read; of a new node its name, unless that is said", "显示名称；新节点未写名称时以此为名", default=""
    )
    name: str | None = about("its name; another one renames it everywhere", "名称；改写后各处一并改名")
    initial: bool = about("whether it begins what is around it", "是否为其上层的起始状态", default=False)
    title: Any = about("a text, or one for each language, as written", "标题：文本或各语言的文本，按定义原样")
    closed: Any = about("work is done here, as written", "是否为已关闭状态，按定义原样")
    final: Any = about("completes the state around it, as written", "是否使上层状态完成，按定义原样")
    parallel: Any = about("all states inside are active at once, as written", "内部各状态是否同时有效，按定义原样")
    ordered: Any = about("steps are checked in their order, as written", "检查步骤是否须按顺序，按定义原样")
    shown: Any = about("what each audience outside sees, as written", "对外显示的文字，按定义原样")
    timers: list[NodeTimerModel] | None = about("its timers, for showing", "定时器，仅供显示")
    checklist: list[NodeStepModel] | None = about("its checklist, for showing", "检查清单，仅供显示")
    findings: list[FindingModel] | None = about(
        "what is wrong with it, its timers and its steps", "该状态及其定时器、步骤的问题"
    )


class NodeModel(Sent):
    """A state, or what stands for one that is named and not there."""

    model_config = titled("节点")

    id: Name = needed("the id of its state; of a new node any that is not taken", "状态的标识；新节点可用任意未占用的标识")
    type: Annotated[str | None, words(("state", "group", "history", "anywhere", "missing", None))] = about(
        "a state, one with states inside, a history, the source *, or what is named and not there",
        "类型：状态、含内部状态、历史、任意状态 *，或被引用但不存在的状态",
    )
    position: PositionModel | None = about("where it is; no part of the definition", "位置；不属于定义")
    parentId: str | None = about("the node that it lies in", "所在的上层节点")
    extent: Any = about("that it stays in its parent, for React Flow", "限制在上层节点之内，供 React Flow 使用")
    style: dict[str, Any] | None = about("the size of a group, for React Flow", "分组的尺寸，供 React Flow 使用")
    data: NodeDataModel | None = about("what it says of its state", "节点数据")


class EdgeDataModel(Sent):
    """What an edge says of its transition; what is as written is null where nothing is written, and null takes it out."""

    model_config = titled("连线数据")

    transition: str | None = about("the id of the transition", "转移的标识")
    stays: bool = about("it leads nowhere else", "不离开所在状态", default=False)
    event: Any = about(
        "what makes it happen, as written; a new edge needs it, or when", "触发事件，按定义原样；新连线须有它或 when"
    )
    when: Any = about("the guard, as written", "条件，按定义原样")
    allow: Any = about("who may, as written", "谁可以执行，按定义原样")
    not_by: Any = about("whose last actor may not, as written", "谁不得执行，按定义原样")
    internal: Any = about("it does not leave its source, as written", "是否不离开来源状态，按定义原样")
    title: Any = about("a text, or one for each language, as written", "标题：文本或各语言的文本，按定义原样")
    findings: list[FindingModel] | None = about("what is wrong with the transition", "该转移的问题")


class EdgeModel(Sent):
    """One way of a transition, from a source to a target."""

    model_config = titled("连线")

    id: Name = needed("which way; of a new edge any that is not taken", "连线的标识；新连线可用任意未占用的标识")
    source: str = needed("the node where it starts", "起点节点")
    target: str = needed("the node where it leads", "终点节点")
    label: str | None = about("what people read, for showing", "显示名称，仅供显示")
    data: EdgeDataModel | None = about("what it says of its transition", "连线数据")


class FlowModel(Sent):
    """A workflow as a flow editor draws it and gives it back: nodes and edges in the shape of React Flow."""

    model_config = titled("流程图")

    workflow: str | None = about("the name of the workflow", "流程名称")
    revision: str | None = about(
        "what was drawn; sent back, it keeps what others changed meanwhile", "所绘版本；交回时带上，可避免覆盖他人的修改"
    )
    title: str | None = about("what people read", "显示名称")
    nodes: list[NodeModel] = needed("the states; at most 2,000", "节点：各状态，至多 2000 个")
    edges: list[EdgeModel] = needed("the ways of the transitions; at most 10,000", "连线：各转移的走向，至多 10000 条")
    findings: list[FindingModel] | None = about("what is wrong with elements that are not drawn", "未绘出的元素的问题")


class GridColumnModel(Sent):
    """An input or an output of a decision table."""

    model_config = titled("列")

    id: Name = needed("which column; of a new one any that is not taken", "列的标识；新列可用任意未占用的标识")
    kind: Annotated[str, words(("input", "output"))] = needed("what it asks, or what it gives", "输入列或输出列")
    name: Any = about(
        "its name, as written; another one of an output renames it everywhere", "名称，按定义原样；改写输出列名时各处一并改名"
    )
    expr: Any = about("what an input asks, as written", "输入列的表达式，按定义原样")
    type: Any = about("the type of its values, as written", "值的类型，按定义原样")
    one_of: Any = about("the only values there are, as written", "可取的值，按定义原样")
    default: Any = about("what an output gives where no row says, as written", "无匹配行时的输出值，按定义原样")
    label: str | None = about("what people read, for showing", "显示名称，仅供显示")
    values: list[Any] | None = about(
        "all that a cell may be, where that is known, for showing", "单元格可取的全部值（已知时），仅供显示"
    )
    kind_of_value: Any = about("the type of its cells, where that is known, for showing", "单元格值的类型（已知时），仅供显示")
    short: bool | None = about("an input that is written as a name alone, for showing", "输入列是否仅写了名称，仅供显示")


class GridRowModel(Sent):
    """A row of a decision table."""

    model_config = titled("行")

    id: Name = needed("which row; of a new one any that is not taken", "行的标识；新行可用任意未占用的标识")
    name: str | None = about("its written id", "定义中写明的 id")
    cells: dict[str, Any] = needed(
        "by the id of the column: text, number or truth value, as written", "单元格：以列的标识为键，值按定义原样"
    )
    note: Any = about("a remark, as written", "备注，按定义原样")
    labels: Any = about("labels, as written", "标签，按定义原样")
    effective: Any = about("from when on and until when, as written", "生效时间，按定义原样")


class GridModel(Sent):
    """A decision table as a table editor shows it and gives it back."""

    model_config = titled("决策表网格")

    id: str | None = about("which table", "决策表的标识")
    name: Name = needed("its name", "决策表名称")
    revision: str | None = about(
        "what was shown; sent back, it keeps what others changed meanwhile", "所示版本；交回时带上，可避免覆盖他人的修改"
    )
    hit: Any = about("which rows count, as written", "命中策略，按定义原样")
    version: Any = about("its version, as written", "版本，按定义原样")
    zone: Any = about("in which zone its rows are effective, as written", "生效时间所用时区，按定义原样")
    strict: Any = about("whether a condition fails at what is missing, as written", "条件遇到缺失值时是否报错，按定义原样")
    columns: list[GridColumnModel] = needed("its inputs, then its outputs; at most 500", "列：先输入后输出，至多 500 列")
    rows: list[GridRowModel] = needed("its rows in their order; at most 20,000", "行：按顺序，至多 20000 行")
    errors: list[CellErrorModel] | None = about("what is wrong with it", "表中的问题")
