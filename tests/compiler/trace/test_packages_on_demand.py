"""A package that loads its names when they are first used brings to a task what the task uses, and no more."""

import itertools
import json
import os
import subprocess
import sys
import textwrap
from pathlib import Path

import pytest

import milonga as ml
from milonga.compiler.trace.modules import bundle_of
from milonga.engine.progress import Silent

NUMBERS = itertools.count()
CONTRACTS = "milonga/components/contracts/"

SHOP = {
    "__init__.py": """
        import importlib
        from typing import TYPE_CHECKING

        if TYPE_CHECKING:
            from SHOP.prices import price
            from SHOP.rates import RATE, rates as table
            from SHOP.tax import tax
            from SHOP import stock as inventory

        HOMES = {"price": "prices", "RATE": "rates", "table": "rates", "tax": "tax"}
        NAME = "shop"

        def __getattr__(name):
            if name == "inventory":
                return importlib.import_module("SHOP.stock")
            if name not in HOMES:
                raise AttributeError(name)
            found = getattr(importlib.import_module(f"SHOP.{HOMES[name]}"), name)
            return found
    """,
    "prices.py": "from SHOP import RATE\n\ndef price(name):\n    return len(name) * RATE\n",
    "rates.py": "RATE = 2\nrates = table = {}\n",
    "tax.py": "if False:\n    TYPE_CHECKING = True\n\ndef tax(amount):\n    return amount / 5\n",
    "stock.py": "COUNT = 7\n",
    "typed.py": "from typing import TYPE_CHECKING\n\nif TYPE_CHECKING:\n    from SHOP.stock import COUNT\n",
    "circle/__init__.py": "if TYPE_CHECKING:\n    from SHOP.ring import x\n\ndef __getattr__(name): ...\n",
    "ring/__init__.py": "if TYPE_CHECKING:\n    from SHOP.circle import x as y, y as x\n\ndef __getattr__(name): ...\n",
}


@pytest.fixture
def shop(tmp_path, monkeypatch) -> str:
    """The name of a package of the author's own, a new one each time, since Python keeps what it has found."""
    name = f"shop_on_demand_{next(NUMBERS)}"
    for path, text in SHOP.items():
        file = tmp_path / name / path
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(textwrap.dedent(text).replace("SHOP", name))
    monkeypatch.syspath_prepend(str(tmp_path))
    return name


def modules_behind(text: str, shop: str, tmp_path: Path) -> set[str]:
    """The author's modules in the bundle of a module with this text."""
    name = f"user_of_{shop}_{next(NUMBERS)}"
    (tmp_path / f"{name}.py").write_text(textwrap.dedent(text).replace("SHOP", shop))
    return {path.removeprefix(f"{shop}/") for path in bundle_of([name], where="") if path.startswith(f"{shop}/")}


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("import SHOP.stock\nSHOP.stock.COUNT", {"stock.py"}),
        ("from SHOP import price", {"prices.py", "rates.py"}),
        ("from SHOP import RATE", {"rates.py"}),
        ("from SHOP import NAME, __file__", {"prices.py", "rates.py", "tax.py", "stock.py"}),
        ("import SHOP\nprint(SHOP.__file__)", set()),
        ("import SHOP as s\nprint(s.tax(1))", {"tax.py"}),
        ("import SHOP\ndef f():\n    return SHOP.table.keys()", {"rates.py"}),
        ("def f():\n    from SHOP import tax\n    return tax(1)", {"tax.py"}),
        ("from SHOP import inventory\ninventory.COUNT", {"stock.py"}),
        ("from SHOP.tax import tax", {"tax.py"}),
        ("from SHOP import typed", {"typed.py"}),
        ("from SHOP import *", {"prices.py", "rates.py", "tax.py", "stock.py"}),
        ("import SHOP\ngetattr(SHOP, 'price')", {"prices.py", "rates.py", "tax.py", "stock.py"}),
        ("import SHOP", {"prices.py", "rates.py", "tax.py", "stock.py"}),
        ("if TYPE_CHECKING:\n    from SHOP import tax\nimport SHOP.stock as s\ns.COUNT",
         {"stock.py"}),
        ("from SHOP.circle import x", {"circle/__init__.py", "ring/__init__.py"}),
    ],
)  # fmt: skip
def test_what_travels_is_what_is_taken(text, expected, shop, tmp_path):
    assert modules_behind(text, shop, tmp_path) == expected | {"__init__.py"}


def test_the_authors_modules_travel_as_they_are(shop, tmp_path):
    files = bundle_of([f"{shop}.prices"], where="")
    for path, text in files.items():
        assert text == (tmp_path / path).read_text()


