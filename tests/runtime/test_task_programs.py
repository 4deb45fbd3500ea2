"""What travels in a container's command, and how it becomes a function again."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from milonga.errors import TaskFailed
from milonga.runtime.loading import load_function, missing_packages
from milonga.runtime.placement import local_path
from milonga.runtime.program import (
    LOADER,
    MARKER,
    TaskProgram,
    from_container,
    is_milonga_command,
    json_text,
    pack,
    unpack,
)

TEXTS = st.text() | st.sampled_from(["{{$}}", "{{", "--source", "", "$$", "$(HOME)", "\n", "💃", "'\"\\"])


@given(
    source=TEXTS,
    packages=st.lists(TEXTS, max_size=2),
    modules=st.dictionaries(st.from_regex(r"[a-z]{1,5}/[a-z]{1,5}\.py", fullmatch=True), TEXTS, max_size=2),
)
def test_a_program_is_read_back_from_its_arguments(source, packages, modules):
    program = TaskProgram("step", source, tuple(packages), modules)
    arguments = program.to_args()
    for argument in arguments:
        assert argument == "{{$}}" or "{{" not in argument, "KFP would read a placeholder"
        assert "$$" not in argument and "$(" not in argument, "Kubernetes would change it"
    again, executor_input = TaskProgram.from_args(arguments)
    assert again == program
    assert again.digest() == program.digest()
    assert executor_input == "{{$}}"


def test_placeholders_in_packages_do_not_reach_the_back_end():
    arguments = TaskProgram("step", "", ("{{$.x}}",)).to_args()
    assert sum("{{" in argument for argument in arguments) == 1


@given(st.dictionaries(st.text(), st.text(), max_size=4))
def test_packed_files_are_unpacked_as_they_were(files):
    assert unpack(pack(files)) == files
    assert pack(dict(reversed(files.items()))) == pack(files)
    assert not {"{", "$"} & set(pack(files))


def test_files_that_an_older_version_packed_are_unpacked():
    import base64
    import zlib

    old = base64.b85encode(zlib.compress(json.dumps({"a.py": "x = 1\n" * 9}).encode(), 9)).decode()
    assert unpack(old) == {"a.py": "x = 1\n" * 9}


def test_the_digest_is_of_everything_that_decides_what_a_task_does():
    program = TaskProgram("f", "s", ("p",), {"m.py": "t"})
    others = [
        TaskProgram("g", "s", ("p",), {"m.py": "t"}),
        TaskProgram("f", "S", ("p",), {"m.py": "t"}),
        TaskProgram("f", "s", ("q",), {"m.py": "t"}),
        TaskProgram("f", "s", ("p",), {"m.py": "T"}),
    ]
    assert len({one.digest() for one in [program, *others]}) == 5


@pytest.mark.parametrize("arguments", [["--function"], ["--source", "x"], []])
def test_arguments_of_something_else_are_refused(arguments):
    with pytest.raises(ValueError, match="milonga task"):
        TaskProgram.from_args(arguments)


def test_a_milonga_command_is_recognised():
    assert is_milonga_command(["python3", "-c", LOADER])
    assert is_milonga_command(["python3", "-c", MARKER + "something newer"])
    assert not is_milonga_command(["python3", "-c", "print(1)"])
    assert not is_milonga_command(None)
    assert from_container(["python3", "-c", LOADER], ["runtime", "--function", "f", "--source", "x"]).function == "f"


def test_json_text_is_compact():
    assert json_text({"a": [1, "é"]}) == '{"a":[1,"é"]}'


# Loading


def test_an_error_in_a_task_shows_the_authors_line():
    import traceback

    function = load_function(TaskProgram("step", "def step():\n    raise KeyError('x')  # this line\n"))
    try:
        function()
    except KeyError as error:
        assert "# this line" in "".join(traceback.format_exception(error))


def test_source_that_does_not_define_its_function_is_refused():
    with pytest.raises(TaskFailed) as raised:
        load_function(TaskProgram("step", "x = 1\n"))
    assert raised.value.code == "E413"


def test_source_that_fails_while_it_is_loaded_says_so():
    with pytest.raises(TaskFailed) as raised:
        load_function(TaskProgram("step", "import no_such_module_anywhere\ndef step(): pass\n"))
    assert raised.value.code == "E413"
    assert "no_such_module_anywhere" in raised.value.got


def test_the_loaders_own_settings_do_not_leak_into_the_source():
    function = load_function(TaskProgram("step", "def step(a: int) -> int:\n    return a\n"))
    assert function.__annotations__ == {"a": int, "return": int}


def test_modules_of_a_program_are_importable(tmp_path):
    program = (
        "import sys; from pathlib import Path\n"
        "from milonga.runtime.loading import place_modules\n"
        "from milonga.runtime.program import TaskProgram\n"
        "place_modules(TaskProgram('f', '', (), {'own/__init__.py': '', 'own/deep.py': 'X = 3',"
        " 'milonga/components/__init__.py': '', 'milonga/components/mine/__init__.py': 'Y = 4'}), Path(sys.argv[1]))\n"
        "import own.deep, milonga.components.mine; print(own.deep.X, milonga.components.mine.Y)\n"
    )
    done = subprocess.run([sys.executable, "-c", program, tmp_path], capture_output=True, text=True)
    assert done.stdout == "3 4\n", done.stderr


@pytest.mark.parametrize(
    ("requirement", "met"),
    [
        ("pytest", True),
        ("PyTest>=8", True),
        ("pytest>=8,<100", True),
        ("pytest>=1000", False),
        ("pytest<1", False),
        ("pytest==0.1", False),
        ("pytest!=0.1", True),
        ("pytest~=9.0", True),
        ("pytest~=1.0", False),
        ("pytest==9.*", True),
        ("pytest===0.1", False),
        ("pytest[testing]>=8", True),
        ("pytest>=8; python_version > '3'", True),
        ("no-such-package-anywhere", False),
        ("pkg @ https://example.invalid/pkg.whl", False),
    ],
)
def test_a_requirement_is_met_by_what_is_installed(requirement, met):
    assert missing_packages([requirement]) == ([] if met else [requirement])


# The whole program


def run_loader(tmp_path: Path, program: TaskProgram, executor_input: dict) -> subprocess.CompletedProcess:
    from milonga.compiler.trace.modules import runtime_files

    arguments = [json.dumps(executor_input) if text == "{{$}}" else text for text in program.to_args()]
    command = [sys.executable, "-I", "-S", "-c", LOADER, pack(runtime_files()), *arguments]
    return subprocess.run(command, capture_output=True, text=True, cwd=tmp_path, env={"PATH": os.environ["PATH"]})


def test_a_failure_is_a_traceback_on_stderr_and_exit_code_1(tmp_path):
    done = run_loader(tmp_path, TaskProgram("step", "def step() -> None:\n    raise ValueError('mine')\n"), {})
    assert done.returncode == 1
    assert "ValueError: mine" in done.stderr
    assert done.stdout == ""


def test_an_error_of_milonga_is_told_without_a_traceback(tmp_path):
    done = run_loader(tmp_path, TaskProgram("step", "def step(a: int) -> None: pass\n"), {})
    assert done.returncode == 1
    assert done.stderr == "E411: the task got no value for 'a'\n"


def test_exit_codes_of_the_author_are_kept(tmp_path):
    done = run_loader(tmp_path, TaskProgram("step", "import sys\ndef step() -> None:\n    sys.exit(7)\n"), {})
    assert done.returncode == 7


def test_output_is_seen_line_by_line(tmp_path):
    done = run_loader(tmp_path, TaskProgram("step", "def step() -> None:\n    print('a line')\n"), {})
    assert (done.returncode, done.stdout) == (0, "a line\n")


@pytest.mark.parametrize(
    ("artifact", "path"),
    [
        ({"uri": "/data/x"}, "/data/x"),
        ({"uri": "file:///data/x"}, "/data/x"),
        ({"uri": "s3://bucket/a/b"}, "/s3/bucket/a/b"),
        ({"uri": "gs://bucket/a"}, "/gcs/bucket/a"),
        ({"uri": "minio://bucket/a"}, "/minio/bucket/a"),
        ({"uri": "oci://registry/model:1"}, "/oci/registry\\/model:1/models"),
        ({"uri": "s3://bucket/a", "customPath": "/own/path"}, "/own/path"),
    ],
)
def test_an_address_is_where_kfps_launcher_puts_it(artifact, path):
    assert local_path(artifact) == Path(path)
