"""Settings of the back end `local`."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from milonga.backends.backend_option import BackendOption
from milonga.backends.settings import filled_in, require_known
from milonga.engine.home import Home
from milonga.errors import UsageError

OPTIONS = (
    BackendOption("home", ("MILONGA_HOME",), "state folder, .milonga unless given"),
    BackendOption("secrets", (), "JSON file {secret: {key: value}}, read when a run starts", used_by="run"),
)


@dataclass(frozen=True, slots=True)
class LocalSettings:
    """Checked settings.

    Attributes:
        home: the state folder.
        secrets: absolute path of the file with secrets, "" for none. Its content is never kept.
    """

    home: Home
    secrets: str = ""

    @classmethod
    def resolved(cls, given: Mapping[str, str]) -> LocalSettings:
        """The given settings, those of the environment filled in.

        Raises:
            UsageError: E931 an unknown setting, E933 an empty one, E978 a file of secrets that is none.
        """
        require_known("local", OPTIONS, given)
        values = filled_in(OPTIONS, given)
        home = Home(Path(values["home"]).absolute()) if values["home"] else Home.default()
        secrets = str(Path(values["secrets"]).absolute()) if values["secrets"] else ""
        read_secrets(secrets)
        return cls(home, secrets)


def read_secrets(path: str) -> dict[str, dict[str, str]]:
    """Secrets by name and key; "" is a file without any.

    Raises:
        UsageError: E978, the file cannot be read or is of another form. Nothing of its content is repeated.
    """
    if not path:
        return {}
    expected = "a JSON object {secret: {key: value}}, all of it text"
    try:
        found = json.loads(Path(path).read_text("utf-8"))
    except OSError as error:
        raise UsageError("E978", f"the file of secrets cannot be read: {error.strerror}", where=path) from None
    except (ValueError, RecursionError):
        raise UsageError("E978", "the file of secrets is no JSON", where=path, expected=expected) from None
    if not isinstance(found, dict) or not all(
        isinstance(keys, dict) and all(isinstance(value, str) for value in keys.values()) for keys in found.values()
    ):
        raise UsageError("E978", "the file of secrets has another form", where=path, expected=expected)
    return found
