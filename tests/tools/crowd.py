"""How big a machine does a room need? `make crowd` lets 1, 2, 5 and 10 learners work at once.

Each learner has a kernel of its own, as in JupyterLab, and all choose "Run All" at the same moment:
the worst that a room can do. A row says how long it took, and how much memory the kernels had at
their peak: together (on Linux, what several of them share is counted once), and the largest alone.
Each kernel has one thread: with two each on two cores, two learners took five times as long as one.

Usage: python tests/tools/crowd.py [COUNT …] [--notebook PATH] [--whole] [--threads N]
"""

import argparse
import asyncio
import atexit
import copy
import os
import subprocess
import sys
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from time import perf_counter

import execute
import nbclient
import nbformat
import psutil
import reading
from nbclient.exceptions import CellExecutionError

NOTEBOOKS = Path(__file__).resolve().parents[2] / "notebooks"
CGROUP = Path("/sys/fs/cgroup")  # where a container says how much memory it may have
FIRST = 1.2  # GB that the first kernel may need: no notebook takes more
EVERY = 1.0  # seconds between two looks at the memory
COLUMNS = "learners", "seconds", "× alone", "longest cell", "× alone", "GB together", "GB of one"


@dataclass(frozen=True)
class Run:
    """What so many learners took: seconds in all and for the longest cell, and the peaks in GB."""

    learners: int
    seconds: float
    cell: float
    together: float
    one: float

    def row(self, alone: "Run") -> list[str]:
        times = [f"{self.seconds:.0f}", f"{self.seconds / alone.seconds:.1f}"]
        times += [f"{self.cell:.0f}", f"{self.cell / alone.cell:.1f}"]
        return [str(self.learners), *times, f"{self.together:.1f}", f"{self.one:.1f}"]


# ---- memory ----


def free() -> float:
    """GB that are free: of the machine, or of this container if it has a limit."""
    there = psutil.virtual_memory().available
    with suppress(OSError, ValueError):  # no container, or its limit is "max"
        limit, used = (int((CGROUP / f"memory.{name}").read_text()) for name in ("max", "current"))
        statistics = dict(line.split() for line in (CGROUP / "memory.stat").open())
        there = min(there, limit - used + int(statistics["inactive_file"]))
    return there / 1e9


def in_use(processes: list[psutil.Process]) -> tuple[float, float]:
    """GB of these processes: together, and of the largest, with all that it shares."""
    together, largest = 0, 0
    for process in processes:
        with suppress(psutil.Error):  # it has just ended
            memory = process.memory_full_info()
            together += getattr(memory, "pss", memory.uss)  # Linux alone knows the first
            largest = max(largest, memory.rss)
    return together / 1e9, largest / 1e9


def server() -> float:
    """GB of a JupyterLab server that waits. A JupyterHub starts one for each learner."""
    command = [sys.executable, "-m", "jupyterlab", "--no-browser", "--allow-root", "--port=0"]
    with subprocess.Popen(command, stderr=subprocess.PIPE, text=True) as process:
        for line in process.stderr:
            if "/lab?token=" in line:
                break
        together, _ = in_use([psutil.Process(process.pid)])
        process.kill()
    return together


# ---- learners ----


async def learn(notebook, folder: Path) -> list[float]:
    """Run a copy of the notebook in a kernel of its own: the seconds of each of its code cells."""
    began, seconds = [], []
    client = nbclient.NotebookClient(
        copy.deepcopy(notebook),
        timeout=None,
        kernel_name="python3",
        resources={"metadata": {"path": str(folder)}},
        on_cell_execute=lambda **_: began.append(perf_counter()),
        on_cell_executed=lambda **_: seconds.append(perf_counter() - began[-1]),
    )
    try:
        await client.async_execute(stderr=subprocess.DEVNULL)
    finally:  # which nbclient leaves out if another learner's failure stops it while it cleans up
        atexit.unregister(client._cleanup_kernel)
    return seconds


