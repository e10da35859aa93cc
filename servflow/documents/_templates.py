"""Knows which templates there are, what each is for and which files go with it; must not know what a definition means."""

# ruff: noqa: RUF001 - Chinese text uses full-width punctuation

from __future__ import annotations

from collections.abc import Mapping
from importlib.resources import files
from pathlib import Path

from attrs import field, frozen

from servflow.errors import InputError, nearest


@frozen(kw_only=True)
class Template:
    """
    A definition to begin with.

    ``kind`` is the key its file begins with: ``workflow``, ``correlator`` and so on. ``title`` and ``about`` have a text for
    ``en`` and one for ``zh``. ``beside`` names the files that go with it, each with the kind of what it defines; ``needs``
    the other templates whose tickets it opens or hears of. ``story`` is the test that tells it, in the repository.
    """

    name: str
    kind: str = "workflow"
    title: Mapping[str, str]
    about: Mapping[str, str]
    beside: Mapping[str, str] = field(factory=dict)
    needs: tuple[str, ...] = ()
    story: str = ""

    @property
    def file(self) -> str:
        """The name of its own file."""
        return f"{self.name}.yaml"

    @property
    def all_files(self) -> tuple[str, ...]:
        """Its own file, then those beside it."""
        return (self.file, *self.beside)


def read_template(file: str) -> str:
    """
    The text of a template's file, as it ships.

    Raises:
        InputError: no template has such a file.
    """
    known = [name for one in TEMPLATES.values() for name in one.all_files]
    if file not in known:
        close = nearest(file, known)
        raise InputError(
            f"there is no template with a file {file!r}" + (f"; did you mean {close!r}?" if close else ""), file=file
        )
    return files("servflow.documents").joinpath("templates", file).read_text(encoding="utf-8")


def template(name: str) -> Template:
    """
    A template by its name.

    Raises:
        InputError: there is none of that name, with the nearest one there is.
    """
    found = TEMPLATES.get(name)
    if found is None:
        close = nearest(name, TEMPLATES)
        hint = f"did you mean {close!r}?" if close else f"there are {', '.join(TEMPLATES)}"
        raise InputError(f"there is no template {name!r}; {hint}", code="template", name=name, nearest=close)
    return found


def copy_template(name: str, into: Path | str = ".") -> tuple[Path, ...]:
    """
    Copy a template and the files beside it into a directory, which is made where it does not exist.

    Either all files are written or none; what is there already is never overwritten.

    Returns:
        The files, the template's own one first.

    Raises:
        InputError: there is no such template, one of its files is there already, or the place is no directory.
    """
    found, place = template(name), Path(into)
    texts = {place / file: read_template(file) for file in found.all_files}
    if place.exists() and not place.is_dir():
        raise InputError(f"{str(place)!r} is no directory; name one to write into", code="template", path=str(place))
    there = [path for path in texts if path.exists() or path.is_symlink()]
    if there:
        named = ", ".join(repr(str(path)) for path in there)
        raise InputError(
            f"there already and not overwritten: {named}; choose another directory",
            code="template",
            path=str(there[0]),
            there=tuple(str(path) for path in there),
        )
    place.mkdir(parents=True, exist_ok=True)
    written: list[Path] = []
    try:
        for path, text in texts.items():
            # "x": whoever was quicker between the look and the writing keeps their file.
            with path.open("x", encoding="utf-8", newline="\n") as out:
                written.append(path)
                out.write(text)
    except OSError:
        for path in written:
            path.unlink(missing_ok=True)
        raise
    return tuple(texts)


def _made(
    name: str,
    title: tuple[str, str],
    about: tuple[str, str],
    *,
    kind: str = "workflow",
    beside: Mapping[str, str] | None = None,
    needs: tuple[str, ...] = (),
    story: str = "",
) -> Template:
    stories = {f"{name}.stories.yaml": "stories"} if kind == "workflow" else {}
    return Template(
        name=name,
        kind=kind,
        title={"en": title[0], "zh": title[1]},
        about={"en": about[0], "zh": about[1]},
        beside={**(beside or {}), **stories},
        needs=needs,
        story=f"tests/scenarios/{story or 'test_' + name}.py",
    )


