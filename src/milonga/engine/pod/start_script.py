"""Commands of steps that are no functions of milonga: kfp's own, and those of any container with a shell."""

from __future__ import annotations

import re
import shlex
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from types import MappingProxyType

from milonga.engine.pod.output_checks import output_checks
from milonga.runtime.argo.layout import DONE_FILE, PARAMETERS, RESULT

_INSTALLS = re.compile(r"-m pip install .*&& \"\$0\" \"\$@\"\s*$", re.DOTALL)
"""The shell line with which kfp's lightweight components bring their packages before they start."""

_VALUED = frozenset(
    {"--index-url", "--extra-index-url", "--trusted-host", "--find-links", "--target", "--constraint", "-i", "-f", "-c"}
)
"""Options of pip that the next word belongs to."""

_KFP = re.compile(r"kfp([=<>!~\[ ;@].*)?$")
_EXPANSION = re.compile(r"\$\$|\$\(([^)]*)\)")


def without_met_packages(command: list[str]) -> list[str]:
    """A command without its first step, the installation of packages, where the image has them all.

    kfp's components name the version of kfp that they were compiled with; any that is in the image will do.
    """
    if len(command) < 4 or command[1] != "-c" or not _INSTALLS.search(command[2]):
        return command
    from milonga.runtime.loading import missing_packages

    words = [word for word in _words(command[2]) if not word.startswith("-")]
    if any("://" in word for word in words):
        return command
    wanted = ["kfp" if _KFP.match(word) else word for word in words]
    return command if missing_packages(wanted) else command[3:]


def _words(script: str) -> list[str]:
    """What follows "pip install" in a script: requirements, and options without their values."""
    found: list[str] = []
    for line in re.findall(r"-m pip install (.*?)(?:&&|\n|$)", script, re.DOTALL):
        words = shlex.split(line)
        found += [word for at, word in enumerate(words) if at == 0 or words[at - 1] not in _VALUED]
    return found


def start_script(
    command: Sequence[str],
    variables: Iterable[str],
    outputs: Path,
    folders: Iterable[Path],
    *,
    done: str,
    parameters: Mapping[str, Mapping[str, str]] = MappingProxyType({}),
) -> str:
    """A shell script that runs a command and says when it has succeeded.

    Every word stands in single quotes, so no value is ever read as shell. `$(NAME)` of a declared variable is replaced
    by the shell, since Kubernetes, which does it in arguments, does not see these; it stays where there is no such one.

    Args:
        command: the words.
        variables: names of the container's variables.
        outputs: folder of the task's outputs.
        folders: others that the command expects.
        done: what is noted with the result.
        parameters: what the command may write as text (see `output_checks`).
    """
    known = frozenset(variables)
    result = outputs / RESULT
    made = " ".join(shlex.quote(str(path)) for path in [result / PARAMETERS, *folders])
    words = " ".join(_quoted(word, known) for word in command)
    noted = f"printf %s {shlex.quote(done)} > {shlex.quote(str(result / DONE_FILE))}"
    started = f"(exec {words})"  # a program, even where the shell has an "echo" of its own
    checked = output_checks(parameters, result)
    return (
        f"mkdir -p {made} || exit 65\n{started}\ncode=$?\n[ $code -eq 0 ] || exit $code\n{checked}{noted} || exit 65\n"
    )


def _quoted(word: str, variables: frozenset[str]) -> str:
    parts, at = [], 0
    for match in _EXPANSION.finditer(word):
        name = match.group(1)
        if name is not None and not (name in variables and name.isidentifier()):
            continue
        parts.append(shlex.quote(word[at : match.start()]) if match.start() > at else "")
        parts.append("'$'" if name is None else f'"${{{name}-\\$({name})}}"')
        at = match.end()
    parts.append(shlex.quote(word[at:]) if at < len(word) or not parts else "")
    return "".join(parts)
