"""Fields of a host's own models, and tickets given back as them."""

from __future__ import annotations

import dataclasses
import enum
import subprocess
import sys
import uuid
from datetime import UTC, date, datetime, time, timedelta, timezone
from decimal import Decimal
from ipaddress import IPv4Address
from pathlib import Path
from typing import Annotated, Any, Generic, Literal, NamedTuple, NewType, NotRequired, Optional, TypedDict, TypeVar
from zoneinfo import ZoneInfo

import attrs
import pydantic
import pytest

import servflow
from servflow import DefinitionError, Field, InputError
from servflow.embedding import as_model, fields_of, values_of, with_fields
from tests.requirements import require

AT = datetime(2026, 3, 2, 9, tzinfo=UTC)
Customer = NewType("Customer", str)
EMPTY = {"workflow": "w", "states": {"new": {}}}


class Tier(enum.StrEnum):
    GOLD = "gold"
    SILVER = "silver"


class Part(pydantic.BaseModel):
    name: str
    units: int = 1


class Repair(pydantic.BaseModel):
    """Whatever a pydantic model of a host may look like."""

    tier: Tier = pydantic.Field(title="Tier", description="what was bought")
    phone: Annotated[str, Field(personal=True, indexed=True, title={"en": "Phone", "zh": "电话"})] = pydantic.Field(
        "", alias="telephone"
    )
    amount: Decimal | None = None
    urgent: bool = False
    wait: timedelta = timedelta(hours=4)
    seen: pydantic.AwareDatetime | None = None
    parts: list[Part] = pydantic.Field(default_factory=list)
    day: date = date(2026, 1, 1)
    at_noon: time | None = None
    ref: uuid.UUID = pydantic.Field(default_factory=uuid.uuid4)
    how: Literal["phone", "mail", None] = None
    customer: Customer = Customer("c1")
    priority: int = 3


@attrs.frozen
class Visit:
    """An attrs class with a private name, metadata and factories."""

    _engineer: str = attrs.field(metadata={"title": "Engineer", "personal": True})
    minutes: int = attrs.field(default=60, validator=attrs.validators.gt(0))
    marks: frozenset[str] = frozenset()
    stops: tuple[tuple[float, float], ...] = ()
    notes: dict[str, list[str]] = attrs.field(factory=dict)
    made: str = attrs.field(init=False, default="x")


@dataclasses.dataclass
class Plain:
    """A dataclass that leaves most to its defaults."""

    name: str
    raw: bytes = b"x"
    back: timedelta = timedelta(hours=-1)
    inner: Optional["Plain2"] = None  # noqa: UP037, UP045 - as hosts write it
    pair: tuple[int, str] = (1, "a")


@dataclasses.dataclass
class Plain2:
    when: datetime


ALSO = {"priority": "priority"}


def test_fields_say_what_the_model_says() -> None:
    """Types, choices, defaults, titles and marks."""
    made = fields_of(Repair, also=ALSO)

    assert (
        Field("string", one_of=("gold", "silver"), required=True, title="Tier", description="what was bought") == made["tier"]
    )
    assert Field("string", default="", personal=True, indexed=True, title={"en": "Phone", "zh": "电话"}) == made["phone"]
    assert Field("decimal", optional=True) == made["amount"]
    assert Field("duration", default=timedelta(hours=4)) == made["wait"]
    assert Field("list", default=()) == made["parts"]
    assert Field("string", default="2026-01-01") == made["day"]
    assert Field("string") == made["ref"]
    assert Field("string", one_of=("phone", "mail"), optional=True) == made["how"]
    assert "priority" not in made


def test_a_private_attribute_goes_by_the_name_it_is_made_with() -> None:
    """What is not given at the making is no field."""
    made = fields_of(Visit)

    assert ["engineer", "minutes", "marks", "stops", "notes"] == list(made)
    assert Field("string", required=True, personal=True, title="Engineer") == made["engineer"]


