"""The notebooks that a data scientist starts from run as they are, show what they promise, and hold no outputs."""

import json
import os
import re
import sys
from html import unescape
from pathlib import Path

import pytest

FOLDER = Path(__file__).resolve().parents[2] / "notebooks"
NOTEBOOKS = sorted(FOLDER.glob("*.ipynb"))


def words(html: str) -> str:
    return " ".join(unescape(re.sub(r"<[^>]+>", " ", html)).split())


@pytest.fixture(scope="module")
def outputs(tmp_path_factory):
    """The outputs of all cells of a notebook, run once: HTML, text, and what was printed."""
    nbclient, nbformat = pytest.importorskip("nbclient"), pytest.importorskip("nbformat")
    pytest.importorskip("sklearn")
    done: dict[str, tuple[list[str], str]] = {}

    def run(name: str) -> tuple[list[str], str]:
        if name not in done:
            folder = tmp_path_factory.mktemp("notebook")
            notebook = nbformat.read(FOLDER / name, as_version=4)
            environment = {key: value for key, value in os.environ.items() if not key.startswith("MILONGA_")}
            environment["PATH"] = f"{Path(sys.executable).parent}{os.pathsep}{environment['PATH']}"
            environment |= {"IPYTHONDIR": str(folder / "ipython"), "NO_COLOR": "1"}
            client = nbclient.NotebookClient(notebook, timeout=600, resources={"metadata": {"path": str(folder)}})
            client.execute(env=environment)
            found = [output for cell in notebook.cells for output in cell.get("outputs", [])]
            assert [output for output in found if output.output_type == "error"] == []
            html = [output.data["text/html"] for output in found if "text/html" in output.get("data", {})]
            done[name] = html, "".join(output.text for output in found if output.output_type == "stream")
        return done[name]

    return run


@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda path: path.name)
def test_a_notebook_is_committed_without_outputs_and_with_stable_ids(path):
    notebook = json.loads(path.read_text("utf-8"))
    assert path.read_text("utf-8") == json.dumps(notebook, indent=1, ensure_ascii=False) + "\n"
    prefix = path.stem.split("_")[1]
    assert [cell["id"] for cell in notebook["cells"]] == [
        f"{prefix}-{number:02d}" for number in range(1, len(notebook["cells"]) + 1)
    ]
    for cell in notebook["cells"]:
        assert cell["metadata"] == {}
        assert cell["cell_type"] == "markdown" or (cell["outputs"], cell["execution_count"]) == ([], None)
    assert set(notebook["metadata"]) == {"kernelspec", "language_info"}
    assert "/work/" not in path.read_text("utf-8") and "/home/" not in path.read_text("utf-8")


@pytest.mark.slow
def test_the_first_notebook_shows_graph_table_metrics_and_the_cache(outputs):
    html, _ = outputs("01_author.ipynb")
    graph = next(item for item in html if "<svg" in item and "good_enough" in item)
    for name in ("split-digits", "train", "evaluate", "announce", "ClassificationMetrics", "Dataset", "Model"):
        assert name in words(graph), name
    tables = [words(item) for item in html if "run of digits" in words(item)]
    assert len(tables) == 3
    assert "4 tasks: 4 succeeded" in tables[0] and "Confusion matrix" in tables[1] and "macro F1" in tables[1]
    assert "4 tasks: 3 succeeded, 1 cached" in tables[2] and "split-digits cached" in tables[2]


@pytest.mark.slow
def test_the_second_notebook_compiles_checks_compares_and_runs_the_file(outputs):
    html, printed = outputs("02_compile_and_check.ipynb")
    assert "# PIPELINE DEFINITION" in printed and "E304" in printed and "cpu 1 → 2" in printed
    assert "no findings" in printed
    mistakes = next(words(item) for item in html if "mistakes" in words(item))
    assert "3 mistakes" in mistakes and "E113" in mistakes and re.search(r"In \[\d+\], line 5", mistakes)
    assert any("run of nuclei" in words(item) and "5 tasks: 5 succeeded" in words(item) for item in html)
