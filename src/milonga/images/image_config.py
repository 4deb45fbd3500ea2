"""The configuration of an image: that of its base, with one layer and some settings more."""

from __future__ import annotations

import copy
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from milonga.images.documents import canonical, objects_in, strings_in

_CREATED = "1970-01-01T00:00:00Z"
"""The same for every image: when it was built is no property of what is in it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ImageSettings:
    """What is set on top of the base.

    Attributes:
        environment: variables, by name.
        workdir: absolute path, or "" for that of the base.
        entrypoint: words of the command, or None for that of the base; the base's arguments go with its entry point.
    """

    environment: Mapping[str, str] = field(default_factory=dict)
    workdir: str = ""
    entrypoint: Sequence[str] | None = None


def environment_of(config: Mapping[str, Any]) -> dict[str, str]:
    """The environment variables of a configuration.

    Raises:
        ValueError: it has no valid ones.
    """
    settings = config.get("config") or {}
    if not isinstance(settings, dict):
        raise ValueError("'config' is no object")
    pairs = (text.partition("=") for text in strings_in(settings, "Env"))
    return {name: value for name, _, value in pairs}


def config_with_layer(config: Mapping[str, Any], settings: ImageSettings, *, diff_id: str) -> bytes:
    """The configuration of the image that has one layer more.

    Args:
        config: that of the base; it is not changed.
        settings: what is set on top.
        diff_id: digest of the layer, uncompressed.

    Raises:
        ValueError: the base's is not valid.
    """
    made: dict[str, Any] = copy.deepcopy(dict(config))
    environment = environment_of(made)
    inner = made.get("config") or {}
    made["config"] = inner
    new = {name: value for name, value in sorted(settings.environment.items()) if name not in environment}
    merged = {name: settings.environment.get(name, value) for name, value in environment.items()} | new
    if merged:
        inner["Env"] = [f"{name}={value}" for name, value in merged.items()]
    if settings.workdir:
        inner["WorkingDir"] = settings.workdir
    if settings.entrypoint is not None:
        inner["Entrypoint"] = list(settings.entrypoint)
        inner.pop("Cmd", None)
    below = _diff_ids(made)
    history = objects_in(made, "history")
    if len([step for step in history if not step.get("empty_layer")]) == len(below):
        made["history"] = [*history, {"created": _CREATED, "created_by": "milonga image build"}]
    made["rootfs"] = {"type": "layers", "diff_ids": [*below, diff_id]}
    made["created"] = _CREATED
    return canonical(made)


def _diff_ids(config: Mapping[str, Any]) -> list[str]:
    rootfs = config.get("rootfs") or {}
    if not isinstance(rootfs, dict):
        raise ValueError("'rootfs' is no object")
    return strings_in(rootfs, "diff_ids")
