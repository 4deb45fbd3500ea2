"""The folder of one replay: under a number that no other replay of the run has."""

from __future__ import annotations

import itertools
import shutil
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from milonga.engine.home import Home
from milonga.engine.run_names import workspace_of
from milonga.errors import RunError


@dataclass(frozen=True, slots=True)
class ReplayFolder:
    """Where one replay keeps its files.

    Attributes:
        home: of all replays of the run: artifacts that they make lie in its content store.
        number: of this one among them.
    """

    home: Home
    number: str

    @classmethod
    def made(cls, run: Path) -> ReplayFolder:
        """A new one in the folder of a run.

        Raises:
            RunError: E423, it cannot be written.
        """
        home = Home(run / "replays")
        for number in itertools.count(1):
            try:
                home.run(str(number)).mkdir(parents=True)
            except FileExistsError:
                continue
            except OSError as error:
                raise _unwritable(error, home.root) from error
            return cls(home, str(number))
        raise AssertionError("numbers do not end")

    @property
    def path(self) -> Path:
        """The folder itself."""
        return self.home.run(self.number)

    def copy_workspace(self, run: Path) -> None:
        """Take over what the run has left in its workspace, as it is now; what is done here does not reach it.

        Raises:
            RunError: E423, it cannot be copied.
        """
        source = workspace_of(run)
        if not source.is_dir():
            return
        try:
            shutil.copytree(source, workspace_of(self.path), symlinks=True)
        except OSError as error:  # shutil.Error is one, and lists what it could not copy
            raise _unwritable(error, source) from error

    def in_own_workspace(self, value: Any, run: Path) -> Any:
        """A JSON value with paths in this workspace where it has those of the run's."""
        if isinstance(value, str):
            return value.replace(str(workspace_of(run)), str(workspace_of(self.path)))
        if isinstance(value, list):
            return [self.in_own_workspace(item, run) for item in value]
        if isinstance(value, dict):
            return {key: self.in_own_workspace(item, run) for key, item in value.items()}
        return value

    def remove(self) -> None:
        """Leave nothing, where nothing has been run."""
        shutil.rmtree(self.path, ignore_errors=True)
        for folder in (self.path.parent, self.home.root):
            try:
                folder.rmdir()
            except OSError:  # others are in it
                return


def _unwritable(error: OSError, where: Path) -> RunError:
    text = error.strerror or str(error)[:400]
    return RunError("E423", f"the state folder cannot be written: {text}", where=str(where), kind="system")
