"""What an attempt leaves may be anything: half a file, another form, things that are no files."""

from __future__ import annotations

import pytest
from engine_bench import Bench

FOLDER = "folder = __import__('pathlib').Path(made.path).parents[1]\n"


def leaving(text: str) -> str:
    """A script that writes `text` as the result and ends the process before the true one is written."""
    return (
        FOLDER
        + f"(folder / 'executor_output.json').write_bytes({text!r}.encode('utf-8', 'surrogatepass'))\nos._exit(0)"
    )


@pytest.mark.parametrize(
    "text",
    [
        "",
        "{",
        "[]",
        "null",
        '{"parameterValues": 3}',
        '{"artifacts": []}',
        '{"artifacts": {"Output": 7}}',
        '{"artifacts": {"Output": {"artifacts": [1]}}}',
        '{"artifacts": {"Output": {"artifacts": [{"uri": 5}]}}}',
        '{"artifacts": {"Output": {"artifacts": [{"metadata": "x"}]}}}',
        "\ud800",
        "[" * 100_000,
    ],
)
def test_a_result_of_another_form_fails_its_task(bench_here: Bench, text: str) -> None:
    ended = bench_here.run(script=leaving(text))
    assert (ended.code, ended.error["task"]) == (1, "act")
    assert ended.error["code"] == "E416", ended.error


@pytest.mark.parametrize(
    "script",
    [
        "made.path.mkdir(); os.mkfifo(made.path / 'pipe'); raise SystemExit(0)",
        "os.mkfifo(made.path); os._exit(0)",
        "made.path.symlink_to('/nowhere/at/all'); os._exit(0)",
    ],
    ids=["a pipe in a folder", "a pipe", "a link to nowhere"],
)
def test_an_artifact_that_is_no_content_fails_its_task(bench_here: Bench, script: str) -> None:
    result = '{"artifacts": {}}'
    ended = bench_here.run(
        script=FOLDER
        + f"(folder / 'executor_output.json').write_text({result!r})\n"
        + script.replace("raise SystemExit(0)", "os._exit(0)")
    )
    assert (ended.code, ended.error["code"]) == (1, "E424"), ended.err
