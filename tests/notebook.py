"""Runs docs/notebook.ipynb. As a program, it keeps the new outputs in the file: `python tests/notebook.py`."""

import json
import os
import re

from places import ROOT

NOTEBOOK = ROOT / "docs/notebook.ipynb"
LONGEST = 1800  # Seconds that a cell may take on a busy machine.


def run_notebook(folder=NOTEBOOK.parent):
    """Run the notebook of this repository with this Python in a folder, and return it with its outputs."""
    import nbformat
    from nbclient import NotebookClient

    os.environ.setdefault("OMP_WAIT_POLICY", "passive")  # Threads that wait in a loop take a busy machine's time.
    notebook = nbformat.read(NOTEBOOK, as_version=4)
    resources = {"metadata": {"path": str(folder)}}
    return NotebookClient(notebook, timeout=LONGEST, resources=resources, record_timing=False).execute()


def kept_outputs(cell):
    """The outputs of a cell that are kept in the file: what it printed, without progress bars and notes on stderr."""
    return "".join(
        "".join(output["text"])
        for output in cell["outputs"]
        if output["output_type"] == "stream" and output["name"] == "stdout"
    )


def without_figures(text):
    """The text without its fractions, which differ between processors."""
    return re.sub(r"\d+\.\d+", "#", text)


def write_outputs():
    kept = json.loads(NOTEBOOK.read_text(encoding="utf-8"))
    for cell, found in zip(kept["cells"], run_notebook()["cells"], strict=True):
        if cell["cell_type"] == "code":
            lines = kept_outputs(found).splitlines(keepends=True)
            cell["outputs"] = [{"name": "stdout", "output_type": "stream", "text": lines}] if lines else []
            cell["execution_count"] = found["execution_count"]
    NOTEBOOK.write_text(json.dumps(kept, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")


if __name__ == "__main__":
    write_outputs()
