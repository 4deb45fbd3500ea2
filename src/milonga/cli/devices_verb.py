"""`milonga devices`."""

from __future__ import annotations

from typing import Any

import click

from milonga.cli.output import print_json


@click.group("devices", invoke_without_command=True)
@click.pass_context
def command(ctx: click.Context) -> None:
    """Show and measure target devices. Without a command: list them."""
    if ctx.invoked_subcommand is None:
        ctx.invoke(list_command)


@command.command("list")
@click.option("--json", "as_json", is_flag=True, help="Print them as one JSON document.")
def list_command(as_json: bool = False) -> None:
    """List the devices that a pipeline can be compiled for."""
    from milonga.components.device_profiling import list_devices, load_device

    profiles = [(name, load_device(name)) for name in list_devices()]
    if as_json:
        print_json({"devices": [_to_json(profile) for _, profile in profiles]})
        return
    for name, profile in profiles:
        architecture = profile.architecture
        print(f"{name:<20} {architecture.isa:<8} {architecture.cores} cores  {architecture.cpu_model}")


@command.command("show")
@click.argument("name")
@click.option("--json", "as_json", is_flag=True, help="Print it as one JSON document.")
def show_command(name: str, as_json: bool) -> None:
    """Show one device profile, with the source of every number."""
    from milonga.components.device_profiling import load_device

    _show(_to_json(load_device(name)), as_json)


@command.command("probe")
@click.option("--json", "as_json", is_flag=True, help="Print it as one JSON document.")
def probe_command(as_json: bool) -> None:
    """Measure this machine and show its profile."""
    from milonga.components.device_profiling import probe_host

    _show(_to_json(probe_host()), as_json)


def _to_json(profile: Any) -> dict[str, Any]:
    import dataclasses

    document: dict[str, Any] = dataclasses.asdict(profile)
    return document


def _show(document: dict[str, Any], as_json: bool) -> None:
    if as_json:
        print_json(document)
        return
    for line in _lines(document, ""):
        print(line)


def _lines(value: Any, indent: str) -> list[str]:
    lines: list[str] = []
    for key, item in value.items():
        if isinstance(item, dict):
            lines += [f"{indent}{key}:", *_lines(item, indent + "  ")]
        elif isinstance(item, (list, tuple)) and item and isinstance(item[0], dict):
            lines += [
                f"{indent}{key}:",
                *(f"{indent}  " + ", ".join(f"{k} {v}" for k, v in entry.items()) for entry in item),
            ]
        else:
            shown = " ".join(map(str, item)) if isinstance(item, (list, tuple)) else item
            lines.append(f"{indent}{key}: {'-' if item is None else shown}")
    return lines
