"""Knows how the studio is started; must not know what it does."""

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path

import uvicorn
from studio import Studio
from studio_web import application

from servflow import ServflowError


def main(given: Sequence[str] | None = None) -> None:
    """Serve the studio on this machine until interrupted."""
    parser = argparse.ArgumentParser(description="Edit a workflow in the browser while tickets run.")
    parser.add_argument("folder", nargs="?", default="studio_data", help="where the draft and the tickets are kept")
    parser.add_argument("port", nargs="?", type=int, default=8001)
    asked = parser.parse_args(given)
    try:
        studio = Studio(Path(asked.folder))
    except (ServflowError, OSError) as error:
        sys.exit(f"{asked.folder} cannot be used: {error}")
    print(f"http://127.0.0.1:{asked.port}/ - the draft and the tickets are kept in {asked.folder}/", flush=True)
    uvicorn.run(application(studio), host="127.0.0.1", port=asked.port, log_level="warning")


if __name__ == "__main__":
    main()
