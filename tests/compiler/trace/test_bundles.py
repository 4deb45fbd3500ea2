"""Project modules that a task imports travel with it, as files; the rest of the world does not."""

import json
import subprocess
import sys
import textwrap
from pathlib import Path

import pytest

from milonga.compiler.trace.modules import bundle_of, runtime_files
from milonga.errors import AuthoringError
from milonga.runtime.program import PACKED_CHARACTERS_MAX, pack, unpack

FILES = {
    "shop/__init__.py": "NAME = 'shop'\n",
    "shop/prices.py": "from shop.tables import TABLE\nfrom . import rates\n\ndef price(name):\n"
    "    return TABLE[name] * rates.RATE\n",
    "shop/tables.py": "import json\nfrom pathlib import Path\n"
    "TABLE = json.loads((Path(__file__).parent / 'data' / 'prices.json').read_text())\n",
    "shop/rates.py": "RATE = 2\n",
    "shop/unused.py": "UNUSED = 1\n",
    "shop/data/prices.json": '{"apple": 3}',
    "shop/data/notes.txt": "a note",
    "shop/data/picture.png": "not text",
    "shop/inner/__init__.py": "from ..rates import RATE\n",
    "shop/inner/deep.py": "from ..rates import RATE as R\nfrom .more import MORE\nVALUE = R + MORE\n",
    "shop/inner/more.py": "MORE = 5\n",
    "shop/inner/table.csv": "a,b\n",
    "single.py": "ONE = 1\n",
    "cycle/__init__.py": "",
    "cycle/a.py": "from cycle import b\nA = 1\n",
    "cycle/b.py": "import cycle.a\nB = 2\n",
    "space/module.py": "HERE = 1\n",
}
COUNTER = iter(range(10_000))


@pytest.fixture
def project(tmp_path, monkeypatch):
    """A project on the import path, its top names made unique, since Python keeps what it has found."""
    number = next(COUNTER)
    folder = tmp_path / "project"
    for name, text in FILES.items():
        for top in ("shop", "single", "cycle", "space"):
            name = name.replace(top, f"{top}{number}", 1) if name.startswith(top) else name
            text = text.replace(f"{top}.", f"{top}{number}.").replace(f"from {top} ", f"from {top}{number} ")
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
    monkeypatch.syspath_prepend(str(folder))
    return folder, number


def names_of(files: dict[str, str], number: int) -> set[str]:
    return {name.replace(str(number), "", 1) for name in files}


def test_a_module_brings_its_package_its_imports_and_its_data(project):
    _, number = project
    files = bundle_of([f"shop{number}.prices"], where="")
    assert names_of(files, number) == {
        "shop/__init__.py", "shop/prices.py", "shop/tables.py", "shop/rates.py",
        "shop/data/prices.json", "shop/data/notes.txt",
    }  # fmt: skip


def test_relative_imports_are_followed(project):
    _, number = project
    names = names_of(bundle_of([f"shop{number}.inner.deep"], where=""), number)
    assert {"shop/inner/__init__.py", "shop/inner/deep.py", "shop/inner/more.py", "shop/rates.py"} <= names
    assert "shop/inner/table.csv" in names
    assert "shop/unused.py" not in names


def test_modules_that_import_each_other_are_found_once(project):
    _, number = project
    names = names_of(bundle_of([f"cycle{number}.a"], where=""), number)
    assert names == {"cycle/__init__.py", "cycle/a.py", "cycle/b.py"}


def test_a_module_without_a_package(project):
    _, number = project
    assert names_of(bundle_of([f"single{number}"], where=""), number) == {"single.py"}


def test_a_package_without_init_is_a_package_too(project):
    _, number = project
    assert names_of(bundle_of([f"space{number}.module"], where=""), number) == {"space/module.py"}


@pytest.mark.parametrize("name", ["json", "os.path", "yaml", "numpy", "hypothesis", "no_such_module_anywhere"])
def test_the_standard_library_and_installed_packages_stay_where_they_are(name):
    assert bundle_of([name], where="") == {}


def test_milongas_own_components_travel_like_anybodys():
    files = bundle_of(["milonga.components.contracts.data_splits"], where="")
    assert "milonga/components/contracts/data_splits.py" in files
    assert not any(name.startswith(("milonga/engine", "milonga/compiler", "milonga/dsl")) for name in files)


def test_an_edited_module_is_read_again(project):
    folder, number = project
    before = bundle_of([f"single{number}"], where="")
    (folder / f"single{number}.py").write_text("ONE = 'another'\n")
    after = bundle_of([f"single{number}"], where="")
    assert before != after
    assert after[f"single{number}.py"] == "ONE = 'another'\n"


def test_the_same_project_is_the_same_text(project):
    _, number = project
    imports = [f"shop{number}.prices", f"cycle{number}.a", f"shop{number}.inner.deep"]
    one, other = bundle_of(imports, where=""), bundle_of(reversed(imports), where="")
    assert list(one) == sorted(one)
    assert pack(one) == pack(other)
    assert unpack(pack(one)) == one