@pytest.mark.parametrize(
    ("name", "wanted", "unwanted"),
    [
        ("contracts.DataSplits", "contracts/data_splits", "contracts/compiled_model"),
        ("contracts.DeviceProfile", "contracts/device_profile", "contracts/data_splits"),
        ("device_profiling.load_device", "device_profiling/catalogue", "device_profiling/component"),
        ("ingestion.write_digits", "ingestion/samples", "ingestion/component"),
    ],
)
def test_a_package_of_milonga_brings_what_stands_behind_the_name(name, wanted, unwanted):
    files = bundle_of([f"milonga.components.{name}"], where="")
    assert f"milonga/components/{wanted}.py" in files
    assert f"milonga/components/{unwanted}.py" not in files
    assert not any(path.startswith("milonga/dsl/") for path in files)


def test_a_component_brings_the_language_that_defines_it_but_no_schedules():
    files = bundle_of(["milonga.components.training.train"], where="")
    assert {"milonga/dsl/component_decorator.py", "milonga/dsl/definition.py"} <= set(files)
    assert not any("cron" in path or "schedule" in path or "pipeline_decorator" in path for path in files)


def test_data_files_of_milonga_travel_with_the_module_that_reads_them():
    def data(name: str) -> set[str]:
        return {path for path in bundle_of([f"milonga.components.{name}"], where="") if not path.endswith(".py")}

    assert data("profiling.page") == {"milonga/components/profiling/page.css"}
    assert data("profiling.statistics") == set()
    assert len(data("device_profiling.catalogue")) >= 3
    assert data("device_profiling.limits") == set()


def test_a_process_that_a_component_starts_finds_its_module():
    files = bundle_of(["milonga.components.device_compilation.measurement_process"], where="")
    assert "milonga/components/device_compilation/measurement_worker.py" in files


def test_the_bundle_does_not_depend_on_the_order_in_which_sets_are_walked(tmp_path):
    program = (
        "from milonga.compiler.trace.modules import bundle_of\nfrom milonga.runtime.program import pack\n"
        "print(pack(bundle_of(['milonga.components.tuning.search', 'milonga.components.training.train'], where='')))"
    )
    found = {
        subprocess.run(
            [sys.executable, "-c", program], env={**os.environ, "PYTHONHASHSEED": seed}, capture_output=True, check=True
        ).stdout
        for seed in ("1", "2")
    }
    assert len(found) == 1


STEPS = """
    import milonga as ml
    from milonga.components.contracts import DataSplits
    from milonga.components import contracts
    import SHOP

    @ml.component
    def describe(word: str) -> str:
        from SHOP import price

        return f"{DataSplits.__name__} {contracts.Evaluation.__name__} {price(word)} {SHOP.tax(10)}"

    @ml.pipeline
    def whole(word: str = "apple") -> str:
        return describe(word)
"""


@pytest.mark.parametrize("mode", ["isolated", "in-process"])
def test_a_step_that_uses_such_packages_runs_here(mode, shop, author, tmp_path):
    module = author(textwrap.dedent(STEPS).replace("SHOP", shop))
    path = tmp_path / "whole.yaml"
    path.write_text(ml.compile(module.whole), encoding="utf-8")
    result = ml.run(str(path), home=tmp_path / "home", mode=mode, progress=Silent())
    assert dict(result.run.outputs) == {"Output": "DataSplits Evaluation 10 2.0"}


def test_a_failure_in_the_authors_module_shows_the_authors_line(shop, author, tmp_path):
    """milonga's own modules travel without their comments, nobody else's."""
    (tmp_path / shop / "failing.py").write_text("# one\n\n\ndef fail():\n    '''Two.'''\n    raise KeyError  # here\n")
    module = author(
        f"""
        import milonga as ml

        @ml.component
        def step() -> None:
            from {shop}.failing import fail

            fail()
        """
    )
    path = tmp_path / "step.yaml"
    path.write_text(ml.compile(module.step), encoding="utf-8")
    result = ml.run(str(path), home=tmp_path / "home", progress=Silent())
    assert result.state == "FAILED"
    log = "".join(file.read_text("utf-8", "replace") for file in (tmp_path / "home").rglob("log.txt"))
    assert 'failing.py", line 6, in fail' in log
    assert "raise KeyError  # here" in log


@pytest.mark.slow
def test_kfps_local_runner_runs_such_a_step(shop, author, tmp_path):
    pytest.importorskip("kfp")
    module = author(textwrap.dedent(STEPS).replace("SHOP", shop))
    path = tmp_path / "whole.yaml"
    path.write_text(ml.compile(module.whole), encoding="utf-8")
    program = f"""
import json, warnings
warnings.simplefilter("ignore")
from kfp import components, local
local.init(local.SubprocessRunner(use_venv=False), pipeline_root={str(tmp_path / "root")!r})
task = components.load_component_from_file({str(path)!r})(word="pear")
print(json.dumps(task.outputs))
"""
    environment = {**os.environ, "PATH": os.pathsep.join([str(Path(sys.executable).parent), os.environ["PATH"]])}
    done = subprocess.run(
        [sys.executable, "-c", program], cwd=tmp_path, env=environment, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr[-3000:]
    assert json.loads(done.stdout.splitlines()[-1]) == {"Output": "DataSplits Evaluation 8 2.0"}
