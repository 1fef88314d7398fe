"""Execute notebooks in place, so that the stored outputs are the same whoever runs them.

`prepare` is the one place that says in which surroundings notebooks run, here and under pytest:
without network, GPU and progress bars, and without anybody's own Jupyter and matplotlib settings.

Usage: python tests/tools/execute.py notebooks/*.ipynb
"""

import importlib
import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path

WIDGET = "application/vnd.jupyter.widget-view+json"
CELL_TIMEOUT = 600  # seconds; the tests are stricter


def prepare() -> None:
    """Set the environment variables that notebooks and tests run under, for children as well."""
    folder = tempfile.TemporaryDirectory(prefix="three-transformers-")
    prepare.folder = folder  # lives, and is then removed, with this process
    os.environ["TQDM_DISABLE"] = "1"  # no bars of training; in a kernel tqdm itself overlooks this
    os.environ["HF_HUB_DISABLE_PROGRESS_BARS"] = "1"  # nor those of transformers and of downloads
    os.environ.setdefault("NOTEBOOK_DEVICE", "cpu")  # stored outputs come from a CPU
    os.environ.setdefault("CUDA_VISIBLE_DEVICES", "")  # in transformers' Trainer too
    os.environ["JUPYTER_PREFER_ENV_PATH"] = "1"  # the kernel "python3" is this Python
    for name in ("IPYTHONDIR", "JUPYTER_CONFIG_DIR", "JUPYTER_RUNTIME_DIR", "MPLCONFIGDIR"):
        os.environ[name] = os.path.join(folder.name, name.lower())
        os.mkdir(os.environ[name])
    os.environ["HF_HUB_DISABLE_TELEMETRY"] = "1"
    if os.environ.get("NOTEBOOK_WEIGHTS") != "hub":  # real weights come from your own cache
        os.environ["HF_HUB_OFFLINE"] = "1"
        os.environ["HF_HOME"] = os.path.join(folder.name, "hf_home")
    import matplotlib.font_manager  # builds its font cache: here, not on the stderr of some cell

    matplotlib.use("agg")


def guard() -> Path:
    """Refuse, and note, whatever this process and its children would send to other machines.

    Returns the file in which it is noted.
    """
    log = Path(prepare.folder.name) / "traffic"
    os.environ.setdefault("TRAFFIC_LOG", str(log))
    os.environ["HF_HUB_DISABLE_XET"] = "1"  # compiled code, which the guard can't see
    paths = [str(Path(__file__).parent / "guard"), os.environ.get("PYTHONPATH", "")]
    os.environ["PYTHONPATH"] = os.pathsep.join(filter(None, paths))
    sys.path.insert(0, paths[0])
    sys.modules.pop("sitecustomize", None)
    importlib.import_module("sitecustomize")
    return log


def execute(path: Path, before: str = ""):
    """The notebook at `path` with new outputs: no times, no state of widgets, no Python version.

    The code in `before` runs first, in a cell that is not kept.
    """
    import nbclient  # here, since `prepare` is called by many who execute nothing, and these
    import nbformat  # take more than a second

    notebook = nbformat.read(path, as_version=4)
    notebook.cells.insert(0, nbformat.v4.new_code_cell(before))
    nbclient.NotebookClient(
        notebook,
        timeout=CELL_TIMEOUT,
        kernel_name="python3",
        resources={"metadata": {"path": str(path.parent)}},
        record_timing=False,
        coalesce_streams=True,
    ).execute(stderr=subprocess.DEVNULL)  # of the kernel as a program; that of cells is recorded
    del notebook.cells[0]
    kernel = {"name": "python3", "display_name": "Python 3 (ipykernel)", "language": "python"}
    notebook.metadata = {"kernelspec": kernel, "language_info": {"name": "python"}}
    for cell in notebook.cells:
        cell.metadata.pop("execution", None)
        for output in cell.get("outputs", []):
            output.get("data", {}).pop(WIDGET, None)  # points to a state that is not stored
    return notebook


def main() -> None:
    import nbformat

    prepare()
    for name in sys.argv[1:]:
        path, start = Path(name), time.perf_counter()
        nbformat.write(execute(path), path)
        print(f"{path.name}: {time.perf_counter() - start:.0f} s")


if __name__ == "__main__":
    main()
