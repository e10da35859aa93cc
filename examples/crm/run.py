"""Knows how the CRM is started; must not know what it does."""

from __future__ import annotations

import argparse
from pathlib import Path

import uvicorn
from crm.app import create_app
from crm.service import Service
from crm.week import live


def main() -> None:
    """Serve the CRM until interrupted."""
    parser = argparse.ArgumentParser(description="A CRM with two screens around servflow.")
    parser.add_argument("--database", default="crm.db", help="a file of SQLite, or postgresql://user:password@host/name")
    parser.add_argument("--demo", action="store_true", help="fill a new database with a week of tickets first")
    parser.add_argument("--port", type=int, default=8000)
    asked = parser.parse_args()
    if asked.demo and "://" not in asked.database and Path(asked.database).exists():
        print(f"{asked.database} is there already and is opened as it is; delete it for a new week")
    elif asked.demo:
        print("a week goes by ...")
        live(asked.database)
    service = Service(asked.database)
    print(f"http://127.0.0.1:{asked.port}; ends with Ctrl-C", flush=True)
    try:
        uvicorn.run(create_app(service), host="127.0.0.1", port=asked.port, log_level="warning")
    finally:
        service.close()


if __name__ == "__main__":
    main()
