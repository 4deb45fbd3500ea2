"""What runs a step, with which resources, and when again."""

from __future__ import annotations

import re
from collections.abc import Iterator

from milonga.compiler.constructs.base import Construct, Occurrence, tasks_where
from milonga.compiler.constructs.python_steps import is_python_step
from milonga.compiler.graph import Container
from milonga.compiler.scope import Scope

_VOLUME_STEPS = {"pvc-create": "argostub/createpvc", "pvc-delete": "argostub/deletepvc"}
"""Images that never run: KFP's driver does their work itself."""
_PLACEHOLDER = re.compile(r"\{\{\$[^}]*\}\}")


def _container(scope: Scope, name: str) -> Container | None:
    executor = scope.executor_of(scope.tasks[name])
    return executor.container if executor is not None else None


def _texts(container: Container) -> tuple[str, ...]:
    return (*(container.command or ()), *(container.args or ()))


def _python_step(scope: Scope, name: str) -> bool:
    container = _container(scope, name)
    return container is not None and is_python_step(container)


def _command_step(scope: Scope, name: str) -> str:
    container = _container(scope, name)
    if container is None or is_python_step(container) or container.image in _VOLUME_STEPS.values():
        return ""
    return container.image or "no image"


def is_volume_step(scope: Scope, name: str) -> bool:
    """Whether KFP's driver makes or deletes a volume in place of the task."""
    container = _container(scope, name)
    return container is not None and container.image in _VOLUME_STEPS.values()


def _volume_step(name: str, title: str) -> Construct:
    def test(scope: Scope, task: str) -> bool:
        container = _container(scope, task)
        return container is not None and container.image == _VOLUME_STEPS[name]

    return Construct(name, title, tasks_where(test))


def is_importer(scope: Scope, name: str) -> bool:
    """Whether a task imports an artifact, which takes no pod of its own."""
    executor = scope.executor_of(scope.tasks[name])
    return executor is not None and executor.importer is not None


def _workspace_import(scope: Scope, name: str) -> bool:
    executor = scope.executor_of(scope.tasks[name])
    return executor is not None and executor.importer is not None and bool(executor.importer.download_to_workspace)


def _resolver(scope: Scope, name: str) -> bool:
    executor = scope.executor_of(scope.tasks[name])
    return executor is not None and executor.resolver is not None


def _custom_job(scope: Scope, name: str) -> bool:
    executor = scope.executor_of(scope.tasks[name])
    return executor is not None and executor.custom_job is not None


def _resources(scope: Scope, name: str) -> str:
    container = _container(scope, name)
    if container is None or container.resources is None:
        return ""
    found = [f"{resource} {quantity}" for resource, quantity in container.resources.limits().items()]
    found += [f"{resource} request {quantity}" for resource, quantity in container.resources.requests().items()]
    return ", ".join(found)


def _accelerator(scope: Scope, name: str) -> str:
    container = _container(scope, name)
    accelerator = container.resources.accelerator if container and container.resources else None
    if accelerator is None:
        return ""
    kind = accelerator.resource_type or accelerator.type or "accelerator"
    return f"{accelerator.resource_count or accelerator.count or 1} of {kind}"


def _dynamic_resources(scope: Scope, name: str) -> str:
    container = _container(scope, name)
    if container is None or container.resources is None:
        return ""
    accelerator = container.resources.accelerator
    texts = [*container.resources.limits().values(), *container.resources.requests().values()]
    if accelerator is not None:
        texts += [accelerator.type or "", accelerator.resource_type or "", accelerator.resource_count or ""]
        texts += [accelerator.count] if isinstance(accelerator.count, str) else []
    return next((text for text in texts if "{{$" in text), "")


def _lifecycle(scope: Scope, name: str) -> str:
    container = _container(scope, name)
    return ", ".join(sorted((container.lifecycle or {}) if container is not None else ()))


def _dynamic_image(scope: Scope, name: str) -> str:
    container = _container(scope, name)
    return container.image if container and container.image and "{{$" in container.image else ""


def _environment(scope: Scope, name: str) -> str:
    container = _container(scope, name)
    return ", ".join(variable.name for variable in (container.env or ())) if container else ""


