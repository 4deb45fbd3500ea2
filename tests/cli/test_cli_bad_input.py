"""Bad input: one clear error with code, what, where and a hint; the right exit code; nothing half done."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest

GOOD = """
    from milonga import component, pipeline

    @component
    def one(value: int) -> int:
        return value

    @pipeline
    def p(value: int = 1) -> int:
        return one(value)
"""

NEEDS_INPUT = GOOD.replace("value: int = 1", "value: int")

# name → (content of bad.py or None, arguments, exit code, error code, texts that the message must hold)
TABLE = {
    "unknown target": (None, ["run", "nothing.py:p"], 2, "E908", ["nothing.py:p"]),
    "unknown pipeline": (GOOD, ["run", "bad.py:q"], 2, "E909", ["'q'"]),
    "syntax error": ("def p(:\n    pass\n", ["run", "bad.py:p"], 1, "E163", ["bad.py:1"]),
    "raises on import": (
        "import os\n\nos.no_such_thing()\n",
        ["run", "bad.py:p"],
        1,
        "E163",
        ["bad.py:3", "no_such_thing"],
    ),
    "missing import": ("import surely_not_here\n", ["run", "bad.py:p"], 1, "E163", ["surely_not_here", "bad.py:1"]),
    "leaves on import": ("import sys\nsys.exit(0)\n", ["run", "bad.py:p"], 1, "E163", ["SystemExit", "bad.py:2"]),
    "no pipeline in it": ("x = 1\n", ["run", "bad.py"], 2, "E909", ["no pipeline"]),
    "type error": (GOOD.replace("one(value)", 'one("text")'), ["run", "bad.py:p"], 1, "E113", ["bad.py:10", "int"]),
    "bug in the pipeline": (
        GOOD.replace("return one(value)", "return one(1 // 0)"),
        ["run", "bad.py:p"],
        1,
        "E",
        ["ZeroDivisionError", "bad.py:10"],
    ),
    "no annotation": (
        GOOD.replace("def one(value: int)", "def one(value)"),
        ["run", "bad.py:p"],
        1,
        "E101",
        ["'value'", "bad.py:"],
    ),
    "empty Python file": ("", ["run", "bad.py:p"], 2, "E909", ["'p'"]),
    "unknown flag": (GOOD, ["run", "bad.py:p", "--valeu", "1"], 2, "E900", ["--valeu", "--value"]),
    "wrong flag type": (GOOD, ["run", "bad.py:p", "--value", "abc"], 2, "E900", ["--value", "abc", "int"]),
    "float for int": (GOOD, ["run", "bad.py:p", "--value", "1.5"], 2, "E900", ["--value", "1.5"]),
    "missing input": (NEEDS_INPUT, ["run", "bad.py:p"], 2, "E903", ["value: int"]),
    "unknown --set": (GOOD, ["run", "bad.py:p", "--set", "valeu=1"], 2, "E902", ["'valeu'", "'value'"]),
    "--set without =": (GOOD, ["run", "bad.py:p", "--set", "value"], 2, "E911", ["NAME=VALUE"]),
    "--set of wrong type": (GOOD, ["run", "bad.py:p", "--set", "value=x"], 2, "E904", ["'value'"]),
    "--args missing": (GOOD, ["run", "bad.py:p", "--args", "no.json"], 2, "E912", ["no.json"]),
    "--args not JSON": (GOOD, ["run", "bad.py:p", "--args", "bad.py"], 2, "E912", ["bad.py"]),
    "--args with a value that is not one": (
        GOOD.replace("value: int = 1", "value: Literal[1, 2] = 1").replace(
            "from milonga", "from typing import Literal\n    from milonga", 1
        ),
        ["run", "bad.py:p", "--args", "args.json"],
        2,
        "E904",
        ["'value'", "1, 2", "7"],
    ),
    "negative jobs": (GOOD, ["run", "bad.py:p", "--jobs", "-1"], 2, "E900", ["--jobs"]),
    "unknown verb": (None, ["rnu"], 2, "E900", ["'rnu'", "'run'"]),
    "unknown option": (None, ["--verbos"], 2, "E900", ["--verbos"]),
    "run without target": (None, ["run"], 2, "E9", []),
    "resume of nothing": (GOOD, ["run", "bad.py:p", "--resume"], 2, "E905", []),
    "logs of nothing": (None, ["logs", "20200101-000000-aaaaaa", "x"], 2, "E905", []),
    "show of nothing": (None, ["show", "nothing"], 2, "E908", ["nothing"]),
    "show of an unknown run": (None, ["show", "20200101-000000-aaaaaa"], 2, "E905", ["20200101-000000-aaaaaa"]),
    "unknown compile target": (GOOD, ["compile", "bad.py:p", "--target", "kpf"], 2, "E907", ["'kpf'", "kfp"]),
    "output in no folder": (GOOD, ["compile", "bad.py:p", "-o", "bad.py/out.yaml"], 2, "E9", ["bad.py/out.yaml"]),
    "unknown device": (None, ["devices", "show", "no-such-device"], 1, "E6", ["no-such-device"]),
}


def check_error(ended, exit_code: int, code: str, texts: list[str]) -> None:
    shown = f"{ended.out}\n{ended.err}"
    assert ended.code == exit_code, shown
    assert "Traceback" not in shown, shown
    errors = re.findall(r"(?m)^error (E\d+):", ended.err)
    assert len(errors) == 1 and errors[0].startswith(code), shown
    for text in texts:
        assert text in ended.err, f"{text!r} is missing in\n{shown}"


@pytest.mark.parametrize("case", TABLE)
def test_one_clear_error(here, case: str) -> None:
    content, arguments, exit_code, code, texts = TABLE[case]
    if content is not None:
        here.write("bad.py", content)
    here.write("args.json", '{"value": 7}')
    before = sorted(path for path in here.folder.rglob("*") if "__pycache__" not in str(path))
    ended = here(*arguments)
    check_error(ended, exit_code, code, texts)
    assert ended.out == ""
    after = sorted(path for path in here.folder.rglob("*") if "__pycache__" not in str(path))
    left = [path for path in after if path not in before and here.home not in [path, *path.parents]]
    assert left == [] and not (here.home / "runs").exists(), "something was left half done"


@pytest.mark.parametrize("case", ["unknown verb", "unknown flag", "type error", "missing input", "unknown target"])
def test_the_same_error_as_json(milonga, case: str) -> None:
    content, arguments, exit_code, code, _ = TABLE[case]
    if content is not None:
        milonga.write("bad.py", content)
    ended = milonga(*arguments, "--json")
    assert ended.code == exit_code and ended.json["error"]["code"] == code and ended.json["error"]["message"]


NO_PIPELINES = {
    "yaml that is no pipeline": ("file.yaml", b"a: 1\nb: [2]\n"),
    "yaml list": ("file.yaml", b"- 1\n- 2\n"),
    "yaml text": ("file.yaml", b"just words\n"),
    "broken yaml": ("file.yaml", b"a: [1\nb: }\n"),
    "yaml with two keys of one name": ("file.yaml", b"pipelineInfo: {name: a}\npipelineInfo: {name: b}\n"),
    "yaml with tags": ("file.yaml", b"!!python/object/apply:os.system ['echo']\n"),
    "broken json": ("file.json", b'{"pipelineInfo": {"name": "x"'),
    "empty file": ("file.yaml", b""),
    "binary file": ("file.yaml", bytes(range(256)) * 10),
    "binary with another name": ("file.bin", b"\x7fELF\x00\x01\xff\xfe" * 50),
    "deep nesting": ("file.yaml", b"[" * 3000),
    "wrong types inside": ("file.yaml", b"pipelineInfo: {name: x}\nschemaVersion: 2.1.0\nroot: 7\n"),
    "tasks that do not exist": (
        "file.json",
        json.dumps(
            {
                "pipelineInfo": {"name": "x"},
                "schemaVersion": "2.1.0",
                "root": {"dag": {"tasks": {"t": {"componentRef": {"name": "comp-none"}}}}},
            }
        ).encode(),
    ),
}


@pytest.mark.parametrize("case", NO_PIPELINES)
def test_a_file_that_is_no_pipeline(here, case: str) -> None:
    name, content = NO_PIPELINES[case]
    (here.folder / name).write_bytes(content)
    ended = here("run", name)
    check_error(ended, 1, "E2", [name])
    assert not here.home.exists() or not (here.home / "runs").exists()
    checked = here("check", name, "--json")
    assert checked.code == 1 and checked.json["findings"] and "Traceback" not in checked.err


def test_a_folder_that_is_no_pipeline(here) -> None:
    (here.folder / "empty").mkdir()
    check_error(here("run", "empty"), 2, "E908", ["'empty'"])


def test_a_python_file_that_is_no_text(here) -> None:
    (here.folder / "bad.py").write_bytes(b"\x00\xff\xfe binary")
    check_error(here("run", "bad.py:p"), 1, "E163", ["bad.py"])


@pytest.mark.parametrize("verb", [["run", "bad.py:p"], ["run", "bad.py:p", "--resume"]])
def test_a_state_folder_that_cannot_be_written(here, verb: list[str]) -> None:
    here.write("bad.py", GOOD)
    here.write("blocked", "a file where the folder should be")
    check_error(here(*verb, "--home", "blocked/home"), 1, "E423", ["blocked/home"])


def test_a_damaged_store(here) -> None:
    here.write("bad.py", GOOD)
    here.home.mkdir()
    (here.home / "lineage.sqlite").write_bytes(b"no database " * 500)
    for verb in (["run", "bad.py:p"], ["runs"], ["show", "20200101-000000-aaaaaa"], ["logs", "20200101", "x"]):
        check_error(here(*verb), 1, "E421", ["lineage.sqlite", "move the file away"])


# The flagship pipeline on bad data -------------------------------------------------------------------------------


def write_image(path: Path, shade: int) -> None:
    from PIL import Image

    path.parent.mkdir(parents=True, exist_ok=True)
    Image.new("L", (8, 8), shade).save(path)


@pytest.mark.slow
def test_a_data_folder_that_does_not_exist(milonga) -> None:
    ended = milonga("run", "image-classification", "--data", "no/such/folder")
    check_error(ended, 1, "E5", ["no/such/folder"])


@pytest.mark.slow
def test_a_data_folder_with_one_class(milonga) -> None:
    for index in range(8):
        write_image(milonga.folder / "data" / "cats" / f"{index}.png", index * 20)
    check_error(milonga("run", "image-classification", "--data", "data"), 1, "E5", ["cats"])


@pytest.mark.slow
def test_a_corrupt_picture(milonga) -> None:
    for index in range(8):
        for name in ("cats", "dogs"):
            write_image(milonga.folder / "data" / name / f"{index}.png", index * 20)
    (milonga.folder / "data" / "dogs" / "3.png").write_bytes(b"\x89PNG\r\n\x1a\n broken")
    check_error(milonga("run", "image-classification", "--data", "data"), 1, "E5", ["3.png"])


@pytest.mark.slow
def test_a_latency_that_no_network_can_have(milonga) -> None:
    assert milonga("data", "digits", "digits").code == 0
    ended = milonga(
        *("run", "image-classification", "--data", "digits", "--json", "-q"),
        *("--set", "latency_p95_ms=0.0001", "--set", "trials=2", "--set", "epochs=1"),
    )
    assert ended.code == 1 and "Traceback" not in ended.err, ended.err
    assert ended.json["state"] == "FAILED" and ended.json["error"]["code"].startswith("E6"), ended.json["error"]


# Outputs and surroundings


def test_an_output_that_is_a_link_or_a_device_stays_what_it_is(here, flow) -> None:
    target = here.folder / "target.yaml"
    target.write_text("old")
    target.chmod(0o640)
    (here.folder / "link.yaml").symlink_to(target)
    assert here("compile", "flow.py:p", "-o", "link.yaml").code == 0
    assert (here.folder / "link.yaml").is_symlink()
    assert target.read_text().startswith("# PIPELINE DEFINITION")
    assert target.stat().st_mode & 0o777 == 0o640
    assert here("compile", "flow.py:p", "-o", "/dev/null").code == 0
    assert not Path("/dev/null").is_file()
    assert [path.name for path in here.folder.glob(".*.tmp")] == []


def test_a_folder_is_no_output(here, flow) -> None:
    for name in (".", ".."):
        ended = here("compile", "flow.py:p", "-o", name)
        assert ended.code == 2
        assert "E919" in ended.err


def test_a_device_is_written_into(milonga, flow) -> None:
    ended = milonga("compile", "flow.py:p", "-o", "/dev/stdout")
    assert ended.code == 0
    assert ended.out.startswith("# PIPELINE DEFINITION")


def test_a_full_output_is_one_message(tmp_path, flow) -> None:
    import subprocess
    import sys

    with open("/dev/full", "w") as full:  # noqa: PTH123
        for arguments in (["compile", "flow.py:p"], ["check", "nowhere.py", "--json"]):
            command = [sys.executable, "-m", "milonga", *arguments]
            ended = subprocess.run(command, cwd=tmp_path, stdout=full, stderr=subprocess.PIPE, text=True, check=False)
            assert ended.returncode == 2, ended.stderr
            assert "cannot be written" in ended.stderr and "Traceback" not in ended.stderr


def test_a_closed_output_is_no_error_inside(tmp_path, flow) -> None:
    import subprocess
    import sys

    ended = subprocess.run(
        ["bash", "-c", f"{sys.executable} -m milonga explain E113 >&-"], cwd=tmp_path, capture_output=True, text=True
    )
    assert (ended.returncode, ended.stderr) == (0, "")


def test_a_current_folder_that_is_gone_is_one_message(tmp_path) -> None:
    import subprocess
    import sys

    gone = tmp_path / "gone"
    gone.mkdir()
    script = f"cd {gone} && rmdir {gone} && {sys.executable} -P -m milonga runs"
    ended = subprocess.run(["bash", "-c", script], capture_output=True, text=True, check=False)
    assert ended.returncode == 2, ended.stderr
    assert "E951" in ended.stderr


def test_a_file_may_raise_what_is_no_exception(here) -> None:
    here.write("base.py", "class Strange(BaseException): pass\nraise Strange('x')\n")
    ended = here("check", "base.py")
    assert ended.code == 1
    assert "E163" in ended.out and "Strange" in ended.out


def test_a_file_that_goes_elsewhere_takes_no_output_along(milonga, flow, tmp_path) -> None:
    text = (tmp_path / "flow.py").read_text()
    (tmp_path / "away.py").write_text("import os\nos.chdir('/')\n" + text)
    assert milonga("compile", "away.py:p", "-o", "away.yaml").code == 0
    assert (tmp_path / "away.yaml").is_file()


def test_check_takes_every_pipeline_of_a_file(here, flow) -> None:
    text = (here.folder / "flow.py").read_text()
    here.write("two.py", text + "\n\n@pipeline\ndef unused(value: int) -> float:\n    return scale(1, 0.5)\n")
    ended = here("check", "two.py")
    assert ended.code == 0
    assert "E238" in ended.out and "'value'" in ended.out


def test_check_runs_an_authors_file_once(here, flow) -> None:
    text = (here.folder / "flow.py").read_text()
    second = "\n\n@pipeline\ndef second(value: int) -> float:\n    return scale(value, 0.5)\n"
    here.write("two.py", text + second + "\nprint('run once')\n")
    assert here("check", "two.py").err.count("run once") == 1


def test_compile_strict_says_what_kept_it_from_writing(here) -> None:
    here.write(
        "timed.py",
        """
        from milonga import component, pipeline

        @component(timeout_s=5)
        def step() -> int:
            return 1

        @pipeline
        def timed() -> int:
            return step()
        """,
    )
    ended = here("compile", "timed.py", "--target", "vertex", "--strict", "-o", "out.yaml")
    assert ended.code == 1
    assert "error E304" in ended.err and "nothing was written" in ended.err
    assert not (here.folder / "out.yaml").exists()
    assert here("compile", "timed.py", "-o", "").code == 2
