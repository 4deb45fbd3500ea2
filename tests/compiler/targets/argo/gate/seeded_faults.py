"""Faults to be found: each a small change of a good manifest, and a twin that is close to it and good."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

Documents = list[dict[str, Any]]
Change = Callable[[Documents], object]


@dataclass(frozen=True, slots=True)
class Fault:
    """A change that the gate must find.

    Attributes:
        name: what is wrong.
        code: the finding.
        change: makes the fault.
        twin: the same change done right; None for no change at all.
        versions: where it is a fault.
        good_in: where it is none.
    """

    name: str
    code: str
    change: Change
    twin: Change | None = None
    versions: tuple[str, ...] = ("3.7", "4.0", "4.1")
    good_in: tuple[str, ...] = ()


def template(documents: Documents, name: str, document: int = 0) -> dict[str, Any]:
    """A template by name."""
    return next(entry for entry in documents[document]["spec"]["templates"] if entry["name"] == name)


def task(documents: Documents, name: str) -> dict[str, Any]:
    """A task of the workflow by name."""
    dags = [entry["dag"]["tasks"] for entry in documents[0]["spec"]["templates"] if "dag" in entry]
    return next(entry for tasks in dags for entry in tasks if entry["name"] == name)


def argument(documents: Documents, of_task: str, name: str) -> dict[str, Any]:
    """An argument of a task."""
    return next(entry for entry in task(documents, of_task)["arguments"]["parameters"] if entry["name"] == name)


def setting(find: Callable[[Documents], dict[str, Any]], **fields: Any) -> Change:
    """A change that sets fields."""
    return lambda documents: find(documents).update(fields)


def leaf(documents: Documents) -> dict[str, Any]:
    return template(documents, "leaf")


def of_task(task_name: str, **fields: Any) -> Change:
    """A change of a task's fields."""
    return setting(lambda documents: task(documents, task_name), **fields)


def of_template(template_name: str, **fields: Any) -> Change:
    """A change of a template's fields."""
    return setting(lambda documents: template(documents, template_name), **fields)


def value(of: str, name: str, text: str) -> Change:
    """A change of an argument's value."""
    return setting(lambda documents: argument(documents, of, name), value=text)


def renamed(old: str, new: str) -> Change:
    """A change of a task's name."""
    return setting(lambda documents: task(documents, old), name=new)


def spec(**fields: Any) -> Change:
    """A change of the workflow's specification."""
    return setting(lambda documents: documents[0]["spec"], **fields)


def cron(**fields: Any) -> Change:
    """A change of the CronWorkflow's specification."""
    return setting(lambda documents: documents[2]["spec"], **fields)


def metadata(document: int, **fields: Any) -> Change:
    """A change of the head of a document."""

    def change(documents: Documents) -> None:
        documents[document]["metadata"] = fields

    return change


def both(*changes: Change) -> Change:
    """Several changes."""
    return lambda documents: [change(documents) for change in changes]


def without(find: Callable[[Documents], dict[str, Any]], key: str) -> Change:
    """A change that takes a field away."""
    return lambda documents: find(documents).pop(key)


def more_templates(count: int) -> Change:
    """Fill up to so many templates."""

    def change(documents: Documents) -> None:
        templates = documents[0]["spec"]["templates"]
        templates += [{"name": f"more-{n}", "suspend": {}} for n in range(count - len(templates))]

    return change


def more_tasks(count: int) -> Change:
    """Fill a DAG up to so many tasks."""

    def change(documents: Documents) -> None:
        tasks = template(documents, "main")["dag"]["tasks"]
        tasks += [{"name": f"more-{n}", "template": "bye"} for n in range(count - len(tasks))]

    return change


def more_inputs(count: int) -> Change:
    """Fill a template up to so many inputs."""

    def change(documents: Documents) -> None:
        inputs = template(documents, "bye").setdefault("inputs", {}).setdefault("parameters", [])
        inputs += [{"name": f"more-{n}", "default": ""} for n in range(count)]

    return change


def environment(**fields: Any) -> Change:
    """A change of the leaf's environment variable."""
    return setting(lambda documents: leaf(documents)["container"]["env"][0], **fields)


def artifact(**fields: Any) -> Change:
    """A change of the leaf's artifact."""
    return setting(lambda documents: leaf(documents)["outputs"]["artifacts"][0], **fields)


def source(of: str, **fields: Any) -> Change:
    """Where an output of a template comes from."""

    def change(documents: Documents) -> None:
        template(documents, of)["outputs"]["parameters"][0]["valueFrom"] = fields

    return change


