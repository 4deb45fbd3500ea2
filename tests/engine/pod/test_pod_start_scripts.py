"""The script around the command of a container, run by a real shell; and kfp's own scripts."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from milonga.engine.json_values import coerce, fits
from milonga.engine.pod.start_script import start_script, without_met_packages

WORDS = st.lists(
    st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0"), max_size=20)
    | st.sampled_from(["$(A)", "$$(A)", "'", "\\'", "$A", "`id`", "\n", "-", "$(B)"]),
    max_size=5,
)
KFP = 'if ! [ -x x ]; then python3 -m ensurepip; fi\npython3 -m pip install --quiet {} && "$0" "$@"\n'


def run(script: str, folder: Path, **variables: str) -> subprocess.CompletedProcess[bytes]:
    file = folder / "run.sh"
    file.write_text(script, "utf-8", newline="")
    environment = {"PATH": "/usr/bin:/bin", **variables}
    return subprocess.run(["sh", str(file)], env=environment, capture_output=True, timeout=20, check=False)


@settings(
    max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow]
)
@given(WORDS)
def test_every_word_arrives_as_kubernetes_would_hand_it_over(tmp_path: Path, words: list[str]) -> None:
    expected = [kubernetes(word, {"A": "it's"}) for word in words]
    script = start_script(["printf", "%s\\0", *words, "end"], ["A"], tmp_path, [], done="u")
    done = run(script, tmp_path, A="it's", B="not declared")
    assert done.returncode == 0, done.stderr
    assert done.stdout.decode().split("\0")[:-1] == [*expected, "end"]


def kubernetes(text: str, variables: dict[str, str]) -> str:
    """What Kubernetes makes of `$(NAME)` and `$$` (k8s.io/kubernetes/third_party/forked/golang/expansion)."""
    made, at = "", 0
    while at < len(text):
        rest = text[at:]
        name = rest[2 : rest.index(")")] if rest.startswith("$(") and ")" in rest else None
        if rest.startswith("$$"):
            made, at = made + "$", at + 2
        elif name is not None and name in variables:
            made, at = made + variables[name], at + len(name) + 3
        else:
            made, at = made + rest[0], at + 1
    return made


def test_folders_are_there_before_the_command_starts(tmp_path: Path) -> None:
    wanted = tmp_path / "it's" / "a b"
    done = run(start_script(["test", "-d", str(wanted)], [], tmp_path, [wanted], done="u"), tmp_path)
    assert done.returncode == 0 and (tmp_path / "r" / "parameters").is_dir()


def test_success_is_noted_with_the_id_of_the_run(tmp_path: Path) -> None:
    assert run(start_script(["true"], [], tmp_path, [], done="it's-1"), tmp_path).returncode == 0
    assert (tmp_path / "r" / "done").read_text() == "it's-1"


@pytest.mark.parametrize("code", [1, 3, 137])
def test_a_failure_is_handed_on_and_nothing_is_noted(code: int, tmp_path: Path) -> None:
    done = run(start_script(["sh", "-c", f"exit {code}"], [], tmp_path, [], done="u"), tmp_path)
    assert done.returncode == code and not (tmp_path / "r" / "done").exists()


def test_a_step_whose_success_cannot_be_noted_has_failed(tmp_path: Path) -> None:
    """Or what follows would find nothing and go on without it."""
    (tmp_path / "r" / "done").mkdir(parents=True)
    assert run(start_script(["true"], [], tmp_path, [], done="u"), tmp_path).returncode != 0


@pytest.mark.parametrize("packages", ["'hypothesis'", "hypothesis>=1", "'hypothesis' 'pytest'", "--no-deps 'pytest'"])
def test_packages_that_are_there_are_not_installed(packages: str) -> None:
    assert without_met_packages(["sh", "-c", KFP.format(packages), "sh", "-c", "x"]) == ["sh", "-c", "x"]


@pytest.mark.parametrize("packages", ["'no-such-package-of-milonga'", "hypothesis>=999", "https://x/y.whl"])
def test_packages_that_are_not_there_are(packages: str) -> None:
    command = ["sh", "-c", KFP.format(packages), "sh", "-c", "x"]
    assert without_met_packages(command) == command


@pytest.mark.parametrize("command", [[], ["true"], ["sh", "-c", "pip install x", "y"], ["sh", "-x", KFP, "y"]])
def test_other_commands_stay_as_they_are(command: list[str]) -> None:
    assert without_met_packages(command) == command


def test_a_variable_that_the_container_is_not_given_stays_as_it_was_written(tmp_path: Path) -> None:
    script = start_script(["printf", "%s", "<$(MILONGA_NOT_GIVEN)>"], ["MILONGA_NOT_GIVEN"], tmp_path, [], done="u")
    assert run(script, tmp_path).stdout == b"<$(MILONGA_NOT_GIVEN)>"


def with_output(kind: str, text: str, folder: Path) -> subprocess.CompletedProcess[bytes]:
    """A container that writes `text` for its output "it's"."""
    parameters = {"it's": {"type": kind, "slug": "it-s"}}
    command = ["sh", "-c", 'printf %s "$1" > "$0"', str(folder / "r" / "parameters" / "it-s"), text]
    return run(start_script(command, [], folder, [], done="u", parameters=parameters), folder)


@pytest.mark.parametrize(
    ("kind", "text"),
    [
        ("NUMBER_INTEGER", "twelve"),
        ("NUMBER_INTEGER", "1.5"),
        ("NUMBER_INTEGER", ""),
        ("NUMBER_DOUBLE", "'; exit 0; '"),
        ("NUMBER_DOUBLE", "$(id)"),
        ("BOOLEAN", "yes"),
        ("LIST", '{"a": 1}'),
        ("LIST", "a, b"),
        ("STRUCT", "[]"),
    ],
)
def test_an_output_that_is_plainly_of_another_type_fails_the_step_that_wrote_it(
    kind: str, text: str, tmp_path: Path
) -> None:
    done = with_output(kind, text, tmp_path)
    assert done.returncode == 65 and not (tmp_path / "r" / "done").exists()
    assert done.stderr.decode() == f"E418: output 'it's' has the wrong type: expected {kind}, got {text}\n"


@pytest.mark.parametrize(
    ("kind", "text"),
    [
        ("NUMBER_INTEGER", "12"),
        ("NUMBER_INTEGER", " -12\n"),
        ("NUMBER_INTEGER", "\n+1_000\n"),
        ("NUMBER_DOUBLE", "1.5e-3\n"),
        ("NUMBER_DOUBLE", "-inf"),
        ("NUMBER_DOUBLE", "NaN\n"),
        ("BOOLEAN", "True\n"),
        ("BOOLEAN", "false"),
        ("LIST", ' ["a"]\n'),
        ("LIST", "[\n1\n]"),
        ("STRUCT", "\n{}"),
        ("STRING", ""),
        ("STRING", "12"),
    ],
)
def test_what_the_runtime_reads_as_its_type_passes(kind: str, text: str, tmp_path: Path) -> None:
    assert with_output(kind, text, tmp_path).returncode == 0
    assert (tmp_path / "r" / "done").read_text() == "u"
    value = coerce(text, kind)
    assert fits(value, kind), value


@settings(
    max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow]
)
@given(
    st.sampled_from(["NUMBER_INTEGER", "NUMBER_DOUBLE", "BOOLEAN", "LIST", "STRUCT"]),
    st.one_of(
        st.integers(),
        st.floats(),
        st.booleans(),
        st.lists(st.integers()),
        st.dictionaries(st.text(max_size=3), st.none()),
    ),
    st.sampled_from([None, 1]),
)
def test_a_value_of_its_type_is_never_refused(tmp_path: Path, kind: str, value: object, indent: int | None) -> None:
    text = json.dumps(value, indent=indent)
    if fits(coerce(text, kind), kind):
        assert with_output(kind, text, tmp_path).returncode == 0


def test_what_a_report_says_counts_more_than_a_file(tmp_path: Path) -> None:
    """As it does for whoever reads the value."""
    report = f'printf x > "$0"; echo "{{}}" > {tmp_path}/r/executor_output.json'
    command = ["sh", "-c", report, str(tmp_path / "r" / "parameters" / "x")]
    script = start_script(
        command, [], tmp_path, [], done="u", parameters={"x": {"type": "NUMBER_INTEGER", "slug": "x"}}
    )
    assert run(script, tmp_path).returncode == 0


@pytest.mark.parametrize(
    "shell", [("sh",), ("busybox", "sh"), ("bash", "--posix", "-eu"), ("dash", "-eu")], ids=" ".join
)
@pytest.mark.parametrize(("begins", "code"), [("[", 0), ("x", 65)])
def test_a_long_line_is_looked_at_in_every_shell(
    begins: str, code: int, shell: tuple[str, ...], tmp_path: Path
) -> None:
    """Its beginning, that is: a shell reads a line byte by byte."""
    if shutil.which(shell[0]) is None:
        pytest.skip(f"no {shell[0]}")
    file = tmp_path / "r" / "parameters" / "x"
    program = f"import pathlib; pathlib.Path({str(file)!r}).write_text({begins!r} + '1,' * 4_000_000 + '1]')"
    parameters = {"x": {"type": "LIST", "slug": "x"}}
    script = start_script([sys.executable, "-S", "-c", program], [], tmp_path, [], done="u", parameters=parameters)
    (tmp_path / "run.sh").write_text(script, "utf-8")
    done = subprocess.run([*shell, str(tmp_path / "run.sh")], capture_output=True, timeout=60, check=False)
    assert done.returncode == code, done.stderr
