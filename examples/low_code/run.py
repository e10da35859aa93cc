"""Serves the studio on this machine: `python examples/low_code/run.py [FOLDER [PORT]]`."""

import sys
from pathlib import Path

import uvicorn
from studio import Studio
from studio_web import application


def main(folder: str = "studio_data", port: str = "8001") -> None:
    """The draft and the tickets are kept in the folder."""
    print(f"http://127.0.0.1:{port}/ - the draft and the tickets are kept in {folder}/", flush=True)
    uvicorn.run(application(Studio(Path(folder))), host="127.0.0.1", port=int(port), log_level="warning")


if __name__ == "__main__":
    main(*sys.argv[1:])
