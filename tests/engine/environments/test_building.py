"""Environments are built once, all of one or nothing, whoever is killed; what goes wrong is said in one error."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from pathlib import Path

import pytest
from wheel_files import write_wheel

from milonga.engine.environments import (
    EnvironmentShelf,
    IndexSettings,
    PackageRequest,
    SharedEnvironment,
    build_environment,
)
from milonga.engine.home import Home
from milonga.errors import RunError

BUILD = """
import sys
from pathlib import Path
from milonga.engine.environments import EnvironmentShelf, PackageRequest, build_environment
from milonga.engine.home import Home
request = PackageRequest.of(sys.argv[2:], "exec-train")
build_environment(EnvironmentShelf.of(Home(Path(sys.argv[1]))), request, "packages of 'train'")
"""


@pytest.fixture
def shelf(home: Path) -> EnvironmentShelf:
    return EnvironmentShelf.of(Home(home))


@pytest.fixture
def build(shelf: EnvironmentShelf) -> Callable[..., SharedEnvironment]:
    def make(*lines: str, sources: IndexSettings | None = None) -> SharedEnvironment:
        request = PackageRequest.of(lines, "exec-train", sources)
        build_environment(shelf, request, "packages of 'train'")
        found = shelf.find(request)
        assert found is not None
        return found

    return make


def visible(shelf: EnvironmentShelf) -> list[str]:
    """What is in the folder of environments, but for its requests and a private pip."""
    names = [path.name for path in shelf.root.iterdir()] if shelf.root.is_dir() else []
    return sorted(name for name in names if name not in ("requests", ".pip"))


def failure_of(build: Callable[..., SharedEnvironment], *lines: str, **options: IndexSettings) -> RunError:
    with pytest.raises(RunError) as caught:
        build(*lines, **options)
    assert caught.value.message.startswith("packages of 'train'")
    return caught.value


# What is in an environment ---------------------------------------------------------------------------------------


def test_it_holds_what_this_python_lacks_and_nothing_else(build, shelf, installer) -> None:
    made = build("little_tin")
    assert {package.name: package.version for package in made.installed} == {"little-nail": "1.5", "little-tin": "2.0"}
    assert made.installer.startswith(installer) and made.size_bytes > 0 and visible(shelf) == [made.id]
    assert not (made.packages / "click").exists()  # the running Python has it


@pytest.mark.slow
def test_uv_and_pip_make_the_same_content(build, shelf, with_pip, uv, monkeypatch) -> None:
    by_pip = build("little_tin==1.0")
    monkeypatch.setenv("MILONGA_UV", uv)
    assert build("little_tin<2").id == by_pip.id
    assert len(visible(shelf)) == 1


def test_requests_with_the_same_answer_share_a_folder(build, shelf, with_uv) -> None:
    assert len({build(line).id for line in ("little_tin==2.0", "little_tin>1.5", "little-tin")}) == 1
    assert len(visible(shelf)) == 1


def test_what_is_installed_is_replaced_in_front_of_it(build, wheels, with_uv) -> None:
    write_wheel(wheels, "click", "99.0", {"click/__init__.py": "VERSION = '99.0'\n"})
    assert [(one.name, one.version) for one in build("click>90").installed] == [("click", "99.0")]


def test_markers_and_extras_are_followed(build, wheels, with_uv) -> None:
    write_wheel(wheels, "tool", "1.0", requires=("little_nail; extra == 'fast'",), extras=("fast",))
    made = build("tool[fast]; python_version >= '3'", "missing-package; python_version < '3'")
    assert [one.name for one in made.installed] == ["little-nail", "tool"]


def test_no_deps_leaves_out_what_a_package_needs(build, installer) -> None:
    made = build("little_tin", sources=IndexSettings(no_dependencies=True))
    assert [one.name for one in made.installed] == ["little-tin"]


def test_a_wheel_by_its_path_is_made_again_when_it_changes(build, tmp_path, installer) -> None:
    made = []
    for text in ("FORM = 1\n", "FORM = 2\n"):
        wheel = write_wheel(tmp_path, "own_tool", "1.0", {"own_tool.py": text})
        made.append(build(str(wheel)))
        assert (made[-1].packages / "own_tool.py").read_text() == text
    assert made[0].id != made[1].id and made[0].installed[0].version == made[1].installed[0].version


def test_metadata_is_data(build, shelf, wheels, with_uv) -> None:
    files = {"odd.py": "", "odd_data/{brace}, 'quote'.txt": "x", "odd_data/${HOME}.txt": "y"}
    write_wheel(wheels, "odd", "1.0", files, summary="{0} %s ' \" $(rm) \\ \N{PILE OF POO}")
    made = build("odd")
    assert SharedEnvironment.read(made.folder) == made
    assert (made.packages / "odd_data" / "{brace}, 'quote'.txt").exists()


def test_a_damaged_environment_is_made_again(build, with_uv) -> None:
    made = build("little_tin")
    (made.packages / "little_nail-1.5.dist-info" / "METADATA").unlink()
    again = build("little_tin")
    assert again.id == made.id and (made.packages / "little_nail-1.5.dist-info" / "METADATA").exists()
    (made.folder / "environment.json").write_text("{")
    assert build("little_tin").is_whole


def test_it_is_not_found_when_this_python_lost_what_it_counts_on(
    build, shelf, wheels, tmp_path, with_uv, monkeypatch
) -> None:
    site = tmp_path / "site"
    (site / "behind-1.0.dist-info").mkdir(parents=True)
    (site / "behind-1.0.dist-info" / "METADATA").write_text("Metadata-Version: 2.1\nName: behind\nVersion: 1.0\n")
    write_wheel(wheels, "front", "1.0", requires=("behind",))
    write_wheel(wheels, "behind", "1.0")
    made = build("front")
    request = PackageRequest.of(["front"], "x")
    monkeypatch.syspath_prepend(str(site))
    assert shelf.find(request) == made
    answer = shelf.request_folder(request) / "found.json"
    answer.write_text(answer.read_text().replace('"beside": {}', '"beside": {"behind": "0.9"}'))
    assert shelf.find(request) == made, "another version that fits"


# Once, and all of it ---------------------------------------------------------------------------------------------


def test_what_was_made_is_found_without_an_installer(build, with_uv, tmp_path, monkeypatch) -> None:
    made = build("little_tin")
    broken = tmp_path / "broken-uv"
    broken.write_text("#!/bin/sh\nexit 7\n")
    broken.chmod(0o755)
    monkeypatch.setenv("MILONGA_UV", str(broken))
    assert build("Little-Tin") == made


def test_engines_that_ask_at_once_build_once(home, shelf, slow_uv) -> None:
    ledger = slow_uv("case $1 in pip) sleep 0.5;; esac")
    engines = [subprocess.Popen([sys.executable, "-c", BUILD, str(home), "little_tin"]) for _ in range(3)]
    assert [engine.wait(120) for engine in engines] == [0, 0, 0]
    assert sum("--dry-run" in line for line in ledger.read_text().splitlines()) == 1
    assert len(visible(shelf)) == 1


def test_threads_of_one_engine_build_once(build, shelf, slow_uv) -> None:
    ledger = slow_uv("case $1 in pip) sleep 0.2;; esac")
    threads = [threading.Thread(target=build, args=("little_tin",)) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(120)
    assert sum("--dry-run" in line for line in ledger.read_text().splitlines()) == 1


@pytest.mark.skipif(sys.platform != "linux", reason="elsewhere an installer outlives a killed engine")
def test_a_killed_engine_leaves_nothing_visible_and_no_installer(build, home, shelf, slow_uv, tmp_path) -> None:
    alive = tmp_path / "pid"
    ledger = slow_uv(f'case "$*" in *--target*) echo $$ > "{alive}"; sleep 60;; esac')
    engine = subprocess.Popen([sys.executable, "-c", BUILD, str(home), "little_tin"])
    wait_for(lambda: alive.exists() and alive.read_text().strip() != "")
    engine.send_signal(signal.SIGKILL)
    engine.wait(30)
    wait_for(lambda: not is_running(int(alive.read_text())))
    assert shelf.all() == [] and all(name.startswith(".building-") for name in visible(shelf))
    calls = len(ledger.read_text().splitlines())
    slow_uv()
    made = build("little_tin")
    assert made.is_whole and visible(shelf) == [made.id] and len(ledger.read_text().splitlines()) > calls


def wait_for(condition: Callable[[], bool]) -> None:
    deadline = time.monotonic() + 60
    while not condition():
        assert time.monotonic() < deadline
        time.sleep(0.02)


def is_running(pid: int) -> bool:
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except OSError:
        return False


# What goes wrong -------------------------------------------------------------------------------------------------


def test_an_unknown_package_is_named_with_what_the_installer_said(build, shelf, installer) -> None:
    error = failure_of(build, "no-such-package-anywhere==1.0")
    assert (error.code, error.kind) == ("E452", "user") and "no-such-package-anywhere" in error.got
    assert "no-such-package-anywhere" in Path(error.where).read_text("utf-8")
    assert visible(shelf) == []


def test_requirements_that_contradict_each_other_are_explained(build, shelf, wheels, with_uv) -> None:
    write_wheel(wheels, "needs_old_tin", "1.0", requires=("little_tin<2",))
    error = failure_of(build, "needs_old_tin", "little_tin>=2")
    assert error.code == "E452" and "needs-old-tin" in error.got and visible(shelf) == []


def test_an_index_that_does_not_answer_is_another_error_and_keeps_its_secrets(
    build, shelf, installer, monkeypatch
) -> None:
    monkeypatch.delenv("UV_NO_INDEX")
    for variable, value in (("UV_HTTP_RETRIES", "0"), ("PIP_RETRIES", "1"), ("PIP_TIMEOUT", "2")):
        monkeypatch.setenv(variable, value)
    source = IndexSettings(index_url="http://someone:s3kr1t-w0rd@127.0.0.1:9/simple")
    error = failure_of(build, "no-such-package-anywhere", sources=source)
    assert (error.code, error.kind) == ("E453", "remote")
    assert "s3kr1t-w0rd" not in str(error)
    assert "127.0.0.1:9" in Path(error.where).read_text("utf-8")
    for path in (path for path in shelf.root.rglob("*") if path.is_file() and ".pip" not in path.parts):
        assert b"s3kr1t-w0rd" not in path.read_bytes()


def test_a_full_disk_is_said_to_be_full(build, shelf, slow_uv) -> None:
    slow_uv('case "$*" in *--target*) echo "error: No space left on device (os error 28)" >&2; exit 2;; esac')
    error = failure_of(build, "little_tin")
    assert (error.code, error.kind) == ("E454", "system") and "MILONGA_HOME" in error.hint
    assert visible(shelf) == []


def test_a_folder_that_cannot_be_written_is_named(build, shelf, with_uv) -> None:
    shelf.root.parent.mkdir(parents=True)
    shelf.root.write_text("a file")
    error = failure_of(build, "little_tin")
    assert error.code == "E454" and str(shelf.root) in error.where


def test_an_installer_that_does_nothing_is_not_believed(build, shelf, slow_uv) -> None:
    slow_uv("exit 0")
    error = failure_of(build, "little_tin")
    assert error.code == "E452" and error.got == "little-tin" and visible(shelf) == []


def test_an_installer_that_does_not_exist_is_named(build, shelf, offline, monkeypatch) -> None:
    monkeypatch.setenv("MILONGA_UV", "/no/such/uv")
    with pytest.raises(RunError) as caught:
        build("little_tin")
    assert caught.value.code == "E451" and caught.value.got == "/no/such/uv"


def test_another_milonga_is_refused(build, shelf, wheels, with_uv) -> None:
    write_wheel(wheels, "milonga", "999.0")
    error = failure_of(build, "milonga>=999")
    assert error.code == "E452" and error.got == "milonga==999.0" and visible(shelf) == []


def test_credentials_are_in_no_record(build, shelf, wheels, with_uv) -> None:
    source = IndexSettings(extra_index_urls=("https://someone:s3kr1t-w0rd@index.example/simple",))
    made = build("little_tin", sources=source)
    (answer,) = shelf.requests.glob("*/found.json")
    assert json.loads(answer.read_text())["sources"]["extra_index_urls"] == ["https://****@index.example/simple"]
    assert b"s3kr1t" not in b"".join(path.read_bytes() for path in shelf.root.rglob("*") if path.is_file())
    assert made.is_whole and "s3kr1t" not in json.dumps(dict(os.environ))
