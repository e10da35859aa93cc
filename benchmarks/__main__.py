"""Knows how all benchmarks are run, one process each; must not know what they measure, nor judge it."""

from __future__ import annotations

import argparse
import subprocess
import sys
import time
from pathlib import Path

HERE = Path(__file__).parent


def main() -> int:
    """Run those named, or all; a benchmark that fails is told at the end."""
    known = {path.stem.removeprefix("bench_"): path for path in sorted(HERE.glob("bench_*.py"))}
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description="Ratios measured in one run; they judge nothing.")
    parser.add_argument(
        "names", nargs="*", help=f"which to run, of: {', '.join(known)}; all unless given; `routes DIR` reads the files there"
    )
    asked = parser.parse_args().names or list(known)
    extra = {"routes": [asked.pop(1)]} if len(asked) == 2 and asked[0] == "routes" and asked[1] not in known else {}
    unknown = [name for name in asked if name not in known]
    if unknown:
        parser.error(f"there is no benchmark {', '.join(unknown)}; known: {', '.join(known)}")
    failed = []
    for name in asked:
        print(f"\n=== {name}", flush=True)
        began = time.monotonic()
        given = [str(Path(path).absolute()) for path in extra.get(name, ())]
        run = subprocess.run([sys.executable, "-m", f"benchmarks.{known[name].stem}", *given], cwd=HERE.parent, check=False)
        print(f"({time.monotonic() - began:.0f} s)", flush=True)
        if run.returncode:
            failed.append(name)
    for name in failed:
        print(f"{name} did not end well", file=sys.stderr)
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