def test_too_much_code_is_refused_with_the_largest_file(project):
    import random

    folder, number = project
    noise = "".join(random.Random(0).choices("abcdefghijklmnopqrstuvwxyz0123456789", k=300_000))
    (folder / f"single{number}.py").write_text(f"NOISE = '{noise}'\n")
    with pytest.raises(AuthoringError) as raised:
        bundle_of([f"single{number}"], where="steps.py:3")
    error = raised.value
    assert (error.code, error.where) == ("E152", "steps.py:3")
    assert f"single{number}.py" in error.got
    assert f"{PACKED_CHARACTERS_MAX // 1000} kB" in error.expected


def test_a_module_that_is_no_text_is_refused_with_its_name(project):
    folder, number = project
    (folder / f"single{number}.py").write_bytes(b"X = '\xff'\n")
    with pytest.raises(AuthoringError) as raised:
        bundle_of([f"single{number}"], where="steps.py:3")
    assert f"single{number}.py" in str(raised.value)


def test_a_module_that_is_no_python_is_refused_with_its_name(project):
    folder, number = project
    (folder / f"single{number}.py").write_text("def (:\n")
    with pytest.raises(AuthoringError) as raised:
        bundle_of([f"single{number}"], where="steps.py:3")
    assert f"single{number}.py" in str(raised.value)


def test_the_runtime_is_what_a_task_needs_of_milonga():
    files = runtime_files()
    assert {"milonga/__init__.py", "milonga/errors.py", "milonga/runtime/main.py"} <= set(files)
    assert not any("compiler" in name or "engine" in name for name in files)
    assert "milonga/runtime/program.py" not in files, "which writes commands"


def run_bare(component, executor_input: dict, folder: Path) -> subprocess.CompletedProcess:
    """The compiled container's command in a Python that has nothing installed, milonga neither."""
    import yaml

    import milonga

    executors = yaml.safe_load(milonga.compile(component))["deploymentSpec"]["executors"].values()
    (container,) = (executor["container"] for executor in executors if "container" in executor)
    arguments = [argument.replace("{{$}}", json.dumps(executor_input)) for argument in container["args"]]
    command = [sys.executable, "-I", "-S", *container["command"][1:], *arguments]
    return subprocess.run(command, cwd=folder, capture_output=True, text=True)


def test_a_task_runs_where_nothing_is_installed(project, author, tmp_path):
    _, number = project
    module = author(
        f"""
        from milonga import Dataset, component

        LIMIT = 10

        @component
        def step(name: str, data: Dataset) -> int:
            from shop{number}.prices import price

            return price(name) + LIMIT + len(data.read_text())
        """
    )
    (tmp_path / "data.txt").write_text("abc")
    executor_input = {
        "inputs": {
            "parameterValues": {"name": "apple"},
            "artifacts": {"data": {"artifacts": [{"name": "data", "uri": str(tmp_path / "data.txt")}]}},
        },
        "outputs": {"outputFile": str(tmp_path / "output.json")},
    }
    done = run_bare(module.step, executor_input, tmp_path)
    assert done.returncode == 0, done.stderr
    assert json.loads((tmp_path / "output.json").read_text())["parameterValues"] == {"Output": 19}


def test_a_project_module_that_defines_components_is_importable_there_too(tmp_path, author, monkeypatch):
    (tmp_path / "steps_of_a_project.py").write_text(
        textwrap.dedent(
            """
            from milonga import Dataset, component, pipeline
            import milonga as ml

            RATE = 4

            @component(cpu="1")
            def other(value: int) -> int:
                return value * RATE

            @pipeline
            def whole() -> int:
                with ml.If(other(1) == 4):
                    other(2)
                return other(3)
            """
        )
    )
    monkeypatch.syspath_prepend(str(tmp_path))
    module = author(
        """
        from milonga import component
        from steps_of_a_project import RATE, other

        @component
        def step() -> int:
            return other(RATE)
        """
    )
    done = run_bare(module.step, {"outputs": {"outputFile": str(tmp_path / "output.json")}}, tmp_path)
    assert done.returncode == 0, done.stderr
    assert json.loads((tmp_path / "output.json").read_text())["parameterValues"] == {"Output": 16}


def test_a_component_of_milonga_is_importable_there(tmp_path, author):
    module = author(
        """
        from milonga import component

        @component
        def step() -> str:
            from milonga.components.training.impl import train_network
            from milonga.components.contracts import DataSplits

            return DataSplits.__name__
        """
    )
    done = run_bare(module.step, {"outputs": {"outputFile": str(tmp_path / "output.json")}}, tmp_path)
    assert done.returncode == 0, done.stderr
    assert json.loads((tmp_path / "output.json").read_text())["parameterValues"] == {"Output": "DataSplits"}
