# ruff: noqa: B006, PTH123, SIM115, UP006, UP014, UP035, UP045 - written as kfp's users write
"""A kfp project as somebody may have it, before they knew of milonga. Nothing in it knows of milonga."""

from typing import List, NamedTuple, Optional

from kfp import dsl, kubernetes
from kfp.dsl import Dataset, Input, Metrics, Model, Output

PYTHON = "python:3.11"


@dsl.component(base_image=PYTHON, install_kfp_package=False)
def double(number: int, times: int = 1) -> int:
    """Double a number, several times."""
    return number * 2**times


@dsl.component(base_image=PYTHON, install_kfp_package=False)
def say(text: str, suffix: Optional[str] = None) -> str:
    return f"{text}{suffix or ''}"


@dsl.component(base_image=PYTHON, install_kfp_package=False)
def join(parts: List[str]) -> str:
    return "+".join(parts)


@dsl.component(base_image=PYTHON, install_kfp_package=False)
def write(line: str, data: Output[Dataset], copies: int = 2) -> NamedTuple("Made", [("lines", int), ("first", str)]):
    import collections

    with open(data.path, "w") as file:
        file.write((line + "\n") * copies)
    data.metadata["copies"] = copies
    return collections.namedtuple("Made", ["lines", "first"])(copies, line)


@dsl.component(base_image=PYTHON, install_kfp_package=False)
def learn(data: Input[Dataset], model: Output[Model], metrics: Output[Metrics]) -> None:
    text = open(data.path).read()
    with open(model.path, "w") as file:
        file.write(text.upper())
    metrics.log_metric("size", float(len(text)))


@dsl.component(base_image=PYTHON, install_kfp_package=False)
def read(model: Input[Model]) -> str:
    return open(model.path).read().replace("\n", "|")


@dsl.component(base_image=PYTHON, install_kfp_package=False)
def read_data(data: Input[Dataset]) -> str:
    return open(data.path).read()


@dsl.component(base_image=PYTHON, install_kfp_package=False)
def clean_up(status: dsl.PipelineTaskFinalStatus, note: str = "over") -> None:
    print(note, status.state)


@dsl.component(base_image=PYTHON, install_kfp_package=False)
def environment(name: str) -> str:
    import os

    return os.environ.get(name, "")


@dsl.container_component
def shell(text: str, result: dsl.OutputPath(str), extra: Optional[str] = None):
    return dsl.ContainerSpec(
        image="busybox:1.36",
        command=["sh", "-c", 'echo "$0 $1" > "$2"'],
        args=[
            dsl.ConcatPlaceholder(["text=", text]),
            dsl.IfPresentPlaceholder(input_name="extra", then=[extra], else_=["none"]),
            result,
        ],
    )


@dsl.component(base_image=PYTHON, install_kfp_package=False)
def join_two(left: str, right: str) -> str:
    return f"{left} {right}"


@dsl.pipeline
def grade(points: int = 7) -> str:
    """Say how good it was."""
    doubled = double(number=points)
    with dsl.If(doubled.output > 16):
        high = say(text="high")
    with dsl.Elif(doubled.output > 8):
        middle = say(text="middle", suffix="!")
    with dsl.Else():
        low = say(text="low")
    return dsl.OneOf(high.output, middle.output, low.output)


@dsl.pipeline
def spell(words: List[str] = ["one", "two", "three"]) -> str:
    with dsl.ParallelFor(words) as word:
        said = say(text=word, suffix=".")
    return join(parts=dsl.Collected(said.output)).output


@dsl.pipeline
def guarded(text: str = "work") -> str:
    closing = clean_up(note="closing")
    with dsl.ExitHandler(closing, name="guard"):
        say(text=text)
    return say(text="after", suffix=text).output


@dsl.pipeline
def train(line: str = "abc", copies: int = 3) -> NamedTuple("Trained", [("model", Model), ("lines", int)]):
    """Write, then learn."""
    made = write(line=line, copies=copies)
    learned = learn(data=made.outputs["data"])
    result = NamedTuple("Trained", [("model", Model), ("lines", int)])
    return result(model=learned.outputs["model"], lines=made.outputs["lines"])


@dsl.pipeline
def nested(line: str = "xy") -> str:
    once = train(line=line, copies=1)
    twice = train(line=line)
    first = read(model=once.outputs["model"])
    second = read(model=twice.outputs["model"])
    with dsl.If(twice.outputs["lines"] == 3):
        say(text=second.output)
    return join_two(left=first.output, right=second.output).output


@dsl.pipeline
def imported(uri: str = "data.txt") -> str:
    data = dsl.importer(artifact_uri=uri, artifact_class=Dataset, reimport=False, metadata={"origin": "test"})
    return read_data(data=data.output).output


@dsl.pipeline(
    name="on-a-cluster",
    pipeline_root="s3://bucket/root",
    display_name="On a cluster",
    pipeline_config=dsl.PipelineConfig(ttl_seconds_after_finished=600),
)
def on_a_cluster(secret: str = "keys") -> str:
    """Ask for everything."""
    task = environment(name="TOKEN").set_cpu_limit("500m").set_memory_limit("1Gi").set_retry(2, "3s")
    kubernetes.use_secret_as_env(task, secret_name="keys", secret_key_to_env={"token": "TOKEN"})
    kubernetes.set_timeout(task, 60)
    kubernetes.add_node_selector(task, "disk", "ssd")
    other = environment(name="OTHER").set_accelerator_type("nvidia.com/gpu").set_accelerator_limit(1)
    kubernetes.use_secret_as_env(other, secret_name=secret, secret_key_to_env={"other": "OTHER"})
    other.after(task)
    other.set_caching_options(False)
    return task.output


@dsl.pipeline
def placed(text: str = "in") -> str:
    named = say(text=f"{text} {dsl.PIPELINE_JOB_NAME_PLACEHOLDER}")
    named.set_display_name("Say where")
    said = shell(text=named.output)
    return said.outputs["result"]


ALL = (
    "clean_up",
    "double",
    "environment",
    "grade",
    "guarded",
    "imported",
    "join",
    "learn",
    "nested",
    "on_a_cluster",
    "placed",
    "say",
    "shell",
    "spell",
    "train",
    "write",
)
