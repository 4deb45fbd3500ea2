"""Images: the one behind a name, and bringing it here."""

from __future__ import annotations

import json
import re
import subprocess
from dataclasses import dataclass

from milonga.engine.containers.engine import ContainerEngine, last_line
from milonga.errors import RunError

_REFERENCE = re.compile(r"[A-Za-z0-9][A-Za-z0-9._/@:-]{0,511}")
"""Wider than the grammar of references (distribution/reference), narrow enough to be no option and no shell text."""


@dataclass(frozen=True, slots=True)
class Image:
    """An image that is on this machine.

    Attributes:
        digest: SHA-256 of its configuration, which names its layers: another content is another digest.
        user: whom its containers run as, "" for root.
    """

    digest: str
    user: str = ""


def check_reference(reference: str, where: str) -> None:
    """Refuse what is no name of an image.

    Raises:
        RunError: E463.
    """
    if not _REFERENCE.fullmatch(reference):
        raise RunError(
            "E463",
            "the step names no image" if not reference else "the step's image has no name that an engine could take",
            where=where,
            got=reference[:200],
            expected="a name such as python:3.11 or registry.example/team/image@sha256:...",
        )


def find_image(engine: ContainerEngine, reference: str) -> Image | None:
    """The image of that name on this machine; None when it is not here.

    Raises:
        RunError: E446, the engine does not answer.
    """
    found = _called(engine, "image", "inspect", reference)
    if found.returncode != 0:
        return None
    try:
        facts = json.loads(found.stdout)[0]
        return Image(str(facts["Id"]).removeprefix("sha256:"), str((facts.get("Config") or {}).get("User") or ""))
    except (ValueError, LookupError, TypeError) as error:
        raise RunError(
            "E446",
            f"{engine.path} says something about an image that cannot be read",
            got=found.stdout[:200],
            kind="system",
        ) from error


def pull_image(engine: ContainerEngine, reference: str) -> Image:
    """Bring the image here from its registry. May take minutes.

    Raises:
        RunError: E446 the engine does not answer, E460 the image cannot be had.
    """
    pulled = _called(engine, "pull", "--quiet", reference, timeout_s=None)
    image = find_image(engine, reference) if pulled.returncode == 0 else None
    if image is None:
        raise RunError(
            "E460",
            f"the image '{reference}' is not on this machine and cannot be pulled",
            got=last_line(pulled.stderr),
            hint=f"see whether `{engine.flavour} pull {reference}` works; it uses the same log-in",
            kind="system",
        )
    return image


def _called(
    engine: ContainerEngine, *arguments: str, timeout_s: float | None = 60.0
) -> subprocess.CompletedProcess[str]:
    try:
        return engine.call(*arguments, timeout_s=timeout_s)
    except (OSError, subprocess.TimeoutExpired) as error:
        raise RunError("E446", f"{engine.path} does not answer", got=str(error)[:300], kind="system") from error
