"""Knows Solomon's format of routing problems and draws alike ones; must not know how they are solved."""

from __future__ import annotations

import math
import random
from pathlib import Path

from attrs import frozen

BEST = {
    "C101": (10, 828.94), "C102": (10, 828.94), "C103": (10, 828.06), "C104": (10, 824.78), "C105": (10, 828.94),
    "C106": (10, 828.94), "C107": (10, 828.94), "C108": (10, 828.94), "C109": (10, 828.94),
    "C201": (3, 591.56), "C202": (3, 591.56), "C203": (3, 591.17), "C204": (3, 590.60),
    "C205": (3, 588.88), "C206": (3, 588.49), "C207": (3, 588.29), "C208": (3, 588.32),
    "R101": (19, 1650.80), "R102": (17, 1486.12), "R103": (13, 1292.68), "R104": (9, 1007.31), "R105": (14, 1377.11),
    "R106": (12, 1252.03), "R107": (10, 1104.66), "R108": (9, 960.88), "R109": (11, 1194.73), "R110": (10, 1118.84),
    "R111": (10, 1096.73), "R112": (9, 982.14),
    "R201": (4, 1252.37), "R202": (3, 1191.70), "R203": (3, 939.50), "R204": (2, 825.52), "R205": (3, 994.43),
    "R206": (3, 906.14), "R207": (2, 890.61), "R208": (2, 726.82), "R209": (3, 909.16), "R210": (3, 939.37),
    "R211": (2, 885.71),
    "RC101": (14, 1696.95), "RC102": (12, 1554.75), "RC103": (11, 1261.67), "RC104": (10, 1135.48),
    "RC105": (13, 1629.44), "RC106": (11, 1424.73), "RC107": (11, 1230.48), "RC108": (10, 1139.82),
    "RC201": (4, 1406.94), "RC202": (3, 1365.65), "RC203": (3, 1049.62), "RC204": (3, 798.46),
    "RC205": (4, 1297.65), "RC206": (3, 1146.32), "RC207": (3, 1061.14), "RC208": (3, 828.14),
}  # fmt: skip
"""
Vehicles and distance of the best solutions known of Solomon's problems with 100 customers.

Vehicles count first, then the sum of Euclidean distances in double precision, as SINTEF's list of them counts.
"""


@frozen
class Customer:
    """Somebody to visit (the first is the depot): where, how much they get, when it may begin, how long it takes."""

    x: float
    y: float
    demand: int
    ready: float
    due: float
    service: float


@frozen
class Instance:
    """One problem: its name, how many vehicles there are at most, what each carries, and the depot with the customers."""

    name: str
    vehicles: int
    capacity: int
    customers: tuple[Customer, ...]

    def distance(self, one: int, other: int) -> float:
        """Euclidean, in double precision, which is also the time it takes."""
        a, b = self.customers[one], self.customers[other]
        return math.dist((a.x, a.y), (b.x, b.y))

    def length(self, routes: list[list[int]]) -> float:
        """The distance of all routes from the depot and back to it."""
        return sum(self.distance(a, b) for route in routes for a, b in zip([0, *route], [*route, 0], strict=True))

    def wrong(self, routes: list[list[int]]) -> str | None:
        """What is wrong with a solution, looked at in double precision and on its own; None where nothing is."""
        seen = sorted(customer for route in routes for customer in route)
        if seen != list(range(1, len(self.customers))):
            return "not every customer is visited once"
        if len(routes) > self.vehicles:
            return f"{len(routes)} vehicles, and there are {self.vehicles}"
        for route in routes:
            if sum(self.customers[customer].demand for customer in route) > self.capacity:
                return f"too much for one vehicle: {route}"
            time, here = self.customers[0].ready, 0
            for customer in [*route, 0]:
                there = self.customers[customer]
                time = max(time + self.distance(here, customer), there.ready)
                if time > there.due + 1e-6:
                    return f"late at {customer}: {time} after {there.due}"
                time, here = time + there.service, customer
        return None


