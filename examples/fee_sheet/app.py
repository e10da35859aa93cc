"""Knows what a host does with the fees that somebody keeps in a spreadsheet; must not know how a table decides."""

from __future__ import annotations

import sys
from datetime import UTC, datetime
from pathlib import Path

from servflow.errors import DefinitionError
from servflow.integrations.dmn import read_dmn, write_dmn
from servflow.integrations.sheets import read_csv, write_csv

HERE = Path(__file__).parent
AUGUST, NOVEMBER = datetime(2026, 8, 1, tzinfo=UTC), datetime(2026, 11, 1, tzinfo=UTC)
BROKEN = "category;out: total\n“ac”;180\nfridge;1,20\n"  # as a spreadsheet with a decimal comma writes it


def main(folder: Path) -> None:
    """Read the fees, look for what is wrong with them, decide, and hand them on."""
    table = read_csv(HERE / "fees.csv")
    print(f"{table.name}: {len(table.rows)} rows, version of the content {table.hash[:8]}")

    findings = table.check({"category": {"type": "string", "one_of": ["washer", "fridge", "ac"]}})
    print(f"checked: {len([finding for finding in findings if finding.severity == 'error'])} errors")

    for at in (AUGUST, NOVEMBER):
        found = table.decide({"warranty": "out", "category": "ac", "visits": 2}, at=at)
        row = table.rows[found.matched[0]]
        print(f"{at:%B}: {found.outputs['total']} by {row.id}, {row.note}")

    try:
        read_csv(BROKEN, name="broken")
    except DefinitionError as error:
        for finding in error.findings:
            print(f"refused: {finding.path}, {finding.hint().partition(';')[0]}")

    path = folder / "fees.dmn"
    path.write_text(write_dmn(table), "utf-8")
    print(f"as DMN and back: {'equal' if read_dmn(path).table() == table else 'different'}")
    print(f"as CSV and back: {'equal' if read_csv(write_csv(table)) == table else 'different'}")


if __name__ == "__main__":
    main(Path(sys.argv[1]) if len(sys.argv) > 1 else Path())
