"""The pages of the catalogue, from each component's signature, docstring and `metadata.yaml`."""

from __future__ import annotations

import dataclasses
import importlib
from pathlib import Path
from typing import Any

import yaml
from reference_text import cell, link_codes, parse_docstring, table

ROOT = Path(__file__).resolve().parent.parent
_SHOWN_OPTIONS = ("cpu", "memory", "gpu", "retries", "timeout_s", "cache")


def nouns() -> list[str]:
    """The folders of components that have metadata."""
    return sorted(path.parent.name for path in (ROOT / "components").glob("*/metadata.yaml"))


def _catalogue() -> dict[str, dict[str, str]]:
    from milonga.components import COMPONENTS
    from milonga.pipelines import PIPELINES

    return {"components": COMPONENTS, "pipelines": PIPELINES}


def _load(target: str) -> Any:
    module, _, name = target.partition(":")
    return getattr(importlib.import_module(module), name)


def _noun(target: str) -> str:
    return target.split(".")[2]


def _metadata(kind: str, noun: str) -> dict[str, Any]:
    value: dict[str, Any] = yaml.safe_load((ROOT / kind / noun / "metadata.yaml").read_text("utf-8"))
    return value


def components_page() -> str:
    """The whole catalogue."""
    parts = [
        "# Catalogue",
        "What `milonga run NAME`, `milonga show NAME` and `from milonga.components.NOUN import FUNCTION` find. "
        "Artifact classes are those of [artifacts.md](artifacts.md); codes are explained in [errors.md](errors.md).",
    ]
    for kind, entries in _catalogue().items():
        parts.append(f"## {kind.capitalize()}")
        rows = [
            [f"[`{name}`](#{name})", parse_docstring(_load(target).function.__doc__).first_line]
            for name, target in sorted(entries.items())
        ]
        parts.append(table(["name", "what it does"], rows))
        for name, target in sorted(entries.items()):
            parts += _entry(name, target, kind, marks="###", errors="errors.md")
    return "\n\n".join(part for part in parts if part)


def component_readme(noun: str) -> str:
    """The README of one folder."""
    metadata = _metadata("components", noun)
    entries = {name: target for name, target in _catalogue()["components"].items() if _noun(target) == noun}
    parts = [f"# {noun}", metadata["description"], _facts(metadata)]
    for name, target in sorted(entries.items()):
        parts += _entry(name, target, "components", marks="##", errors="../../docs/reference/errors.md")
    parts.append("Formats of the artifacts: [artifacts.md](../../docs/reference/artifacts.md).")
    return "\n\n".join(part for part in parts if part)


def _facts(metadata: dict[str, Any]) -> str:
    image = f"; image `{metadata['image']}`" if metadata.get("image") else ""
    return f"Stability: {metadata['stability']}; tags: {', '.join(metadata['tags'])}{image}."


def _entry(name: str, target: str, kind: str, *, marks: str, errors: str) -> list[str]:
    definition = _load(target)
    docstring = parse_docstring(definition.function.__doc__)
    module, _, function = target.partition(":")
    path = module.removeprefix("milonga.").replace(".", "/") + ".py"
    settings = [
        f"{option} {value}"
        for option in _SHOWN_OPTIONS
        if (value := getattr(definition.task_options, option)) is not None
    ]
    metadata = _metadata(kind, _noun(target))
    parts = [f"{marks} {name}", docstring.text]
    parts.append(f"`from {module.removesuffix('.component')} import {function}`; source `{path}`.")
    if marks == "###":
        parts.append(_facts(metadata))
    if settings:
        parts.append(f"Asks for: {', '.join(settings)}.")
    if getattr(definition, "packages", ()):
        parts.append("Packages: " + ", ".join(f"`{package}`" for package in definition.packages) + ".")
    parts.append(table(["input", "type", "default", "meaning"], _inputs(definition)))
    parts.append(table(["output", "type", "meaning"], _outputs(definition, docstring)))
    record = definition.signature.result_class
    if record is not None and not parse_docstring(record.__doc__).sections:
        parts.append("Returns: " + " ".join(text for _, text in docstring.sections.get("Returns", [])))
    raises = docstring.sections.get("Raises", [])
    if raises:
        parts.append("Raises:\n\n" + "\n".join(f"- `{error}`: {link_codes(text, errors)}" for error, text in raises))
    return parts


def _inputs(definition: Any) -> list[list[str]]:
    return [
        [
            f"`{item.name}`",
            f"`{item.schema.spelling}`",
            "required" if item.required else f"`{item.default!r}`",
            item.description,
        ]
        for item in definition.signature.inputs
    ]


def _outputs(definition: Any, docstring: Any) -> list[list[str]]:
    record = definition.signature.result_class
    described = parse_docstring(record.__doc__).described("Attributes") if record is not None else {}
    returns = " ".join(text for _, text in docstring.sections.get("Returns", []))
    outputs = definition.signature.outputs
    alone = returns if len(outputs) == 1 else ""
    return [[f"`{item.name}`", f"`{item.schema.spelling}`", described.get(item.name, alone)] for item in outputs]


def options_table() -> str:
    """The options of a task, from the dataclass."""
    from milonga.dsl.options import _TYPES, Options

    described = parse_docstring(Options.__doc__).described("Attributes")
    rows = []
    for item in dataclasses.fields(Options):
        kind = _TYPES[item.name][0] if item.name in _TYPES else "a task's value, a task's name, or a list of them"
        kind = "a text or a number" if item.name in ("cpu", "memory") else kind
        rows.append([f"`{item.name}`", cell(kind), described[item.name]])
    return table(["option", "value", "meaning"], rows)