def test_a_default_that_no_definition_can_write_stays_with_the_model() -> None:
    """The field has none, and the model gives its own back."""
    made = fields_of(Plain)
    workflow = with_fields({"workflow": "w", "states": {"s": {}}}, Plain)
    ticket = workflow.open("1", {"name": "x"}, at=AT).ticket

    assert (None, None, (1, "a")) == (made["raw"].default, made["back"].default, made["pair"].default)
    assert Plain("x") == as_model(ticket, Plain)


@pytest.mark.parametrize(
    "instance",
    [
        Repair(
            tier=Tier.GOLD,
            telephone="1",  # type: ignore[call-arg]  # the alias is the name it is made with
            amount=Decimal("1.50"),
            seen=datetime(2026, 3, 2, 10, tzinfo=timezone(timedelta(hours=1))),
            parts=[Part(name="fan"), Part(name="belt", units=2)],
            at_noon=time(12, 30),
            how="mail",
            priority=1,
        ),
        Visit("ann", 30, frozenset({"a", "b"}), ((1.0, 2.0),), {"x": ["y"]}),
        Plain("x", b"\x00", timedelta(hours=-2), Plain2(AT), (2, "b")),
    ],
    ids=["pydantic", "attrs", "dataclass"],
)
def test_a_ticket_is_given_back_as_the_model_that_opened_it(instance: Any) -> None:
    """Through the kernel and through a store."""
    also = ALSO if isinstance(instance, Repair) else {}
    workflow = with_fields({"workflow": "w", "states": {"s": {}}}, type(instance), also=also)
    ticket = workflow.open("1", values_of(instance, also=also), at=AT).ticket

    assert instance == as_model(ticket, type(instance), also=also)
    assert instance == as_model(servflow.load_ticket(servflow.dump(ticket)), type(instance), also=also)
    assert servflow.load(servflow.dump(workflow)) == workflow


class Shown(pydantic.BaseModel):
    id: str
    status: Literal["new", "done"]
    priority: int
    assignee: str | None
    name: str


def test_what_the_ticket_has_itself_is_given_on_request() -> None:
    """A model of a screen holds fields and where the ticket stands."""
    also = {"id": "id", "status": "state", "priority": "priority", "assignee": "assignee"}
    workflow = with_fields({"workflow": "w", "states": {"new": {}, "done": {}}}, Shown, also=also)
    ticket = workflow.open("7", {"name": "x", "priority": 2}, at=AT).ticket
    shown = as_model(ticket, Shown, also=also)

    assert Shown(id="7", status="new", priority=2, assignee=None, name="x") == shown
    assert {"name": "x", "priority": 2} == values_of(shown, also=also)


@dataclasses.dataclass
class Wild:
    priority: int
    either: int | str
    number: complex
    keys: dict[int, str]
    nothing: None
    mixed: Literal["a", 1]
    made_of: dataclasses.InitVar[int]


def test_every_problem_of_a_model_is_told_at_once_with_the_next_step() -> None:
    """A host mends its model once."""
    with pytest.raises(DefinitionError) as caught:
        fields_of(Wild)

    told = {finding.path: finding for finding in caught.value.findings}
    assert {
        "Wild.either": "model.union",
        "Wild.number": "model.type",
        "Wild.keys": "model.keys",
        "Wild.nothing": "model.none",
        "Wild.mixed": "model.enum",
        "Wild.made_of": "model.init_var",
    } == {path: finding.code for path, finding in told.items()}
    for finding in told.values():
        assert finding.hint("en")
        assert finding.message("zh") != finding.message("en")


def test_a_name_that_conditions_read_of_the_ticket_is_refused() -> None:
    """The advice says how to mean the ticket's own."""
    with pytest.raises(DefinitionError) as caught:
        fields_of(Repair)

    assert ["model.reserved"] == [finding.code for finding in caught.value.findings]
    assert "also=['priority']" in caught.value.findings[0].hint()


class Hidden(pydantic.BaseModel):
    deep: str = pydantic.Field(validation_alias=pydantic.AliasPath("a", 0))


