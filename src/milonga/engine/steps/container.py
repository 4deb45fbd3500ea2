"""Everything else is a container; with `--containers`, every step is."""

from __future__ import annotations

import hashlib
import json
import secrets
from collections.abc import Mapping

from milonga.compiler.graph import Container, Executor
from milonga.engine.containers.finding import find_engine
from milonga.engine.containers.image import Image, check_reference, find_image, pull_image
from milonga.engine.containers.program import PodProgram
from milonga.engine.placeholders import PlaceholderContext, resolve_text
from milonga.engine.steps.base import PreparedStep, StepContext
from milonga.engine.steps.environment import environment_of, expanded, timeout_of, without_secrets
from milonga.engine.steps.identity import Identity
from milonga.engine.steps.provision import Provision
from milonga.engine.steps.volumes import shared_memory_of, volumes_of
from milonga.errors import RunError

_OF_THE_CLUSTER = {
    "argostub/createpvc": "creates a persistent volume",
    "argostub/deletepvc": "deletes a persistent volume",
}
"""Images that do not exist: KFP's own back end does itself what they stand for."""


class ContainerStep:
    """The last kind: takes all. One object serves one run, and asks for each image once in it.

    What a name of an image means may change from one run to the next, and not within one.
    """

    def __init__(self) -> None:
        self._images: dict[str, Image] = {}

    def matches(self, executor: Executor) -> bool:
        """Always."""
        return True

    def prepare(self, label: str, executor: Executor, context: StepContext) -> PreparedStep | Provision:
        """The command in its image; first the image itself, which may have to come from a registry.

        Raises:
            RunError: E440 no container, E433 a placeholder of the image has no value, E463 the image has no name,
                E443 to E445 a variable or volume cannot be provided.
        """
        container = executor.container
        if container is None:
            raise RunError(
                "E440",
                f"'{_name(label)}' is no container, and nothing else that this engine could run",
                hint="compile the pipeline and run it on the back end that it is for",
            )
        image_name = self._image_name(label, container, context)
        environment = environment_of(container, context, in_container=True)
        volumes = volumes_of(context)
        image = self._images.get(image_name)
        if image is None:
            return self._provision(image_name, str(context.platform.get("imagePullPolicy") or ""))
        command = tuple(expanded(text, environment) for text in container.command or ())
        args = tuple(expanded(text, environment) for text in container.args or ())
        program = PodProgram(
            image.digest,
            command,
            args,
            image_name=image_name,
            image_user=image.user,
            volumes=volumes,
            shared_memory_bytes=shared_memory_of(context),
        )
        return PreparedStep(
            identity=_identity(container, program, without_secrets(environment, context)),
            worker="container",
            container=program,
            environment=environment,
            timeout_s=timeout_of(context),
        )

    @staticmethod
    def _image_name(label: str, container: Container, context: StepContext) -> str:
        name = resolve_text(container.image or "", PlaceholderContext(parameters=context.parameters))
        if name in _OF_THE_CLUSTER:
            raise RunError(
                "E445",
                f"'{_name(label)}' {_OF_THE_CLUSTER[name]}, which is a matter of the cluster",
                hint="volumes of this engine are folders that are made when a task mounts them; leave the step out",
            )
        check_reference(name, _name(label))
        return name

    def _provision(self, name: str, policy: str) -> Provision:
        """Find the image, and bring it here when it is not: as Kubernetes does, by the step's imagePullPolicy."""

        def provide() -> None:
            engine = find_engine(f"the image '{name}'")
            image = None if policy == "Always" else find_image(engine, name)
            if image is None and policy == "Never":
                raise RunError(
                    "E460",
                    f"the image '{name}' is not on this machine, and its step says that it is never pulled",
                    hint=f"{engine.flavour} pull {name}",
                )
            self._images[name] = image or pull_image(engine, name)

        return Provision(f"image {policy} {name}", f"the image '{name}'", provide)


def _identity(container: Container, program: PodProgram, environment: Mapping[str, str]) -> Identity:
    """What decides the result. A persistent volume may hold something else each time: such a step is never the same.

    The command counts as it is written, `$(NAME)` unexpanded, beside the variables: one may be a secret, and neither
    its value nor a digest of that is kept.
    """
    words = [[*(container.command or ())], [*(container.args or ())]]
    code = hashlib.sha256(json.dumps(words).encode()).hexdigest()
    variables = dict(environment)
    for volume in program.volumes:
        if volume.files is not None:
            variables[f"files in {volume.target}"] = json.dumps(sorted(volume.files))  # their content is secret
        elif volume.source is not None:
            variables[f"volume at {volume.target}"] = secrets.token_hex()
    return Identity(code, f"image {program.image}", variables)


def _name(label: str) -> str:
    return label.removeprefix("exec-")