def _placeholder(name: str, title: str, pattern: str) -> Construct:
    searched = re.compile(pattern)

    def test(scope: Scope, task: str) -> str:
        container = _container(scope, task)
        texts = [*_texts(container)] if container is not None else []
        bindings = scope.tasks[task].parameter_bindings.values()
        constants = [binding.runtime_value.constant for binding in bindings if binding.runtime_value is not None]
        texts += [constant for constant in constants if isinstance(constant, str)]
        found = (searched.search(part) for text in texts for part in _placeholders(text))
        return next((match.group(0) for match in found if match), "")

    return Construct(name, title, tasks_where(test))


def _placeholders(text: str) -> Iterator[str]:
    """Placeholders in a text, and the struct forms that stand for a whole argument."""
    if text.startswith(('{"IfPresent"', '{"Concat"')):
        yield text
    for match in _PLACEHOLDER.finditer(text):
        yield match.group(0)


def _retry(scope: Scope, name: str) -> str:
    policy = scope.tasks[name].retry_policy
    return f"{policy.max_retry_count} retries" if policy and policy.max_retry_count else ""


def _step_retry(scope: Scope, name: str) -> str:
    return "" if _is_group(scope, name) else _retry(scope, name)


def _group_retry(scope: Scope, name: str) -> str:
    return _retry(scope, name) if _is_group(scope, name) else ""


def _is_group(scope: Scope, name: str) -> bool:
    used = scope.used(scope.tasks[name])
    return used is not None and used.dag is not None


def _caching(scope: Scope, name: str) -> bool:
    options = scope.tasks[name].caching_options
    return bool(options and options.enable_cache) and not _is_group(scope, name)


def _cache_key(scope: Scope, name: str) -> str:
    options = scope.tasks[name].caching_options
    return (options.cache_key or "") if options else ""


def _shared_component(scope: Scope) -> Iterator[Occurrence]:
    """Tasks of one DAG that use one component, which makes artifacts: kfp.local stores those under its name."""
    uses: dict[str, list[str]] = {}
    for name, task in scope.tasks.items():
        used = scope.used(task)
        if used is not None and used.dag is None and used.output_artifacts and task.component_ref is not None:
            uses.setdefault(task.component_ref.name, []).append(name)
    for names in uses.values():
        if len(names) > 1:
            yield Occurrence(names[1], f"shared by {', '.join(names)}")


CONSTRUCTS = (
    Construct("python-step", "a Python function as a step", tasks_where(_python_step)),
    Construct("container-component", "a command in an image of the author's", tasks_where(_command_step)),
    _volume_step("pvc-create", "a step that makes a persistent volume"),
    _volume_step("pvc-delete", "a step that deletes a persistent volume"),
    Construct("importer", "an importer", tasks_where(is_importer)),
    Construct("importer-to-workspace", "an importer that fetches into the workspace", tasks_where(_workspace_import)),
    Construct("resolver", "a step that looks an artifact up", tasks_where(_resolver)),
    Construct("custom-job", "a custom job of Google Cloud", tasks_where(_custom_job)),
    Construct("shared-component", "one component for several tasks that make artifacts", _shared_component),
    Construct("resources", "cpu and memory", tasks_where(_resources)),
    Construct("accelerator", "an accelerator", tasks_where(_accelerator)),
    Construct("dynamic-resources", "resources that are values of the run", tasks_where(_dynamic_resources)),
    Construct("dynamic-image", "an image that is a value of the run", tasks_where(_dynamic_image)),
    Construct("env", "environment variables", tasks_where(_environment)),
    Construct("container-lifecycle", "a hook before the cache is asked", tasks_where(_lifecycle)),
    Construct("retry", "retries of a step", tasks_where(_step_retry)),
    Construct("group-retry", "retries of a group or nested pipeline", tasks_where(_group_retry)),
    Construct("caching-enabled", "reuse of an earlier result", tasks_where(_caching)),
    Construct("cache-key", "a cache key of the author's own", tasks_where(_cache_key)),
    _placeholder("placeholder-input", "values and places of inputs in a command", r"\$\.inputs"),
    _placeholder("placeholder-output", "places of outputs in a command", r"\$\.outputs"),
    _placeholder(
        "placeholder-pipeline", "names and times of the run in a command", r"\$\.pipeline_(?!job_schedule)\w+"
    ),
    _placeholder("placeholder-schedule-time", "the scheduled time in a command", r"\$\.pipeline_job_schedule_time_utc"),
    _placeholder("placeholder-workspace", "the workspace's path in a command", r"\$\.workspace_path"),
    _placeholder("if-present-placeholder", "an argument only if an input is there", r'^\{"IfPresent"'),
    _placeholder("concat-placeholder", "an argument joined of parts", r'^\{"Concat"'),
)