async def crowd(notebook, folder: Path, learners: int) -> Run:
    """Let so many learners run the notebook at once."""
    peaks = []

    async def watch() -> None:
        while True:
            kernels = psutil.Process().children(recursive=True)
            peaks.append(await asyncio.to_thread(in_use, kernels))
            await asyncio.sleep(EVERY)

    start, watching = perf_counter(), asyncio.create_task(watch())
    async with asyncio.TaskGroup() as room:
        tasks = [room.create_task(learn(notebook, folder)) for _ in range(learners)]
    seconds = perf_counter() - start
    watching.cancel()
    cell = max(max(task.result()) for task in tasks)
    return Run(learners, seconds, cell, *map(max, zip(*peaks, strict=True)))


def measured(notebook, folder: Path, learners: int, each: float) -> Run:
    """The same, if the memory will do; otherwise, and if a kernel fails, a message is the end."""
    needed, there = learners * each, free()
    if needed > there:
        sys.exit(
            f"{learners} learners may need {needed:.1f} GB of memory, and {there:.1f} GB are free: "
            "close other programs, or ask for fewer: make crowd CROWD='1 2'"
        )
    try:
        return asyncio.run(crowd(notebook, folder, learners))
    except ExceptionGroup as failures:
        error = failures.exceptions[0]
        if isinstance(error, CellExecutionError):
            sys.exit(f"A cell of the notebook fails: {error.ename}: {error.evalue}\nTry make test.")
        sys.exit("A kernel has died: it was stopped, or wanted more memory than there is.")


# ---- the program ----


def count(text: str) -> int:
    if not text.isdecimal() or int(text) < 1:
        raise argparse.ArgumentTypeError(f"{text!r} is not a whole number from 1 on")
    return int(text)


def notebook_at(text: str) -> Path:
    if not text.endswith(".ipynb") or not Path(text).is_file():
        raise argparse.ArgumentTypeError(f"there is no notebook {text!r}")
    return Path(text)


def options(arguments: list[str]) -> argparse.Namespace:
    first = NOTEBOOKS / "1_causal_lm.ipynb"
    parser = argparse.ArgumentParser(prog="crowd", description=__doc__.splitlines()[0])
    parser.add_argument("counts", nargs="*", type=count, default=[1, 2, 5, 10], metavar="COUNT")
    parser.add_argument("--notebook", type=notebook_at, default=first, metavar="PATH")
    parser.add_argument("--whole", action="store_true", help="the whole notebook, not its core")
    parser.add_argument("--threads", type=count, default=1, metavar="N", help="of each kernel")
    return parser.parse_args(arguments)


def notebook_to_run(path: Path, whole: bool):
    notebook = nbformat.read(path, as_version=4)
    try:
        notebook.cells = notebook.cells if whole else reading.core(notebook)
    except ValueError:
        sys.exit(f"{path.name} has no core, from “Load it” to “Exercises”: add --whole")
    if not any(cell.cell_type == "code" for cell in notebook.cells):
        sys.exit(f"{path.name} has no code to run")
    return notebook


def main() -> None:
    asked = options(sys.argv[1:])
    notebook, folder = notebook_to_run(asked.notebook, asked.whole), asked.notebook.parent
    execute.prepare()
    os.environ["OMP_NUM_THREADS"] = str(asked.threads)
    part = "whole" if asked.whole else "core"
    print(f"{asked.notebook.name}, {part}; threads of each kernel: {asked.threads}")
    print(f"{os.cpu_count()} cores, load {psutil.getloadavg()[0]:.1f}; {free():.1f} GB free")
    print(f"a JupyterLab server takes {server():.2f} GB beside its kernels\n")
    each = measured(notebook, folder, 1, FIRST).one  # not counted: it fills the disk's cache
    print("| " + " | ".join(COLUMNS) + " |\n" + "|---" * len(COLUMNS) + "|", flush=True)
    alone = None
    for learners in sorted({1, *asked.counts}):
        run = measured(notebook, folder, learners, each)
        alone = alone or run
        print("| " + " | ".join(run.row(alone)) + " |", flush=True)


if __name__ == "__main__":
    main()
