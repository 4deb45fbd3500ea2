"""Final names of tasks and groups: explicit ones as given, the others made unique around them."""

from __future__ import annotations

from collections.abc import Iterator

from milonga.dsl.recording import Group, Recorder, TaskCall


def assign_names(recorder: Recorder) -> None:
    """Give every task its final name; two tasks with one explicit name are a finding (E141)."""
    groups = {group.name for group in _groups(recorder.root)}
    taken: dict[str, TaskCall] = {}
    for task in recorder.tasks:
        if not task.explicit_name:
            continue
        if task.name in taken or task.name in groups:
            other = f"the task at {taken[task.name].place}" if task.name in taken else "a group of this pipeline"
            recorder.add_finding(
                "E141",
                f"two tasks with the name '{task.name}'",
                place=task.place,
                got=f"also {other}",
                hint="give one of them another name, or leave the name out",
            )
        taken.setdefault(task.name, task)
    counts: dict[str, int] = {}
    for task in recorder.tasks:
        if task.explicit_name:
            continue
        base = task.component.name
        name = base
        while True:
            counts[base] = counts.get(base, 0) + 1
            name = base if counts[base] == 1 else f"{base}-{counts[base]}"
            if name not in taken and name not in groups:
                break
        task.name = name
        taken[name] = task


def _groups(group: Group) -> Iterator[Group]:
    for child in group.children:
        if isinstance(child, Group):
            yield child
            yield from _groups(child)