_ALL = (
    _made(
        "consultation",
        ("Consultation", "咨询"),
        (
            "The customer's own try first, then help from afar, then a person, and at last an engineer; rated, and counted.",
            "先自助，再远程协助，再人工答复，最后派工程师；可评价，可统计自助解决率。",
        ),
        needs=("field_service",),
    ),
    _made(
        "intake",
        ("The one door", "统一受理"),
        (
            "Seven channels typed, sorted, given a priority, merged by matter, acknowledged, and sent to their workflows.",
            "七个渠道统一校验、分类、定优先级、合并同一事项、即时回执，并交给相应流程。",
        ),
        kind="intake",
        needs=("consultation", "complaint", "field_service", "it_incident", "return_exchange"),
        story="test_intake_story",
    ),
    _made(
        "field_service",
        ("Field service", "上门维修"),
        (
            "Outlet, engineer, visit, steps with limits, parts put aside or waited for, fees by warranty, settlements, rating.",
            "派网点、派工程师、预约、限时步骤、备件预留与等待、按质保收费、双方结算与评价。",
        ),
        beside={"field_service_world.yaml": "people"},
        needs=("call_back",),
    ),
    _made(
        "return_exchange",
        ("Return and exchange", "退换修"),
        (
            "Looked at in 24 hours, a table says what the customer may have, replaced, repaired in 48 hours, or refunded.",
            "24 小时审核，按政策表判定退、换、修，48 小时修好，或换货、退款。",
        ),
        needs=("call_back",),
    ),
    _made(
        "spare_part_request",
        ("Spare part request", "备件申领"),
        (
            "Parts for vans and outlets: approved where dear, put aside, packed, shipped, counted, old ones back.",
            "车辆与网点备件申领：超额审批、预留、打包、发运、点收、旧件返还。",
        ),
    ),
    _made(
        "complaint",
        ("Complaint", "投诉"),
        (
            "Classes by table, an owner after 24 hours, feedback within 48, a root cause to close, and a call afterwards.",
            "按表分级，24 小时指定负责人，48 小时内反馈，关闭须有根因，关闭后回访。",
        ),
        beside={"complaint_again.yaml": "correlator"},
        story="test_complaint_template",
    ),
    _made(
        "problem",
        ("Problem", "问题单"),
        (
            "Opened when complaints share a cause, joined by later ones, tells each, and closes once its metric has fallen.",
            "投诉根因相同时自动建单，后续投诉自动并入并逐一告知，指标下降后才关闭。",
        ),
        beside={
            "shared_cause.yaml": "correlator",
            "problem_grows.yaml": "correlator",
            "problem_news.yaml": "correlator",
        },
        needs=("complaint",),
    ),
    _made(
        "it_incident",
        ("IT incident", "IT 故障单"),
        (
            "A priority matrix, three lines that pull from queues, agreements per line, on call at night, major incidents.",
            "优先级矩阵，三线支持领单，各线内部协议，夜间值班，重大故障流程。",
        ),
        beside={"it_incident_world.yaml": "people"},
    ),
    _made(
        "equipment_inspection",
        ("Equipment inspection", "设备巡检"),
        (
            "An inspection by checklist, opened by date or running hours, whose findings become repairs; with its plans.",
            "按日期或运行小时自动开单的巡检清单，异常转维修；附保养计划。",
        ),
        beside={"maintenance_plans.yaml": "recurring", "equipment_repair.yaml": "workflow", "asset_notice.yaml": "workflow"},
    ),
    _made(
        "entitlements",
        ("Service under contract", "合同权益"),
        (
            "Gold, silver and standard: channels, hours, promises, included visits, night rates, and quotes for the rest.",
            "金牌、银牌、标准合同：渠道、服务时间、承诺、包含的上门次数、夜间费率，其余报价。",
        ),
    ),
    _made(
        "quality_review",
        ("Quality review", "质量评审"),
        (
            "Closed tickets judged by a scorecard and several raters; a stable share per agent and month is drawn for it.",
            "按评分表由多类评分人评审已关闭工单；按人按月稳定比例抽检。",
        ),
        beside={"service_quality.yaml": "scorecard", "quality_sampling.yaml": "sampling", "quality_sample.yaml": "workflow"},
    ),
    _made(
        "call_back",
        ("Call back", "回访"),
        (
            "A customer who was not content is called within 24 office hours, three times at most.",
            "24 个工作小时内联系不满意的客户，最多三次。",
        ),
    ),
    _made(
        "relation_survey",
        ("Relation survey", "关系调查"),
        (
            "How likely a customer is to recommend us, asked once a quarter and never more often than all surveys allow.",
            "每季度询问客户的推荐意愿，遵守跨调查的疲劳规则。",
        ),
        needs=("call_back",),
    ),
    _made(
        "goal_review",
        ("Goal review", "目标复盘"),
        (
            "A goal that was missed asks for its reason, then for what is done about it, and climbs when nobody answers.",
            "未达成的目标须说明原因与措施，无人答复则升级。",
        ),
        beside={"goals.yaml": "goals"},
        story="test_goal_review",
    ),
    _made(
        "appliance_repair",
        ("Appliance repair", "家电维修"),
        (
            "The example of the design: dispatch by offer, a checklist on site, a fee table, promises and a chain.",
            "设计示例：抢单派工、现场检查清单、收费表、服务承诺与升级链。",
        ),
    ),
    _made(
        "complaint_escalation",
        ("Complaints that climb", "投诉升级"),
        (
            "Only the chains of a complaint desk: who hears of it after a day, after two, and at once.",
            "仅含投诉的升级链：一天、两天后以及立即通知的对象。",
        ),
        story="test_escalation_stories",
    ),
    _made(
        "service_promises",
        ("Service with promises", "服务承诺"),
        (
            "Every promise a service desk makes, each as a clock.",
            "服务台的各类承诺，每一项都是一个时钟。",
        ),
    ),
    _made(
        "demo_repair",
        ("The workflow of servflow demo", "servflow demo 的流程"),
        (
            "Repairs by outlets and their engineers, with offers, parts, a fee table and chains.",
            "网点与工程师两级派工，含抢单、等件、收费表与升级链。",
        ),
        story="test_demo",
    ),
    _made(
        "repeat_complaint",
        ("Repeated complaints", "重复投诉"),
        (
            "Three complaints of one customer within a day open a care case.",
            "同一客户一天内三次投诉，自动建立关怀工单。",
        ),
        kind="correlator",
        story="test_repeated_complaints",
    ),
    _made(
        "repeat_repair",
        ("Repaired again", "重复维修"),
        (
            "The same device repaired twice within 30 days opens a quality check.",
            "同一设备 30 天内两次维修，自动建立质量检查。",
        ),
        kind="correlator",
        story="test_repeated_complaints",
    ),
    _made(
        "no_update",
        ("No update", "久未更新"),
        (
            "Four hours without a word on an open ticket reach its supervisor.",
            "未关闭工单四小时没有任何消息，通知主管。",
        ),
        kind="correlator",
        story="test_repeated_complaints",
    ),
)

TEMPLATES: Mapping[str, Template] = {one.name: one for one in _ALL}
"""Every template by its name, in the order in which they are shown."""
