"""A Python step is what the engine runs as one: its command says so, not a word somewhere in it."""

import pytest
import samples

from milonga.compiler.constructs import constructs_of
from milonga.compiler.constructs.python_steps import is_python_step
from milonga.compiler.graph import Executor
from milonga.engine.steps import step_kinds
from milonga.engine.steps.container import ContainerStep
from milonga.runtime.program import LOADER, MARKER

COMMANDS = {
    "milonga": (["python3", "-c", LOADER], True),
    "a newer milonga": (["python3", "-c", f"{MARKER}something newer"], True),
    "kfp": (["sh", "-ec", samples.KFP_LAUNCHER, "def step(): ..."], True),
    "kfp that installs first": (["sh", "-c", "pip install kfp", "sh", "-ec", samples.KFP_LAUNCHER, "source"], True),
    "kfp without a source": (["sh", "-ec", samples.KFP_LAUNCHER], False),
    "kfp in an image of its own": (["python3", "-m", "kfp.dsl.executor_main"], False),
    "the word milonga": (["echo", "milonga"], False),
    "milonga's own command line": (["milonga", "run", "pipeline.yaml"], False),
    "the words of kfp": (["echo", "python3 -m kfp.dsl.executor_main ephemeral_component.py", "x"], False),
    "kfp's script, quoted": (["echo", f"this is it: {samples.KFP_LAUNCHER}", "x"], False),
    "nothing": ([], False),
}


def graph_of(command: list[str]):
    document = samples.plain().to_documents()[0]
    samples.container(document)["command"] = command
    return samples.Graph.from_documents((document,))


@pytest.mark.parametrize(("command", "is_python"), COMMANDS.values(), ids=COMMANDS)
def test_the_tables_and_the_engine_agree(command, is_python):
    graph = graph_of(command)
    executor: Executor = graph.executors["exec-step"]
    assert is_python_step(executor.container) == is_python
    assert ("python-step" in constructs_of(graph)) == is_python
    assert ("container-component" in constructs_of(graph)) != is_python
    runs_it = next(kind for kind in step_kinds("isolated") if kind.matches(executor))
    assert isinstance(runs_it, ContainerStep) != is_python