def test_an_alias_that_is_a_path_cannot_be_given_back() -> None:
    """It is said before anything is lost."""
    with pytest.raises(DefinitionError) as caught:
        fields_of(Hidden)

    assert "model.alias" == caught.value.findings[0].code


def test_annotations_that_cannot_be_read_are_a_finding() -> None:
    """A name that only a type checker sees."""

    @dataclasses.dataclass
    class Lost:
        name: Nowhere  # type: ignore[name-defined]  # noqa: F821 - that is the point

    with pytest.raises(DefinitionError) as caught:
        fields_of(Lost)

    assert "model.hints" == caught.value.findings[0].code
    assert "Nowhere" in caught.value.findings[0].message()


@pytest.mark.parametrize("model", [3, str, Part(name="x"), dict])
def test_what_is_no_model_is_refused(model: Any) -> None:
    """An instance is none either."""
    with pytest.raises(InputError, match="no pydantic model, attrs class or dataclass"):
        fields_of(model)


def test_a_field_that_both_declare_differently_is_a_finding_with_its_line() -> None:
    """The same words twice are fine."""
    same = with_fields("workflow: w\nfields:\n  name: {required: true}\n  more: int\nstates: {s: {}}\n", Plain)

    assert {"name", "more"} <= set(same.fields)
    with pytest.raises(DefinitionError) as caught:
        with_fields("workflow: w\nfields:\n  name: int\nstates: {s: {}}\n", Plain)
    assert [("model.conflict", "fields.name", 3)] == [(one.code, one.path, one.line) for one in caught.value.findings]


def test_conditions_of_the_definition_read_the_models_fields() -> None:
    """What is wrong with the rest of the definition keeps its line."""
    source = "workflow: w\nstates: {s: {}, e: {}}\ntransitions:\n- {event: go, source: s, target: e, when: nam == 'x'}\n"

    with pytest.raises(DefinitionError) as caught:
        with_fields(source, Plain)
    assert 4 == caught.value.findings[0].line
    assert with_fields(source.replace("nam ", "name "), Plain).fields["name"].required


def test_values_that_no_field_can_hold_are_all_told() -> None:
    """By their paths, and nothing is half-taken."""
    broken = Repair.model_construct(tier="bronze", parts=[Part.model_construct(name=3)], seen=datetime(2026, 3, 2))

    with pytest.raises(InputError) as caught:
        values_of(broken, also=ALSO)
    assert {"Repair.tier", "Repair.parts[0].name", "Repair.seen"} == set(caught.value.problems)


def test_a_ticket_that_does_not_fit_the_model_says_why() -> None:
    """What the model itself refuses is said in its words."""
    workflow = servflow.load({"workflow": "w", "fields": {"engineer": {}, "minutes": "int"}, "states": {"s": {}}})
    short = workflow.open("1", {"engineer": "ann", "minutes": -1}, at=AT).ticket

    with pytest.raises(InputError, match=r"ticket 1 is no Visit: .*'minutes' must be > 0"):
        as_model(short, Visit)
    with pytest.raises(InputError, match=r"Visit\.engineer takes a value, and there is none; give it a default"):
        as_model(workflow.open("2", {}, at=AT).ticket, Visit)
    with pytest.raises(InputError, match=r"Repair\.tier takes a value"):
        as_model(short, Repair, also=ALSO)


def test_a_name_of_the_tickets_own_that_is_none_is_refused() -> None:
    """With what was meant."""
    with pytest.raises(InputError, match="did you mean 'state'"):
        fields_of(Shown, also={"status": "stat"})
    with pytest.raises(InputError, match="did you mean 'status'"):
        fields_of(Shown, also={"statsu": "state"})


def test_embedding_loads_no_pydantic_by_itself() -> None:
    """A host without models of it pays nothing."""
    code = "import sys, servflow.embedding; print(sorted({'pydantic', 'hypothesis'} & set(sys.modules)))"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, cwd=Path.cwd())

    assert "[]" == done.stdout.strip()


