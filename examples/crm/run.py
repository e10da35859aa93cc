"""Knows how the CRM is started; must not know what it does."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence

import uvicorn
from crm.app import create_app
from crm.service import Service
from crm.week import live

from servflow import ServflowError


def main(given: Sequence[str] | None = None) -> None:
    """Serve the CRM until interrupted."""
    parser = argparse.ArgumentParser(description="A CRM with two screens around servflow.")
    parser.add_argument("--database", default="crm.db", help="a file of SQLite, or postgresql://user:password@host/name")
    parser.add_argument("--demo", action="store_true", help="fill a new database with a week of tickets first")
    parser.add_argument("--port", type=int, default=8000)
    asked = parser.parse_args(given)
    try:
        service = Service(asked.database)
    except ServflowError as error:
        sys.exit(f"{error}; --database takes a file, or postgresql://user:password@host/name")
    if asked.demo and service.desk.find(limit=1):
        print("there are tickets already, and no other week is made up; take another database for one")
    elif asked.demo:
        print("a week goes by ...", flush=True)
        live(asked.database)
    print(f"http://127.0.0.1:{asked.port}; ends with Ctrl-C", flush=True)
    try:
        uvicorn.run(create_app(service), host="127.0.0.1", port=asked.port, log_level="warning")
    finally:
        service.close()


if __name__ == "__main__":
    main()
