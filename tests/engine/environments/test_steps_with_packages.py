"""Steps whose packages are not here: they are brought once, into environments that steps share."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import pytest
from wheel_files import write_wheel

from milonga import component, pipeline


@component(packages=["little-tin==1.0"])
def old_tin() -> str:
    import little_nail
    import little_tin

    return f"{little_tin.VERSION} {little_nail.VERSION}"


@component(packages=["little_tin >= 2"])
def new_tin() -> str:
    import little_tin

    return little_tin.VERSION


@component(packages=["Little.Tin>=2"])
def new_tin_again() -> str:
    import little_tin

    return little_tin.__file__


@pipeline
def tins() -> None:
    old_tin()
    new_tin()
    new_tin_again()


def environments(home: Path) -> list[Path]:
    return sorted(path for path in (home / "environments").glob("[0-9a-f]*") if path.is_dir())


def output_of(result, path: str):
    return result.tasks[path].outputs["Output"]


def test_each_step_imports_the_version_that_it_declares(play, home, installer) -> None:
    result = play(tins).raise_for_state()
    assert output_of(result, "old-tin") == "1.0 1.5" and output_of(result, "new-tin") == "2.0"
    assert len(environments(home)) == 2
    assert Path(output_of(result, "new-tin-again")).parents[1] in environments(home)


def test_a_request_is_brought_once_however_many_steps_have_it(play, slow_uv) -> None:
    ledger = slow_uv()
    play(tins).raise_for_state()
    resolved, installed = (
        sum(word in line for line in ledger.read_text().splitlines()) for word in ("--dry-run", "--target")
    )
    assert (resolved, installed) == (2, 2)
    play(tins, cache=False).raise_for_state()
    assert len(ledger.read_text().splitlines()) == resolved + installed + 2, "and the versions of uv, noted twice"


def test_a_later_run_needs_no_installer(play, home, slow_uv, monkeypatch) -> None:
    slow_uv()
    play(new_tin).raise_for_state()
    monkeypatch.setenv("MILONGA_UV", "/no/such/uv")
    assert play(new_tin, cache=False).raise_for_state().outputs == {"Output": "2.0"}


@component(packages=["click>=99", "pyyaml>=999"])
def replaced() -> list[str]:
    import click
    import yaml

    return [click.VERSION, yaml.VERSION]


def test_a_declared_version_wins_over_the_installed_one(play, wheels, with_uv) -> None:
    write_wheel(wheels, "click", "99.0", {"click/__init__.py": "VERSION = '99.0'\n"})
    write_wheel(wheels, "pyyaml", "999.0", {"yaml/__init__.py": "VERSION = '999.0'\n"})
    assert play(replaced).raise_for_state().outputs == {"Output": ["99.0", "999.0"]}


@component(packages=["shadows"])
def shadowing() -> list[str]:
    import enum
    import importlib.metadata

    import click
    import shadows

    return [enum.__name__, importlib.metadata.version("shadows"), click.__name__, shadows.VERSION]


def test_the_standard_library_comes_first_and_installed_packages_stay_behind(play, wheels, with_uv) -> None:
    files = {"enum.py": "raise RuntimeError('a backport was imported')\n", "shadows.py": "VERSION = '1.0'\n"}
    write_wheel(wheels, "shadows", "1.0", files)
    assert play(shadowing).raise_for_state().outputs == {"Output": ["enum", "1.0", "click", "1.0"]}


@component(packages=["little-tin>=2"])
def elsewhere() -> list[str]:
    import shutil
    import subprocess
    import sys

    code = "import little_tin, click; print(little_tin.VERSION, click.__name__)"
    said = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout
    script = subprocess.run(["tin-say"], capture_output=True, text=True, check=True).stdout
    return [said.strip(), script.strip(), shutil.which("tin-say") or ""]


def test_processes_of_a_step_see_its_packages_and_their_scripts(play, home, wheels, installer) -> None:
    code = "VERSION = '3.0'\ndef say():\n    print('hello from ' + VERSION)\n"
    write_wheel(wheels, "little_tin", "3.0", {"little_tin.py": code}, scripts=("tin-say = little_tin:say",))
    python, script, place = play(elsewhere).raise_for_state().outputs["Output"]
    assert (python, script) == ("3.0 click", "hello from 3.0")
    assert place.startswith(str(home / "environments"))


@component(packages=["with-path"])
def through_path_file() -> str:
    import hidden_module

    return hidden_module.VERSION


def test_path_files_of_packages_count(play, wheels, with_uv) -> None:
    files = {"with_path.pth": "with_path_modules\n", "with_path_modules/hidden_module.py": "VERSION = 'hidden'\n"}
    write_wheel(wheels, "with_path", "1.0", files)
    assert play(through_path_file).raise_for_state().outputs == {"Output": "hidden"}


# The cache -------------------------------------------------------------------------------------------------------


def test_another_version_is_other_work(play, home, wheels, with_uv) -> None:
    assert not play(new_tin).raise_for_state().tasks["new-tin"].cached
    assert play(new_tin).raise_for_state().tasks["new-tin"].cached
    write_wheel(wheels, "little_nail", "1.6")  # what the package needs counts as well
    shutil.rmtree(home / "environments")
    again = play(new_tin).raise_for_state()
    assert not again.tasks["new-tin"].cached and again.outputs == {"Output": "2.0"}


def test_the_same_packages_brought_again_are_the_same_work(play, home, with_uv) -> None:
    play(new_tin).raise_for_state()
    shutil.rmtree(home / "environments")
    assert play(new_tin).raise_for_state().tasks["new-tin"].cached


@component(packages=["./own_tool-1.0-py3-none-any.whl"])
def own_tool() -> str:
    import own_tool

    return own_tool.FORM


def test_another_build_of_a_version_is_other_work(play, tmp_path, with_uv, monkeypatch) -> None:
    monkeypatch.chdir(tmp_path)
    for form in ("first", "second"):
        write_wheel(tmp_path, "own_tool", "1.0", {"own_tool.py": f"FORM = {form!r}\n"})
        assert play(own_tool).raise_for_state().outputs == {"Output": form}


# kfp -------------------------------------------------------------------------------------------------------------


def test_components_of_kfp_get_their_packages(play, wheels, author, with_uv) -> None:
    pytest.importorskip("kfp")
    written = author(
        """
        from kfp import dsl

        @dsl.component(
            base_image="python:3.11",
            packages_to_install=["little-tin==1.0", "little_nail<2 ; python_version > '3'"],
            pip_index_urls=["https://someone:s3kr1t-w0rd@index.example/simple"],
        )
        def tin() -> str:
            import little_tin
            return little_tin.VERSION + " for kfp"

        @dsl.pipeline
        def line() -> str:
            return tin().output
        """
    )
    result = play(written.line).raise_for_state()
    assert result.outputs == {"Output": "1.0 for kfp"}


@component(packages=["pretender"])
def look_at_kfp(before: str) -> list[str]:
    import kfp

    return [before, kfp.VERSION]


def test_what_the_warm_process_holds_is_replaced_as_well(play, wheels, author, with_uv) -> None:
    pytest.importorskip("kfp")
    write_wheel(wheels, "pretender", "1.0", {"kfp/__init__.py": "VERSION = 'pretended'\n"})
    written = author(
        """
        import milonga as ml
        from kfp import dsl

        @dsl.component(base_image="python:3.11")
        def warm() -> str:
            import kfp
            return "kfp " + kfp.__version__

        warm = ml.from_kfp(warm)
        """
    )

    @pipeline
    def one_after_the_other() -> list[str]:
        return look_at_kfp(written.warm())

    before, after = play(one_after_the_other, jobs=1).raise_for_state().outputs["Output"]
    assert before.startswith("kfp 2.") and after == "pretended"


# What is not brought ---------------------------------------------------------------------------------------------


def test_without_permission_nothing_is_installed(play, home, with_uv) -> None:
    result = play(new_tin, install=False)
    error = result.tasks["new-tin"].error
    assert result.state == "FAILED" and (error["code"], error["got"]) == ("E442", "little-tin>=2")
    assert "pip install 'little-tin>=2'" in error["hint"] and not (home / "environments").exists()


def test_a_living_process_gets_no_packages(play, home, with_uv) -> None:
    result = play(new_tin, mode="in-process")
    error = result.tasks["new-tin"].error
    assert error["code"] == "E442" and "isolated" in error["hint"] and not (home / "environments").exists()


@component(packages=["no such {thing} > 'at all'"])
def garbage() -> int:
    return 1


@pipeline
def good_beside_bad() -> str:
    garbage()
    return new_tin()


def test_a_requirement_that_cannot_be_read_fails_its_step_only(play, with_uv) -> None:
    result = play(good_beside_bad)
    assert result.tasks["garbage"].error["code"] == "E450" and result.tasks["new-tin"].state == "SUCCEEDED"


@component(packages=["no-such-package-anywhere"])
def hopeless() -> int:
    return 1


def test_what_cannot_be_had_fails_its_steps_with_the_log_of_the_installer(play, with_uv) -> None:
    error = play(hopeless).tasks["hopeless"].error
    assert error["code"] == "E452" and "no-such-package-anywhere" in Path(error["where"]).read_text("utf-8")
    assert "Traceback" not in json.dumps(error)
