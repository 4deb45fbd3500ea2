"""How much travels with the steps of the flagship. Sizes are the same on every machine, so they are pinned.

A KFP back end keeps each step's container about one and a half times in an object that must stay under 1 MiB, besides
the specification: a step of 40 kB is a fifteenth of that. Who makes one of these numbers larger says why.
"""

import json
import subprocess
import sys

import pytest
import yaml

import milonga as ml
from milonga.compiler.trace.modules import packed_runtime
from milonga.pipelines.image_classification.pipeline import image_classification
from milonga.runtime.program import from_container, pack, unpack

RUNTIME_CHARACTERS_MAX = 15_200
FILE_CHARACTERS_MAX = 360_000
LOADER = getattr(yaml, "CSafeLoader", yaml.SafeLoader)  # ten times as fast on files with code in them
MODULES_CHARACTERS_MAX = {
    "exec-compile-model": 30_200,
    "exec-deploy": 14_600,
    "exec-evaluate": 13_900,
    "exec-ingest-images": 11_000,
    "exec-measure-levels": 24_700,
    "exec-probe-device": 8_100,
    "exec-profile-data": 12_700,
    "exec-train": 17_700,
    "exec-tune": 23_600,
}
"""What each executor's modules may take, packed; a few per cent above what they do."""


@pytest.fixture(scope="module")
def text() -> str:
    return ml.compile(image_classification)


@pytest.fixture(scope="module")
def containers(text) -> dict[str, dict]:
    (first, *_) = yaml.load_all(text, Loader=LOADER)
    executors = first["deploymentSpec"]["executors"]
    return {label: executor["container"] for label, executor in executors.items() if "container" in executor}


def test_the_runtime_is_small():
    assert len(packed_runtime()) <= RUNTIME_CHARACTERS_MAX


def test_every_step_of_the_flagship_is_pinned(containers):
    assert set(containers) == set(MODULES_CHARACTERS_MAX)


@pytest.mark.parametrize("label", MODULES_CHARACTERS_MAX)
def test_the_modules_of_a_step_are_small(label, containers):
    program = from_container(containers[label]["command"], containers[label]["args"])
    assert len(pack(program.modules)) <= MODULES_CHARACTERS_MAX[label]


def test_no_step_of_the_flagship_carries_the_language(containers):
    for container in containers.values():
        program = from_container(container["command"], container["args"])
        assert not [path for path in program.modules if path.startswith("milonga/dsl/")]


def test_steps_that_carry_the_same_file_carry_the_same_text(containers):
    """So that one of them can carry it for all."""
    seen: dict[str, str] = {}
    for container in containers.values():
        for path, content in from_container(container["command"], container["args"]).modules.items():
            assert seen.setdefault(path, content) == content


def test_the_file_of_the_flagship_is_small(text):
    assert len(text) <= FILE_CHARACTERS_MAX


IMPORT_ALL = """
import ast, importlib, json, pathlib, sys
folder, (files, source) = sys.argv[1], json.load(sys.stdin)
for name, text in files.items():
    path = pathlib.Path(folder, name)
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text)
sys.path.insert(0, folder)
for text in [source, *(text for name, text in files.items() if name.endswith(".py"))]:
    for node in ast.walk(ast.parse(text)):
        if isinstance(node, ast.ImportFrom) and node.module.startswith("milonga"):
            module = importlib.import_module(node.module)
            for alias in node.names:
                hasattr(module, alias.name) or importlib.import_module(f"{node.module}.{alias.name}")
for name in files:
    if name.endswith(".py"):
        importlib.import_module(name.removesuffix(".py").removesuffix("/__init__").replace("/", "."))
print(sys.modules["milonga"].__file__)
"""


@pytest.mark.parametrize("label", MODULES_CHARACTERS_MAX)
def test_whatever_a_travelling_module_imports_of_milonga_travels_too(label, containers, tmp_path):
    """Imports inside functions as well, in a Python that has nothing installed, milonga neither."""
    arguments = containers[label]["args"]
    program = from_container(containers[label]["command"], arguments)
    given = json.dumps([{**unpack(arguments[0]), **program.modules}, program.source])
    command = [sys.executable, "-I", "-S", "-c", IMPORT_ALL, str(tmp_path)]
    done = subprocess.run(command, input=given, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    assert done.stdout == f"{tmp_path}/milonga/__init__.py\n"
