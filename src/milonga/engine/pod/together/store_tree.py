"""What a pod stores: one folder of packed objects, each below its key, which Argo uploads as it is."""

from __future__ import annotations

import shutil
import tarfile
from collections.abc import Callable, Iterable, Mapping, Sequence
from pathlib import Path

from milonga.engine.pod.together.member_objects import member_folder
from milonga.runtime.argo.layout import RUNS, object_key


class StoreTree:
    """Packs results. Several processes may do so at once, each for another step.

    Files come into the folder whole: Argo takes it as it is when the pod is ended in the middle.

    Args:
        root: the folder that Argo takes; a hidden one beside it is used on the way.
        uid: the id of the run.
        keys: below which key a result is kept for other runs, by leaf.
    """

    def __init__(self, root: Path, uid: str, keys: Mapping[str, str]) -> None:
        self._root = root
        self._uid = uid
        self._keys = keys

    @property
    def of_run(self) -> Path:
        """The part that belongs to this run."""
        return self._root / RUNS / self._uid

    def add(self, made: Path, leaf: str, whats: Iterable[str], indices: Sequence[int], *, keeps: bool) -> None:
        """Pack a step's results, the one that says that it has succeeded last.

        Args:
            made: where the results of steps lie.
            leaf: the step.
            whats: what of it is stored, the result last.
            indices: of the iterations around it.
            keeps: whether later runs may use it as well.
        """
        folder = member_folder(made, leaf, indices)
        for what in whats:
            if not (folder / what).exists():
                continue
            target = self.of_run / object_key(leaf, what, indices)
            self._add(target, lambda staging, what=what: _pack(folder / what, staging))  # type: ignore[misc]
            if keeps and leaf in self._keys:
                kept = self._root / object_key(self._keys[leaf], what, indices)
                self._add(kept, lambda staging, target=target: shutil.copyfile(target, staging))  # type: ignore[misc]

    def _add(self, target: Path, write: Callable[[Path], object]) -> None:
        staging = self._root.with_name(f".{self._root.name}") / target.relative_to(self._root)
        for folder in (staging.parent, target.parent):
            folder.mkdir(parents=True, exist_ok=True)
        write(staging)
        staging.replace(target)

    def forget(self, leaf: str, whats: Iterable[str], indices: Sequence[int]) -> None:
        """Remove what an attempt has left that was ended while it packed."""
        for what in whats:
            (self.of_run / object_key(leaf, what, indices)).unlink(missing_ok=True)
            if leaf in self._keys:
                (self._root / object_key(self._keys[leaf], what, indices)).unlink(missing_ok=True)


def _pack(path: Path, target: Path) -> None:
    """As Argo packs it: each name of a file that has several is a file, since Argo's own unpacking knows no other."""

    def as_file(member: tarfile.TarInfo) -> tarfile.TarInfo:
        if member.islnk():
            member.type, member.linkname = tarfile.REGTYPE, ""
            member.size = (path.parent / member.name).lstat().st_size
        return member

    with tarfile.open(target, "w:gz", compresslevel=0) as archive:
        archive.add(path, arcname=path.name, filter=as_file)