class Numbers(pydantic.RootModel[list[int]]):
    """A model that is one value."""


class Kept(pydantic.BaseModel):
    """Holds its enums by their values, and one model that is a list."""

    model_config = pydantic.ConfigDict(use_enum_values=True)
    tier: Tier
    numbers: Numbers = Numbers([])


@dataclasses.dataclass
class Remark:
    """Holds itself, as threads and trees do."""

    text: str
    answers: list[Remark] = dataclasses.field(default_factory=list)
    about: Remark | None = None


T = TypeVar("T")
S = TypeVar("S", bound=int)


@attrs.frozen
class Box(Generic[T]):
    """Holds what its users say."""

    inside: T
    more: tuple[T, ...] = ()


@attrs.frozen
class Labelled(Box[list[T]], Generic[T]):
    """Its own variable is another one than that of the base."""

    label: T | None = None


@dataclasses.dataclass
class Shelf(Generic[S]):
    """Made of boxes."""

    box: Box[date]
    count: S
    dates: Labelled[date]


class Dates(Labelled[date]):
    """Says what it is of, once and for all."""


class Point(NamedTuple):
    x: float
    y: float = 0.5


class Access(enum.Flag):
    READ = 1
    WRITE = 2


class Seen(TypedDict):
    by: str
    at: NotRequired[date]


class Odds(pydantic.BaseModel):
    """Types that hosts have besides plain values."""

    site: pydantic.HttpUrl
    file: Path = Path("a/b")
    zone: ZoneInfo = ZoneInfo("Asia/Shanghai")
    host: IPv4Address = IPv4Address("192.0.2.1")
    point: Point = Point(1.0)
    fees: dict[Tier, Decimal] = {}
    days: dict[date, int] = {}


@dataclasses.dataclass
class Marks:
    """What pydantic does not know of so readily."""

    seen: Seen
    access: Access = Access.READ


@pytest.mark.parametrize(
    "instance",
    [
        Remark("a", [Remark("b", [Remark("c")])], Remark("d")),
        Dates([date(2026, 1, 2)], ([], [date(2026, 1, 3)]), date(2026, 1, 4)),
        Shelf(Box(date(2026, 1, 2)), 3, Labelled([date(2026, 1, 2)])),
        Odds.model_validate({"site": "https://example.com/a", "fees": {"gold": "1.50"}, "days": {"2026-01-02": 3}}),
        Marks({"by": "ann", "at": date(2026, 1, 2)}, Access.READ | Access.WRITE),
        Marks({"by": "ann"}),
    ],
    ids=lambda one: type(one).__name__,
)
def test_models_of_models_and_of_odd_types_come_back(instance: Any) -> None:
    """One that holds itself, generic ones, flags, typed dicts, URLs and the like."""
    opened = with_fields(EMPTY, type(instance)).open("1", values_of(instance), at=AT).ticket

    back = as_model(servflow.load_ticket(servflow.dump(opened)), type(instance))

    # Zones are equal by identity, and whoever pins their data makes them anew: what they say is compared.
    assert (type(instance), repr(instance)) == (type(back), repr(back))


def test_a_type_variable_is_what_was_said_for_it_else_its_bound() -> None:
    """In the class that declares it and in those made of it."""
    assert ["list", "list", "string"] == [one.type for one in fields_of(Dates).values()]
    assert ["string", "list"] == [one.type for one in fields_of(Box[date]).values()]
    assert ["any", "int"] == [fields_of(Box)["inside"].type, fields_of(Shelf)["count"].type]


def test_an_instance_that_holds_itself_is_refused() -> None:
    """A model may hold its like; a value ends somewhere."""
    round_ = Remark("a")
    round_.answers.append(round_)

    with pytest.raises(InputError, match=r"Remark\.answers takes a value that ends somewhere"):
        values_of(round_)


