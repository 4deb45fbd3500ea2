"""Reads what a container's start script installs with pip."""

from __future__ import annotations

import re
import shlex
from collections.abc import Iterator
from dataclasses import dataclass, field

from milonga.engine.environments.index_settings import IndexSettings
from milonga.engine.environments.redaction import redacted
from milonga.errors import RunError

_LONG = {"-i": "--index-url", "-f": "--find-links"}
_SOURCES = ("--index-url", "--extra-index-url", "--find-links", "--trusted-host")
_SWITCHES = ("--pre", "--no-deps", "--no-index")
_HARMLESS = re.compile(
    r"-q+|-v+|-U|-I|--(quiet|verbose|upgrade|force-reinstall|ignore-installed|user|no-cache-dir|no-input|compile"
    r"|no-compile|no-warn-script-location|no-warn-conflicts|disable-pip-version-check|break-system-packages"
    r"|prefer-binary|isolated|no-color|root-user-action|progress-bar|upgrade-strategy|timeout|retries)"
)
"""Options that change how pip works, not what a new and empty environment ends up with."""

_TAKE_A_WORD = (
    *("-c", "-r", "-e", "-t", "--constraint", "--requirement", "--editable", "--target", "--prefix", "--root", "--src"),
    *("--only-binary", "--no-binary", "--platform", "--python-version", "--implementation", "--abi", "--proxy"),
    *("--cert", "--client-cert", "--cache-dir", "--log", "--config-settings", "--timeout", "--retries"),
    *("--progress-bar", "--root-user-action", "--upgrade-strategy", "--report", "--exists-action", "--global-option"),
)
_OPERATORS = "();<>|&\n"


@dataclass(frozen=True, slots=True)
class PipInstalls:
    """The packages that a script installs, and where from.

    Attributes:
        packages: requirements, as written.
        sources: what the options say about indexes.
        unknown: options that nothing is known about.
    """

    packages: tuple[str, ...] = ()
    sources: IndexSettings = field(default_factory=IndexSettings)
    unknown: tuple[str, ...] = ()


def pip_installs(script: str, label: str, brought: re.Pattern[str]) -> PipInstalls:
    """Every `pip install` of a shell script in one; a command that installs only what is `brought` does not count.

    Args:
        script: shell text.
        label: whose it is, for messages.
        brought: matches requirements that are there without being installed.

    Raises:
        RunError: E450, the script cannot be read.
    """
    packages: list[str] = []
    values: dict[str, list[str]] = {}
    switches: list[set[str]] = []
    unknown: list[str] = []
    for words in _commands(script, label):
        command = _Command(words)
        own = [package for package in command.packages if not brought.match(package)]
        if own:
            packages += own
            unknown += command.unknown
            switches.append(command.switches)
            for option, given in command.values.items():
                values.setdefault(option, []).extend(given)
    # kfp writes whole addresses as trusted hosts; pip takes them, and checks the certificate all the same
    sources = IndexSettings(
        index_url=(values.get("--index-url") or [""])[0],
        extra_index_urls=tuple(dict.fromkeys(values.get("--extra-index-url", ()))),
        find_links=tuple(dict.fromkeys(values.get("--find-links", ()))),
        trusted_hosts=tuple(host for host in dict.fromkeys(values.get("--trusted-host", ())) if "://" not in host),
        no_index=any("--no-index" in given for given in switches),
        prereleases=any("--pre" in given for given in switches),
        no_dependencies=bool(switches) and all("--no-deps" in given for given in switches),
        best_of_all=True,
    )
    return PipInstalls(tuple(dict.fromkeys(packages)), sources, tuple(unknown))


class _Command:
    """The arguments of one `pip install`, sorted by what they are."""

    def __init__(self, words: list[str]) -> None:
        self.packages: list[str] = []
        self.values: dict[str, list[str]] = {}
        self.switches: set[str] = set()
        self.unknown: list[str] = []
        rest = iter(words)
        for word in rest:
            option, has_value, value = word.partition("=")
            option = _LONG.get(option, option)
            if not word.startswith("-"):
                self.packages.append(word)
            elif option in _SOURCES:
                self.values.setdefault(option, []).append(value if has_value else next(rest, ""))
            elif word in _SWITCHES:
                self.switches.add(word)
            else:
                words_of_it = [word]
                if option in _TAKE_A_WORD and not has_value:
                    words_of_it.append(next(rest, ""))
                if not _HARMLESS.fullmatch(option):
                    self.unknown += words_of_it


def _commands(script: str, label: str) -> Iterator[list[str]]:
    """The arguments of each `pip install`."""
    reader = shlex.shlex(script.replace("\\\n", " "), posix=True, punctuation_chars=_OPERATORS)
    reader.whitespace, reader.whitespace_split, reader.commenters = " \t\r", True, ""
    try:
        words = list(reader)
    except ValueError as error:
        raise RunError(
            "E450",
            f"the start script of '{label.removeprefix('exec-')}' cannot be read: {error}",
            got=redacted(script),
            hint="compile the component again",
        ) from error
    for index, word in enumerate(words[:-1]):
        if re.fullmatch(r"(\S*/)?pip[\d.]*", word) and words[index + 1] == "install":
            rest = words[index + 2 :]
            end = next((place for place, word in enumerate(rest) if word and set(word) <= set(_OPERATORS)), len(rest))
            yield rest[:end]
