"""Steps that are containers with a shell: what the start script hands to the command is what the author wrote."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import Any

import pytest
from container_pipelines import CONTENT, OUTPUT, container_choice, container_step, value_of
from hostile_texts import TEXTS
from paper_argo import PaperArgo

WRITE = ("sh", "-c", 'printf %s "$1" > "$2"', "sh")


def played(folder: Path, manifests: str, arguments: dict[str, Any], **settings: Any) -> tuple[PaperArgo, Any]:
    argo = PaperArgo(folder, manifests, **settings)
    return argo, argo.run(arguments)


def test_a_container_writes_its_outputs_where_it_is_told(tmp_path: Path) -> None:
    command = ("sh", "-c", 'printf %s "$0" > "$1"; printf %s "$0" > "$2"', value_of("text"), OUTPUT, CONTENT)
    argo, run = played(tmp_path, container_step(*command), {"text": "it's"})
    assert run.phase == "Succeeded", run.log
    assert argo.results() == {"out": "it's", "data": "it's"}


@pytest.mark.parametrize(
    "text", ["it's", "$HOME", "$(PATH)", "`id`", "a\nb", "{{workflow.name}}", "-n", "", "\\", "💃"]
)
def test_a_hostile_text_reaches_the_command_unchanged(text: str, tmp_path: Path) -> None:
    argo, run = played(tmp_path, container_step(*WRITE, value_of("text"), OUTPUT), {"text": text})
    assert run.phase == "Succeeded", run.log
    assert argo.results()["out"] == text


@pytest.mark.parametrize("shell", [("sh",), ("busybox", "sh"), ("bash", "--posix"), ("dash",)], ids=" ".join)
def test_hundreds_of_hostile_words_reach_the_command_unchanged(shell: tuple[str, ...], tmp_path: Path) -> None:
    """All in one command; words with a null byte cannot be given to any process."""
    if shutil.which(shell[0]) is None:
        pytest.skip(f"no {shell[0]}")
    words = [text for text in TEXTS if "\0" not in text and len(text) < 2_000 and "{{$" not in text]
    words = [text for text in words if not text.startswith(('{"IfPresent"', '{"Concat"'))]  # placeholders of KFP
    words = [text for text in words if not any(0xD800 <= ord(character) < 0xE000 for character in text)]
    program = 'for word in "$@"; do printf "%s\\0" "$word"; done > "$0"'
    expected = [word.replace("$$", "$") for word in words]
    argo, run = played(tmp_path, container_step("sh", "-c", program, CONTENT, *words), {"text": ""}, shell=shell)
    assert run.phase == "Succeeded", run.log
    assert argo.results()["data"].split("\0")[:-1] == expected and len(words) > 400


def test_variables_are_expanded_as_kubernetes_does(tmp_path: Path) -> None:
    words = ["$(NAME)", "a$(NAME)b$(NAME)", "$(OTHER)", "$$(NAME)", "$$$(NAME)", "$NAME", "$(NAME", "'$(NAME)'"]
    program = 'for word in "$@"; do printf "%s|" "$word"; done > "$0"'
    argo, run = played(
        tmp_path, container_step("sh", "-c", program, CONTENT, *words, env={"NAME": "it's $HOME"}), {"text": ""}
    )
    v = "it's $HOME"
    expected = [v, f"a{v}b{v}", "$(OTHER)", "$(NAME)", f"${v}", "$NAME", "$(NAME", f"'{v}'"]
    assert run.phase == "Succeeded", run.log
    assert argo.results()["data"].split("|")[:-1] == expected


@pytest.mark.parametrize("shell", [("sh",), ("busybox", "sh"), ("bash",)], ids=" ".join)
def test_a_command_is_a_program_even_if_the_shell_has_one_of_that_name(shell: tuple[str, ...], tmp_path: Path) -> None:
    """The echo of some shells reads backslashes, which the program does not."""
    if shutil.which(shell[0]) is None:
        pytest.skip(f"no {shell[0]}")
    _, run = played(tmp_path, container_step("echo", value_of("text")), {"text": r"a\tb\\c"}, shell=shell)
    assert run.phase == "Succeeded" and run.log == "a\\tb\\\\c\n"


@pytest.mark.parametrize("word", ["exit", "A=b", "return", ":", "if"])
def test_a_command_that_is_only_a_word_of_the_shell_fails(word: str, tmp_path: Path) -> None:
    argo, run = played(tmp_path, container_step(word, "0"), {"text": ""})
    assert run.phase == "Failed" and argo.results() == {}


def test_a_failed_command_leaves_no_mark_of_success(tmp_path: Path) -> None:
    command = ("sh", "-c", 'printf half > "$0"; exit 3', OUTPUT)
    argo, run = played(tmp_path, container_step(*command), {"text": ""})
    assert run.phase == "Failed"
    assert argo.results() == {}, "what a failed attempt has written must not be read"


def test_a_command_that_does_not_exist_fails(tmp_path: Path) -> None:
    _, run = played(tmp_path, container_step("no-such-program"), {"text": ""})
    assert run.phase == "Failed" and "no-such-program" in run.log


def test_an_output_that_was_not_written_is_left_out(tmp_path: Path) -> None:
    argo, run = played(tmp_path, container_step("true"), {"text": ""})
    assert run.phase == "Succeeded", run.log
    assert "out" not in argo.results()


@pytest.mark.parametrize(
    ("kind", "text", "value"),
    [
        ("NUMBER_INTEGER", "5\n", 5),
        ("NUMBER_DOUBLE", "2.5", 2.5),
        ("BOOLEAN", "True", True),
        ("LIST", '[1, "a"]', [1, "a"]),
        ("STRUCT", '{"a": null}', {"a": None}),
    ],
)
def test_a_text_is_read_as_the_declared_type(kind: str, text: str, value: Any, tmp_path: Path) -> None:
    argo, run = played(tmp_path, container_step(*WRITE, value_of("text"), OUTPUT, kind=kind), {"text": text})
    assert run.phase == "Succeeded", run.log
    assert argo.results()["out"] == value and type(argo.results()["out"]) is type(value)


@pytest.mark.parametrize(("text", "pods"), [("True\n", 2), (" true", 2), ("FALSE\n", 1)])
def test_a_truth_value_decides_however_it_is_written(text: str, pods: int, tmp_path: Path) -> None:
    _, run = played(tmp_path, container_choice(text), {})
    assert run.phase == "Succeeded" and len(run.pods) == pods, run.log


@pytest.mark.parametrize(("text", "pods"), [("08\n", 2), ("+8", 2), (" 1_000 ", 2), ("8", 2), ("-08", 1), ("007", 1)])
def test_an_integer_decides_however_it_is_written(text: str, pods: int, tmp_path: Path) -> None:
    """`date +%H` writes 08, which is no JSON."""
    _, run = played(tmp_path, container_choice(text, "NUMBER_INTEGER", "> 7"), {})
    assert run.phase == "Succeeded" and len(run.pods) == pods, run.log


def test_a_container_that_writes_another_type_has_failed_and_nothing_uses_it(tmp_path: Path) -> None:
    _, run = played(tmp_path, container_choice("perhaps"), {})
    assert run.phase == "Failed" and run.pods == ["decide"]
    assert "E418: output 'out' has the wrong type: expected BOOLEAN, got perhaps" in run.log