def test_a_typed_dict_has_its_keys() -> None:
    """A missing one is told, and one that is none."""
    with pytest.raises(InputError, match=r"Marks\.seen\.by takes a value"):
        values_of(Marks({}))  # type: ignore[typeddict-item]  # that is the point
    with pytest.raises(InputError, match=r"Marks\.seen\.of takes no value"):
        values_of(Marks({"by": "ann", "of": 1}))  # type: ignore[typeddict-unknown-key]  # that is the point


class Open(pydantic.BaseModel):
    """Takes what it does not declare."""

    model_config = pydantic.ConfigDict(extra="allow")
    serial: str


def test_a_model_of_one_value_and_enums_kept_as_values_come_back() -> None:
    """What pydantic holds otherwise than it is declared is mapped all the same."""
    kept = Kept(tier=Tier.GOLD, numbers=Numbers([1, 2]))
    ticket = with_fields(EMPTY, Kept).open("1", values_of(kept), at=AT).ticket

    assert kept == as_model(ticket, Kept)


def test_what_a_model_does_not_declare_is_not_lost_silently() -> None:
    """A ticket keeps declared fields only."""
    with pytest.raises(InputError, match=r"Open\.colour takes no value: the model declares no such attribute"):
        values_of(Open.model_validate({"serial": "A", "colour": "red"}))


def test_all_that_a_model_says_against_a_ticket_is_told_on_one_line() -> None:
    """Its own sentences may quote anything."""

    class Strict(pydantic.BaseModel):
        serial: str = pydantic.Field(min_length=5)
        count: int

        @pydantic.field_validator("count")
        @classmethod
        def _never(cls, value: int) -> int:
            raise ValueError("never\n\x1b[31m")

    ticket = with_fields(EMPTY, Strict).open("1", {"serial": "A", "count": 1}, at=AT).ticket
    with pytest.raises(InputError) as caught:
        as_model(ticket, Strict)

    assert "serial: String should have at least 5" in caught.value.message
    assert "count: Value error, never" in caught.value.message
    assert caught.value.message.isprintable()


def test_a_value_that_a_ticket_lacks_names_the_next_step() -> None:
    """As after an erasure."""
    ticket = servflow.load(EMPTY).open("1", at=AT).ticket

    with pytest.raises(
        InputError, match=r"Open\.serial takes a value, and there is none; give it a default, or let it be None$"
    ):
        as_model(ticket, Open)
    with pytest.raises(InputError, match="load_ticket reads a stored one"):
        as_model(servflow.dump(ticket), Open)  # type: ignore[arg-type]  # what a host may pass


def test_a_taken_name_that_a_ticket_does_not_give_is_to_be_another() -> None:
    """No advice that would be refused in turn."""
    with pytest.raises(DefinitionError) as caught:
        fields_of(dataclasses.make_dataclass("Taken", [("at", int)]))

    assert ("rename it", "请改名") == (caught.value.findings[0].hint(), caught.value.findings[0].hint("zh"))


@pytest.mark.parametrize("also", [3, [["serial"]]])
def test_names_of_the_tickets_own_are_names(also: Any) -> None:
    """Anything else is told, and no error of ours."""
    with pytest.raises(InputError, match="names of attributes, or a mapping of them"):
        fields_of(Open, also=also)


def test_a_row_of_an_orm_is_told_from_a_model() -> None:
    """A mapped class is refused with what to do instead; a model of pydantic reads its rows."""
    require("sqlalchemy")
    from sqlalchemy import String
    from sqlalchemy.orm import DeclarativeBase, mapped_column

    class Base(DeclarativeBase):
        pass

    class Row(Base):
        __tablename__ = "machine"
        serial = mapped_column(String, primary_key=True)

    class Read(pydantic.BaseModel):
        model_config = pydantic.ConfigDict(from_attributes=True)
        serial: str

    with pytest.raises(InputError, match=r"row of the table 'machine'.*from_attributes"):
        fields_of(Row)
    assert {"serial": "A-7"} == values_of(Read.model_validate(Row(serial="A-7")))
