"""Environments are listed and removed, beside runs that go on; `milonga environments` shows it."""

from __future__ import annotations

import contextlib
import io
import json
import os
import subprocess
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from milonga.cli.main import run_command_line
from milonga.engine.environments import (
    EnvironmentShelf,
    PackageRequest,
    SharedEnvironment,
    build_environment,
    prune_environments,
)
from milonga.engine.environments.file_lock import locked
from milonga.engine.home import Home
from milonga.engine.run_lock import locked as run_locked

DAY_S = 86_400


@pytest.fixture
def made(home: Path, with_uv: None) -> dict[str, SharedEnvironment]:
    """Two environments: "old" was used forty days ago, "new" now."""
    shelf, found = EnvironmentShelf.of(Home(home)), {}
    for name, line in (("old", "little_tin==1.0"), ("new", "little_tin==2.0")):
        request = PackageRequest.of([line], name)
        build_environment(shelf, request, f"packages of '{name}'")
        environment = shelf.find(request)
        assert environment is not None
        environment.stamp()
        found[name] = environment
    use(found["old"], time.time() - 40 * DAY_S)
    return found


def use(environment: SharedEnvironment, at: float) -> None:
    environment.stamp()
    os.utime(environment.folder / "used", (at, at))


def test_what_was_not_used_for_a_while_goes(home, made) -> None:
    pruned = prune_environments(Home(home), 30 * DAY_S)
    assert [one.id for one in pruned.removed] == [made["old"].id] and pruned.kept_for_runs == ()
    shelf = EnvironmentShelf.of(Home(home))
    assert [one.id for one in shelf.all()] == [made["new"].id]
    assert shelf.find(PackageRequest.of(["little_tin==1.0"], "x")) is None
    assert shelf.find(PackageRequest.of(["little_tin==2.0"], "x")) is not None


def test_what_a_run_that_goes_on_has_used_is_kept(home, made) -> None:
    run = home / "runs" / "a-run"
    run.mkdir(parents=True)
    with run_locked(run):
        os.utime(run / "lock", (time.time() - 10, time.time() - 10))
        pruned = prune_environments(Home(home), 0.0)
        assert [one.id for one in pruned.removed] == [made["old"].id]
        assert [one.id for one in pruned.kept_for_runs] == [made["new"].id] and made["new"].is_whole
    assert [one.id for one in prune_environments(Home(home), 0.0).removed] == [made["new"].id]


def test_a_dry_run_removes_nothing(home, made) -> None:
    assert len(prune_environments(Home(home), 0.0, dry_run=True).removed) == 2
    assert all(one.is_whole for one in made.values())


def test_what_killed_builds_have_left_goes_and_what_is_being_built_stays(home, made) -> None:
    root = home / "environments"
    for digest in ("killed", "alive"):
        (root / f".building-{digest}" / "packages").mkdir(parents=True)
        (root / "requests" / digest).mkdir()
    with locked(root / "requests" / "alive" / "lock"):
        prune_environments(Home(home), 30 * DAY_S)
        assert not (root / ".building-killed").exists() and (root / ".building-alive").exists()


def test_nothing_is_made_by_looking(home) -> None:
    assert prune_environments(Home(home), 0.0).removed == () and not home.exists()


# The command -----------------------------------------------------------------------------------------------------


@pytest.fixture
def command(home: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[..., subprocess.CompletedProcess[str]]:
    monkeypatch.setenv("MILONGA_HOME", str(home))

    def run(*arguments: str) -> subprocess.CompletedProcess[str]:
        out, err = io.StringIO(), io.StringIO()
        with contextlib.redirect_stdout(out), contextlib.redirect_stderr(err):
            code = run_command_line(["environments", *arguments])
        return subprocess.CompletedProcess(arguments, code, out.getvalue(), err.getvalue())

    return run


def test_environments_are_listed_with_their_sizes(made, command) -> None:
    shown = command("list").stdout.splitlines()
    assert [line.split()[0] for line in shown] == ["ID", made["new"].id[:12], made["old"].id[:12]]
    assert shown[1].endswith("little-tin==2.0")
    first, second = json.loads(command("list", "--json").stdout)["environments"]
    assert first["packages"] == {"little-nail": "1.5", "little-tin": "2.0"} and first["size_bytes"] > 0
    assert second["used_at"] < first["used_at"]


def test_an_empty_list_is_no_error(command, home) -> None:
    assert (command("list").returncode, command("list").stdout) == (0, "")
    assert json.loads(command("list", "--json").stdout) == {"environments": []} and not home.exists()


def test_one_is_removed_by_the_beginning_of_its_id(made, command) -> None:
    done = command("remove", made["new"].id[:12])
    assert done.returncode == 0 and made["new"].id[:12] in done.stdout
    assert not made["new"].folder.exists() and made["old"].folder.exists()


@pytest.mark.parametrize(
    "name", ["zzz", "../../etc", *(pytest.param(name, marks=pytest.mark.slow) for name in ("", "{0}"))]
)
def test_an_id_that_nothing_has_is_wrong_usage(made, command, name) -> None:
    done = command("remove", name)
    assert (
        done.returncode == 2 and "E969" in done.stderr and len(list(made["new"].folder.parent.glob("[0-9a-f]*"))) == 2
    )


def test_prune_says_what_it_removed(made, command) -> None:
    assert json.loads(command("prune", "--dry-run", "--json").stdout)["removed"][0]["id"] == made["old"].id
    assert made["old"].id[:12] in command("prune").stdout and not made["old"].folder.exists()
    assert command("prune", "--older-than", "soon").returncode == 2