def container(**fields: Any) -> Change:
    """A change of the leaf's container."""
    return setting(lambda documents: leaf(documents)["container"], **fields)


def first(key: str) -> Callable[[Documents], dict[str, Any]]:
    """The first of the tasks that a fault copies."""
    return lambda documents: task(documents, key)


def copied(of: str, **fields: Any) -> Change:
    """Put a copy of a task beside it."""

    def change(documents: Documents) -> None:
        for entry in documents[0]["spec"]["templates"]:
            tasks = entry.get("dag", {}).get("tasks", [])
            tasks += [{**found, **fields} for found in list(tasks) if found["name"] == of]

    return change


HEADS = "{{tasks.heads.outputs.parameters.v}}"
NO_DEFAULT = source("leaf", path="/o/v")
FOUR = ("4.0", "4.1")

FAULTS = (
    # What schemas see.
    Fault("a misspelt field", "E323", of_template("leaf", retryStratgy={}), of_template("leaf", metadata={})),
    Fault(
        "a misspelt field deep inside", "E323", container(imagePulPolicy="Always"), container(imagePullPolicy="Always")
    ),
    Fault(
        "a field of 4.1", "E323", of_template("leaf", pendingTimeout="60s"), versions=("3.7", "4.0"), good_in=("4.1",)
    ),
    Fault(
        "a lock that 4.0 renamed",
        "E323",
        spec(synchronization={"mutex": {"name": "one"}}),
        spec(synchronization={"mutexes": [{"name": "one"}]}),
        versions=FOUR,
        good_in=("3.7",),
    ),
    Fault("a number as value", "E324", value("flip", "scope", 3), value("flip", "scope", "3")),  # type: ignore[arg-type]
    Fault("a truth value as text", "E324", spec(suspend="yes"), spec(suspend=False)),
    Fault("a list for a mapping", "E324", spec(arguments=[]), None),
    Fault("a missing field", "E324", of_template("leaf", memoize={"key": "k"}), None),
    Fault(
        "a policy that does not exist",
        "E324",
        of_template("leaf", retryStrategy={"retryPolicy": "Sometimes"}),
        of_template("leaf", retryStrategy={"retryPolicy": "OnError"}),
        versions=FOUR,
        good_in=("3.7",),
    ),
    Fault(
        "a quantity that is none",
        "E324",
        container(resources={"limits": {"memory": "1 gig"}}),
        container(resources={"limits": {"memory": "1G", "cpu": 2}}),
    ),
    Fault("a template in a quantity", "E342", container(resources={"limits": {"memory": "{{inputs.parameters.v}}"}})),
    Fault("a template in a number", "E342", of_template("loop-1", parallelism="{{inputs.parameters.scope}}")),
    # Documents and names.
    Fault("a document without a kind", "E321", lambda documents: documents[0].pop("kind")),
    Fault("another API version", "E321", lambda documents: documents[0].update(apiVersion="argoproj.io/v1")),
    Fault("a name of 64 characters", "E347", metadata(0, name="w" * 64), metadata(0, name="w" * 63)),
    Fault("a name of 53 characters for a cron", "E347", metadata(2, name="c" * 53), metadata(2, name="c" * 52)),
    Fault("a prefix of 59 characters", "E347", metadata(0, generateName="w" * 59), metadata(0, generateName="w" * 58)),
    Fault("upper case in a name", "E347", metadata(0, name="Flow"), metadata(0, name="flow")),
    Fault("no name at all", "E347", metadata(0, labels={}), None),
    Fault("a label that is too long", "E347", metadata(0, name="w", labels={"a": "b" * 64})),
    Fault("an underscore in a task", "E347", renamed("exit", "ex_it"), None),
    Fault("a task of 129 characters", "E347", copied("collect", name="t" * 129), copied("collect", name="t" * 128)),
    Fault(
        "a dot in a parameter",
        "E347",
        spec(arguments={"parameters": [{"name": "items", "value": "1"}, {"name": "a.b", "value": ""}]}),
        spec(arguments={"parameters": [{"name": "items", "value": "1"}, {"name": "a_-b", "value": ""}]}),
    ),
    Fault("two tasks of one name", "E327", copied("collect"), copied("collect", name="again")),
    Fault("two templates of one name", "E327", of_template("bye", name="collect"), None),
    Fault(
        "two inputs of one name", "E327", of_template("loop-1", inputs={"parameters": [{"name": "scope"}] * 2}), None
    ),
    Fault("two documents of one name", "E327", lambda documents: documents.append(documents[3])),
    # Who calls whom.
    Fault("an unknown template", "E328", of_task("collect", template="colect")),
    Fault("an unknown entry point", "E328", spec(entrypoint="mian")),
    Fault("an unknown exit handler", "E328", spec(onExit="by")),
    Fault(
        "an unknown template of another document",
        "E328",
        both(
            without(first("collect"), "template"), of_task("collect", templateRef={"name": "train", "template": "sya"})
        ),
        both(
            without(first("collect"), "template"), of_task("collect", templateRef={"name": "train", "template": "main"})
        ),
    ),
    Fault("no entry point", "E353", without(lambda documents: documents[0]["spec"], "entrypoint")),
    Fault("templates beside a reference", "E353", spec(workflowTemplateRef={"name": "train"})),
    Fault("a missing argument", "E331", lambda documents: task(documents, "flip")["arguments"]["parameters"].pop()),
    Fault("no arguments at all", "E331", without(first("choice"), "arguments")),
    Fault(
        "an argument without a value",
        "E331",
        lambda documents: argument(documents, "flip", "v").pop("value"),
        value("flip", "v", ""),
    ),
    Fault(
        "an entry point without its argument",
        "E331",
        of_template("main", inputs={"parameters": [{"name": "other"}]}),
        of_template("main", inputs={"parameters": [{"name": "other", "default": ""}]}),
    ),
    Fault(
        "an argument that nothing takes",
        "E332",
        lambda documents: argument(documents, "loop", "scope").update(name="scoop"),
    ),
    Fault(
        "an argument of a schedule without a value",
        "E331",
        lambda documents: documents[2]["spec"]["workflowSpec"]["arguments"]["parameters"].append({"name": "other"}),
        lambda documents: documents[2]["spec"]["workflowSpec"]["arguments"]["parameters"].append(
            {"name": "other", "value": ""}
        ),
    ),
    Fault("a template of no kind", "E351", without(lambda documents: template(documents, "bye"), "container")),
    Fault("a template of two kinds", "E351", of_template("bye", suspend={})),
    Fault("no image", "E354", without(lambda documents: leaf(documents)["container"], "image")),
    # References.
    Fault("an undeclared input", "E329", value("choice", "face", "{{inputs.parameters.item}}")),
    Fault(
        "an undeclared input in an expression", "E329", of_task("heads", when="{{=inputs.parameters['fase'] == '1'}}")
    ),
    Fault("an undeclared input with a dot", "E329", of_task("heads", when="{{=inputs.parameters?.fase == '1'}}")),
    Fault("an undeclared argument of the workflow", "E329", value("guarded", "items", "{{workflow.parameters.itms}}")),
    Fault(
        "an unknown variable of the workflow",
        "E329",
        environment(value="{{workflow.id}}"),
        environment(value="{{workflow.uid}}"),
    ),
    Fault("an output that is not declared", "E329", value("choice", "face", "{{tasks.flip.outputs.parameters.w}}")),
    Fault(
        "an output that is not declared, in an expression",
        "E329",
        value("choice", "face", "{{=tasks['flip'].outputs.parameters['w']}}"),
        value("choice", "face", "{{=tasks['flip'].outputs.parameters['v']}}"),
    ),
    Fault("a task that is not there", "E329", value("choice", "face", "{{tasks.flp.outputs.parameters.v}}")),
    Fault(
        "a task that nobody waits for",
        "E329",
        both(value("choice", "face", "{{tasks.flip.outputs.parameters.v}}"), without(first("choice"), "depends")),
    ),
    Fault(
        "a task seen from a leaf", "E329", environment(value="{{tasks.flip.status}}"), environment(value="{{pod.name}}")
    ),
    Fault("an item without a loop", "E329", value("flip", "scope", "{{item}}")),
    Fault("an item without a loop, in an expression", "E329", value("flip", "scope", "{{=string(item)}}")),
    Fault("a variable that does not exist", "E329", of_task("heads", when="{{=input.parameters.face == '1'}}")),
    Fault(
        "a step that is not there",
        "E329",
        lambda documents: template(documents, "main", 1)["steps"][1][0]["arguments"]["parameters"][0].update(
            value="{{steps.frist.outputs.result}}"
        ),
    ),
    Fault("braces without an end", "E330", environment(value="{{inputs.parameters.v"), environment(value="}} {")),
    Fault("braces in braces", "E330", environment(value="{{inputs.parameters.{{inputs.parameters.v}}}}")),
    Fault(
        "closing braces in a text of an expression",
        "E330",
        of_task("heads", when='{{=inputs.parameters.face == \'{"a": {"b": 1}}\'}}'),
        of_task("heads", when='{{=inputs.parameters.face == \'{"a": {"b": 1\\x7d\\x7d\'}}'),
    ),
    Fault("a bracket that is not closed", "E330", of_task("heads", when="{{=(inputs.parameters.face == '1'}}")),
    Fault("braces in data", "E345", environment(value="Hello {{ name }}"), environment(value="Hello {name}")),
    # Who waits for whom.
    Fault("a circle", "E333", of_task("flip", depends="collect.Succeeded")),
    Fault("a task that waits for itself", "E333", of_task("flip", depends="flip.Succeeded")),
    Fault("two ways to wait in one task", "E334", of_task("loop", dependencies=["choice"])),
    Fault("two ways to wait in one DAG", "E334", of_task("flip", continueOn={"failed": True})),
    Fault("an unknown task", "E335", of_task("loop", depends="choise.Succeeded && choice.Succeeded")),
    Fault("an unknown result", "E335", of_task("loop", depends="choice.Successful")),
    Fault("a result of loops", "E335", of_task("loop", depends="choice.AnySucceeded")),
    Fault("a dependency that cannot be read", "E335", of_task("loop", depends="choice.Succeeded &&")),
    Fault(
        "an unknown target",
        "E335",
        of_template("exit-1", dag={"target": "exti", "tasks": [{"name": "a", "template": "bye"}]}),
    ),
    Fault("a task named like a word", "E336", copied("collect", name="matches"), copied("collect", name="match")),
    Fault("a digit in front", "E336", copied("collect", name="2nd"), copied("collect", name="second")),
    Fault("items from two places", "E352", of_task("it", withItems=["1"])),
    Fault(
        "a count and an end",
        "E352",
        of_task("it", withSequence={"count": "1", "end": "2"}),
        of_task("it", withSequence={"end": "2"}),
    ),
    Fault("items that are no list", "E352", of_task("flip", withParam="one"), of_task("flip", withParam='["one"]')),
    Fault(
        "a loop that may be empty",
        "E340",
        both(
            of_task("it", name="it"),
            lambda documents: template(documents, "loop-1")["dag"]["tasks"].append(
                {"name": "after", "template": "bye", "depends": "it.Succeeded"}
            ),
        ),
        lambda documents: template(documents, "loop-1")["dag"]["tasks"].append(
            {"name": "after", "template": "bye", "depends": "it.Succeeded || it.Skipped"}
        ),
    ),
    # Outputs that are not there.
    Fault(
        "an output of a skipped task",
        "E337",
        both(NO_DEFAULT, value("report", "v", HEADS)),
        value("report", "v", HEADS),
    ),
    Fault(
        "an output of a skipped task, in an expression",
        "E337",
        both(NO_DEFAULT, value("report", "v", "{{=tasks['heads'].outputs.parameters.v}}")),
        both(NO_DEFAULT, value("report", "v", "{{=tasks['heads']?.outputs?.parameters?.v ?? '1'}}")),
    ),
    Fault(
        "an output of a task below a skipped one",
        "E337",
        both(
            NO_DEFAULT,
            copied("flip", name="below", depends="tails.Succeeded"),
            lambda documents: template(documents, "branches-1")["dag"]["tasks"].append(
                {**task(documents, "flip"), "name": "below", "depends": "heads.Succeeded"}
            ),
            of_task("report", depends="below.Succeeded || below.Omitted"),
            value("report", "v", "{{tasks.below.outputs.parameters.v}}"),
            lambda documents: template(documents, "group-1")["dag"]["tasks"].pop(),
        ),
        both(
            NO_DEFAULT,
            lambda documents: template(documents, "branches-1")["dag"]["tasks"].append(
                {**task(documents, "flip"), "name": "below", "depends": "heads.Succeeded"}
            ),
            of_task("report", depends="below.Succeeded"),
            value("report", "v", "{{tasks.below.outputs.parameters.v}}"),
        ),
    ),
    Fault(
        "an output of a DAG that failed",
        "E337",
        both(
            of_task("collect", template="leaf", depends="choice.Succeeded || choice.Failed"),
            of_task(
                "collect",
                arguments={
                    "parameters": [
                        {"name": "scope", "value": ""},
                        {"name": "v", "value": "{{tasks.choice.outputs.parameters.v}}"},
                    ]
                },
            ),
        ),
        both(
            of_task("collect", template="leaf", depends="choice.Succeeded"),
            of_task(
                "collect",
                arguments={
                    "parameters": [
                        {"name": "scope", "value": ""},
                        {"name": "v", "value": "{{tasks.choice.outputs.parameters.v}}"},
                    ]
                },
            ),
        ),
    ),
    Fault(
        "a value as output of a DAG",
        "E338",
        lambda documents: template(documents, "branches-1")["outputs"]["parameters"].append(
            {"name": "w", "value": "1"}
        ),
    ),
    Fault("an output of a container without a file", "E338", source("leaf", default="1")),
    Fault("an output of a DAG that is a file", "E338", source("branches-1", path="/o/v", default="1")),
    Fault(
        "an output of a skipped task without a default",
        "E339",
        both(NO_DEFAULT, source("branches-1", parameter=HEADS)),
        both(NO_DEFAULT, source("branches-1", parameter=HEADS, default="null")),
    ),
    Fault(
        "an output of a choice without a default",
        "E339",
        source(
            "branches-1", expression="tasks['heads'].status == 'Succeeded' ? tasks['heads'].outputs.parameters.v : '0'"
        ),
    ),
    Fault("an artifact in two stores", "E356", artifact(gcs={"bucket": "b", "key": "k"})),
    # Settings and sizes.
    Fault("parallelism on a leaf", "E341", of_template("leaf", parallelism=2)),
    Fault("a fraction as factor", "E343", of_template("leaf", retryStrategy={"backoff": {"factor": 1.5}})),
    Fault(
        "a text with a fraction as factor",
        "E343",
        of_template("leaf", retryStrategy={"backoff": {"factor": "1.5"}}),
        of_template("leaf", retryStrategy={"backoff": {"factor": "2"}}),
    ),
    Fault("a deadline on a DAG", "E344", of_template("loop-1", activeDeadlineSeconds=60)),
    Fault("a timeout on a DAG", "E344", of_template("loop-1", timeout="60s"), of_template("leaf", timeout="60s")),
    Fault("a timeout without a unit", "E344", of_template("leaf", timeout="60")),
    Fault(
        "an environment variable that is too large",
        "E346",
        environment(value="v" * 131070),
        environment(value="v" * 131069),
    ),
    Fault("an argument that is too large", "E346", container(args=["v" * 131072]), container(args=["v" * 131071])),
    Fault("a workflow that is too large", "E346", metadata(0, name="w", annotations={"a": "v" * 2**20})),
    Fault(
        "a ConfigMap that is too large",
        "E346",
        lambda documents: documents[3].update(data={"a": "v" * 2**20}),
        lambda documents: (documents[3].update(data={"a": "v" * 2**20}), documents[3].pop("binaryData")),
    ),
    Fault("a key of a ConfigMap", "E355", lambda documents: documents[3].update(data={"a/b": ""})),
    Fault("a key that stands twice", "E355", lambda documents: documents[3].update(data={"pipeline.z": ""})),
    Fault(
        "binary data that is none",
        "E355",
        lambda documents: documents[3].update(binaryData={"a": "é"}),
        lambda documents: documents[3].update(binaryData={"a": "6Q=="}),
    ),
    Fault("201 templates", "E348", more_templates(201), more_templates(200), versions=FOUR, good_in=("3.7",)),
    Fault("201 tasks", "E348", more_tasks(201), more_tasks(200), versions=FOUR, good_in=("3.7",)),
    Fault("501 inputs", "E348", more_inputs(501), more_inputs(500), versions=FOUR, good_in=("3.7",)),
    Fault("a DAG without tasks", "E348", of_template("main", dag={"tasks": []})),
    # Schedules.
    Fault(
        "the field of 3.7",
        "E349",
        both(cron(schedule="0 3 * * *"), lambda documents: documents[2]["spec"].pop("schedules")),
        versions=FOUR,
        good_in=("3.7",),
    ),
    Fault("six fields", "E349", cron(schedules=["0 0 3 * * *"])),
    Fault("an hour that no day has", "E349", cron(schedules=["0 24 * * *"]), cron(schedules=["0 23 * * *"])),
    Fault("the eighth day of a week", "E349", cron(schedules=["0 3 * * 7"]), cron(schedules=["0 3 * * 0"])),
    Fault("an unknown macro", "E349", cron(schedules=["@daly"]), cron(schedules=["@daily"])),
    Fault("no schedule", "E349", cron(schedules=[])),
    Fault("an unknown time zone", "E350", cron(timezone="Europe/Berln"), cron(timezone="UTC")),
)