def best_of(instance: Instance) -> tuple[int, float] | None:
    """The best known vehicles and distance; None where it is not one of Solomon's problems, whatever its name says."""
    kind = instance.name.rstrip("0123456789")
    carried = {"C1": 200, "R1": 200, "RC1": 200, "C2": 700, "R2": 1000, "RC2": 1000}.get(kind + instance.name[len(kind) :][:1])
    whole = all(customer.x == int(customer.x) and customer.y == int(customer.y) for customer in instance.customers)
    own = (instance.vehicles, instance.capacity, len(instance.customers)) == (25, carried, 101) and whole
    return BEST.get(instance.name) if own else None


def read(path: Path) -> Instance:
    """
    Read a problem in Solomon's text format, as he, Gehring and Homberger, and others after them wrote it.

    A line of two numbers is the fleet and how much each carries, lines of seven are the depot and the customers; what
    else is there, headings and empty lines, is passed over. The name is in the first line, alone or after ``NAME``, else
    it is that of the file.

    Raises:
        ValueError: it is no such file.
    """
    lines = [line.split() for line in path.read_text("utf-8-sig", "replace").splitlines() if line.strip()]
    rows = [line for line in lines if _numbers(line)]
    fleet = next((line for line in rows if len(line) == 2), None)
    numbers = [[float(word) for word in line[1:]] for line in rows if len(line) == 7]
    if fleet is None or len(numbers) < 2:
        raise ValueError(f"{path} is no problem in Solomon's format: a name, a fleet of two numbers, customers of seven")
    if not all(math.isfinite(number) for row in numbers for number in row):
        raise ValueError(f"{path} has a customer with a number that is none")
    if any(demand != int(demand) or demand < 0 for _, _, demand, *_ in numbers):
        raise ValueError(f"{path} has a demand that is no whole number from 0 on")
    customers = [Customer(x, y, int(demand), *times) for x, y, demand, *times in numbers]
    return Instance(_name(lines[0], path), int(float(fleet[0])), int(float(fleet[1])), tuple(customers))


def _name(first: list[str], path: Path) -> str:
    words = [word for word in " ".join(first).replace(":", " ").split() if word.upper() != "NAME"]
    named = len(words) == 1 and words[0].upper() != "VEHICLE" and not words[0].startswith("#")
    return (words[0] if named else path.stem).upper()


def _numbers(line: list[str]) -> bool:
    try:
        [float(word) for word in line]
    except ValueError:
        return False
    return True


def made(kind: str, seed: int, count: int = 100) -> Instance:
    """
    A problem of our own, drawn in the manner of Solomon's classes: C (clusters), R (anywhere) or RC (half and half).

    1 has narrow windows and small vehicles, 2 wide windows and large ones. Every customer can be reached alone.
    """
    draw = random.Random(f"{kind}/{seed}/{count}")
    narrow = kind.endswith("1")
    horizon = 240.0 if narrow else 1000.0
    centres = [(draw.uniform(10, 90), draw.uniform(10, 90)) for _ in range(max(2, count // 10))]
    customers = [Customer(40, 50, 0, 0, horizon, 0)]
    for number in range(count):
        clustered = kind.startswith("C") or (kind.startswith("RC") and number % 2 == 0)
        near = draw.choice(centres)
        x, y = (draw.gauss(near[0], 3), draw.gauss(near[1], 3)) if clustered else (draw.uniform(0, 80), draw.uniform(0, 80))
        way = math.dist((x, y), (40, 50))
        first, last = math.ceil(way), math.floor(horizon - way - 10)
        width = draw.choice([20, 30, 60] if narrow else [120, 240, 480])
        middle = draw.uniform(first, last)
        ready, due = max(0, math.floor(middle - width / 2)), min(last, math.ceil(middle + width / 2))
        customers.append(Customer(round(x), round(y), draw.randint(1, 40), ready, max(due, first + 1), 10))
    return Instance(f"{kind}-own-{seed}", max(25, count // 4), 200 if narrow else 1000, tuple(customers))
