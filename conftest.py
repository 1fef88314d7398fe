"""What pytest does first: the surroundings that notebooks and tests run in. And last: the guard."""

import os
from pathlib import Path

import execute

execute.prepare()
if os.environ.get("NOTEBOOK_WEIGHTS") != "hub":
    execute.guard()


def pytest_configure(config):
    if os.environ.get("NOTEBOOK_WEIGHTS") == "hub":  # models of full size take their time
        config.option.nbval_cell_timeout = execute.CELL_TIMEOUT


def pytest_sessionfinish(session):
    log = Path(os.environ.get("TRAFFIC_LOG", ""))
    if log.is_file():
        print(f"\nThe tests tried to reach other machines:\n{log.read_text(encoding='utf-8')}")
        session.exitstatus = 1
