"""Images by their digest, so that a compiled pipeline runs the same ones tomorrow.

Unlike other passes this one asks registries, so no target names it: whoever compiles says that it is wanted.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Collection, Iterator, Mapping
from dataclasses import dataclass
from typing import Any, ClassVar

from milonga.compiler.constructs.execution import is_volume_step
from milonga.compiler.graph import Container, Executor, Graph, PlatformDeployment
from milonga.compiler.graph.graph import KUBERNETES
from milonga.compiler.graph.own_settings import RUNTIME_IMAGE, own_setting, with_own_setting
from milonga.compiler.listing import listed
from milonga.compiler.scope import Scope
from milonga.errors import MilongaError, RemoteError
from milonga.images import ResolvedImages

_PLACEHOLDER = "{{$"
_IN_JOBS = ("imageUri", "image_uri")
_IN_SETTINGS = ("image",)
_SHOWN = 3


@dataclass(frozen=True, slots=True)
class PinnedImages:
    """Writes every image of a step by its digest: of containers, init containers and Google's own jobs.

    Images that have a digest and those that are values of the run stay, and what only stands for an image does.

    Attributes:
        resolve: gives each of several images by its digest, as `milonga.images.resolved_images` does.
    """

    resolve: Callable[[Collection[str]], ResolvedImages]
    name: ClassVar[str] = "pinned-images"
    cures: ClassVar[tuple[str, ...]] = ()

    def run(self, graph: Graph) -> Graph:
        """The graph with pinned images.

        Raises:
            RemoteError: E839, a registry does not have one of them, or does not say; all are named.
        """
        uses = _uses(graph)
        if not uses:
            return graph
        resolved = self.resolve(list(uses))
        if resolved.failed:
            raise _not_pinned(graph, resolved.failed, uses)
        return _written(graph, resolved.found)


def _uses(graph: Graph) -> dict[str, list[str]]:
    """The images to pin, sorted, each with the paths of the tasks that use it."""
    tasks: dict[str, list[str]] = {}
    stand_ins: set[str] = set()
    for name, component in graph.dags():
        scope = Scope(graph, name, component)
        for task in scope.tasks:
            used = scope.used(scope.tasks[task])
            label = (used.executor_label if used is not None else None) or ""
            tasks.setdefault(label, []).append(f"{name}/{task}")
            if is_volume_step(scope, task):
                stand_ins.add(label)
    found: dict[str, list[str]] = {}
    for label, executor in graph.executors.items():
        for image in () if label in stand_ins else _images(executor, graph.platform_settings(label)):
            if image and "@" not in image and _PLACEHOLDER not in image:
                found.setdefault(image, []).extend(tasks.get(label, []))
    own = own_setting(graph, RUNTIME_IMAGE)
    if isinstance(own, str) and own and "@" not in own:
        found.setdefault(own, [])
    return {image: list(dict.fromkeys(found[image])) for image in sorted(found)}


def _images(executor: Executor, settings: Mapping[str, Any]) -> Iterator[str]:
    if executor.container is not None:
        yield executor.container.image or ""
    yield from _texts(executor.custom_job, _IN_JOBS)
    yield from _texts(settings.get("initContainers"), _IN_SETTINGS)


def _texts(value: Any, keys: tuple[str, ...]) -> Iterator[str]:
    """The texts under these keys, wherever they are in a JSON value."""
    if isinstance(value, Mapping):
        for key, item in value.items():
            if key in keys and isinstance(item, str):
                yield item
            else:
                yield from _texts(item, keys)
    elif isinstance(value, (list, tuple)):
        for item in value:
            yield from _texts(item, keys)


def _written(graph: Graph, images: Mapping[str, str]) -> Graph:
    specification, deployment = graph.specification, graph.specification.deployment_spec
    if deployment is not None and deployment.executors is not None:
        executors = {label: _with_images(executor, images) for label, executor in deployment.executors.items()}
        deployment = dataclasses.replace(deployment, executors=executors)
        specification = dataclasses.replace(specification, deployment_spec=deployment)
    changed = dataclasses.replace(graph, specification=specification, platforms=_platforms(graph, images))
    own = own_setting(graph, RUNTIME_IMAGE)
    return with_own_setting(changed, RUNTIME_IMAGE, images[own]) if isinstance(own, str) and own in images else changed


def _with_images(executor: Executor, images: Mapping[str, str]) -> Executor:
    return dataclasses.replace(
        executor,
        container=_with_image(executor.container, images),
        custom_job=_replaced(executor.custom_job, _IN_JOBS, images),
    )


def _with_image(container: Container | None, images: Mapping[str, str]) -> Container | None:
    if container is None or container.image is None:
        return container
    return dataclasses.replace(container, image=images.get(container.image, container.image))


def _platforms(graph: Graph, images: Mapping[str, str]) -> Any:
    """The settings as they are written, in whatever spelling, with other images of init containers."""
    platform = (graph.platforms or {}).get(KUBERNETES)
    if platform is None or platform.deployment_spec is None or platform.deployment_spec.executors is None:
        return graph.platforms
    executors = {
        label: {
            key: _replaced(value, _IN_SETTINGS, images) if key in ("initContainers", "init_containers") else value
            for key, value in settings.items()
        }
        for label, settings in platform.deployment_spec.executors.items()
    }
    changed = dataclasses.replace(platform, deployment_spec=PlatformDeployment(executors))
    return {**(graph.platforms or {}), KUBERNETES: changed}


def _replaced(value: Any, keys: tuple[str, ...], images: Mapping[str, str]) -> Any:
    """A JSON value whose texts under these keys are others."""
    if isinstance(value, Mapping):
        return {
            key: images.get(item, item) if key in keys and isinstance(item, str) else _replaced(item, keys, images)
            for key, item in value.items()
        }
    if isinstance(value, (list, tuple)):
        return type(value)(_replaced(item, keys, images) for item in value)
    return value


def _not_pinned(graph: Graph, failed: Mapping[str, MilongaError], uses: Mapping[str, list[str]]) -> RemoteError:
    """One error about all images that cannot be pinned."""
    image, cause = next(iter(failed.items()))
    tasks = uses[image]
    place = graph.places.get(tasks[0]) if tasks else None
    lines = [
        f"{image}, of {listed(uses[image], _SHOWN) or 'no task'}: {_told(error)}" for image, error in failed.items()
    ]
    hints = dict.fromkeys(error.hint for error in failed.values() if error.hint)
    return RemoteError(
        "E839",
        f"the image '{image}' cannot be pinned: {cause.message}"
        if len(failed) == 1
        else f"{len(failed)} images cannot be pinned",
        where=str(place or (tasks[0] if tasks else "")),
        got="\n       ".join(lines),
        expected="images that their registries have, and show to whoever is logged in with docker",
        hint="\n        ".join(
            [*hints, "push the image, mend its name, or write it by a digest: milonga image digest IMAGE"]
        ),
    )


def _told(error: MilongaError) -> str:
    return " ".join(filter(None, (error.code, error.message, f"({error.where})" if error.where else "", error.got)))
