"""Steps that passes put into pipelines. They travel like an author's own."""

from __future__ import annotations

from milonga.dsl import Artifact, component


@component
def list_positions(artifacts: list[Artifact]) -> list[int]:
    """The positions of a list of artifacts: 0, 1, 2 ...

    Args:
        artifacts: what to count.
    """
    return list(range(len(artifacts)))


@component
def take_artifact(artifacts: list[Artifact], position: int) -> Artifact:
    """A copy of the artifact at `position`, with its metadata.

    Args:
        artifacts: where to take from.
        position: 0 is the first.
    """
    import shutil

    chosen = artifacts[position]
    taken = Artifact.create_file(metadata=chosen.metadata)
    if chosen.path.is_dir():
        shutil.copytree(chosen.path, taken.path)
    elif chosen.path.exists():
        shutil.copyfile(chosen.path, taken.path)
    return taken
