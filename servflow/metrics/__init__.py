"""Knows what the records of many tickets come to in figures; must not know stores, workflows or screens."""

from servflow.metrics._answering import (
    Answers,
)
from servflow.metrics._board import (
    DEFINITIONS,
    Board,
    board,
)
from servflow.metrics._cases import (
    Asked,
    Case,
    Cycle,
    Reached,
    Said,
    Score,
    Stay,
    Step,
    StepDone,
    Stint,
    Visit,
)
from servflow.metrics._causes import (
    Cause,
    Pareto,
    causes,
    pareto,
)
from servflow.metrics._centre import (
    ABANDONED,
    abandon_rate,
    answer_rate,
    queue_time,
    service_level,
    time_to_answer,
)
from servflow.metrics._counting import Left, Seen
from servflow.metrics._customers import (
    ces,
    ces_top,
    complaint_rate,
    deflection,
    nps,
    response_rate,
    satisfaction,
)
from servflow.metrics._export import (
    to_csv,
    to_frame,
)
from servflow.metrics._figures import (
    LOADED,
    USED,
    Loaded,
    Ratio,
    Used,
)
from servflow.metrics._goal_plan import (
    Goal,
    GoalPlan,
    load_goals,
)
from servflow.metrics._goals import (
    Goals,
    Verdict,
    judge,
    over_by,
    review_id,
)
from servflow.metrics._kinds import (
    MEAN,
    NET,
    SHARE,
    TIMES,
    TOTAL,
    Kind,
    Tally,
)
from servflow.metrics._league import (
    League,
    Standing,
    league,
)
from servflow.metrics._live import Live
from servflow.metrics._measure import MEASURES, Measure
from servflow.metrics._measure import (
    made as measure,
)
from servflow.metrics._measures import (
    breaches,
    csat,
    escalations,
    load,
    offers,
    sla_attainment,
    volumes,
)
from servflow.metrics._money import (
    cost_of,
    cost_per_ticket,
)
from servflow.metrics._outcomes import (
    attainment,
    escalation_rate,
    first_contact_resolution,
    ping_pong,
    reassignment_rate,
    reassignments,
    reopen_rate,
)
from servflow.metrics._people import (
    utilisation,
    workload,
)
from servflow.metrics._periods import (
    PERIODS,
    Period,
    period_of,
    periods,
)
from servflow.metrics._reading import (
    read_case,
    read_cases,
)
from servflow.metrics._repeats import (
    one_visit,
    repeat_visits,
    visits_per_ticket,
)
from servflow.metrics._standing import (
    backlog,
    backlog_age,
    time_in_state,
    time_per_step,
)
from servflow.metrics._table import (
    Row,
    Table,
    Tabulation,
    measure_table,
)
from servflow.metrics._targets import (
    Target,
)
from servflow.metrics._times import (
    first_response,
    handle_time,
    next_response,
    time_to_resolve,
)
from servflow.metrics._values import (
    Amount,
    Durations,
    Figure,
    Load,
    Net,
    Share,
    durations,
    share,
)
from servflow.metrics._volumes import (
    closed,
    groups_of,
    opened,
)

__all__ = [
    "ABANDONED",
    "DEFINITIONS",
    "LOADED",
    "MEAN",
    "MEASURES",
    "NET",
    "PERIODS",
    "SHARE",
    "TIMES",
    "TOTAL",
    "USED",
    "Amount",
    "Answers",
    "Asked",
    "Board",
    "Case",
    "Cause",
    "Cycle",
    "Durations",
    "Figure",
    "Goal",
    "GoalPlan",
    "Goals",
    "Kind",
    "League",
    "Left",
    "Live",
    "Load",
    "Loaded",
    "Measure",
    "Net",
    "Pareto",
    "Period",
    "Ratio",
    "Reached",
    "Row",
    "Said",
    "Score",
    "Seen",
    "Share",
    "Standing",
    "Stay",
    "Step",
    "StepDone",
    "Stint",
    "Table",
    "Tabulation",
    "Tally",
    "Target",
    "Used",
    "Verdict",
    "Visit",
    "abandon_rate",
    "answer_rate",
    "attainment",
    "backlog",
    "backlog_age",
    "board",
    "breaches",
    "causes",
    "ces",
    "ces_top",
    "closed",
    "complaint_rate",
    "cost_of",
    "cost_per_ticket",
    "csat",
    "deflection",
    "durations",
    "escalation_rate",
    "escalations",
    "first_contact_resolution",
    "first_response",
    "groups_of",
    "handle_time",
    "judge",
    "league",
    "load",
    "load_goals",
    "measure",
    "measure_table",
    "next_response",
    "nps",
    "offers",
    "one_visit",
    "opened",
    "over_by",
    "pareto",
    "period_of",
    "periods",
    "ping_pong",
    "queue_time",
    "read_case",
    "read_cases",
    "reassignment_rate",
    "reassignments",
    "reopen_rate",
    "repeat_visits",
    "response_rate",
    "review_id",
    "satisfaction",
    "service_level",
    "share",
    "sla_attainment",
    "time_in_state",
    "time_per_step",
    "time_to_answer",
    "time_to_resolve",
    "to_csv",
    "to_frame",
    "utilisation",
    "visits_per_ticket",
    "volumes",
    "workload",
]
