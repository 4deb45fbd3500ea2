"""Where the outputs of a played run are: a folder that stands for the bucket."""

from __future__ import annotations

import io
import tarfile
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from milonga.engine.pod.mounted_sources import MountedSources
from milonga.engine.pod.recipe import Recipes
from milonga.engine.pod.results import read_record
from milonga.engine.recipes.absent import ABSENT
from milonga.runtime.argo.layout import RECIPES_FILE, RESULT, artifact_object, object_key


class PaperSources:
    """The objects of one run; the text of an artifact stands for the artifact."""

    def __init__(self, folder: Path, code: Path, layout: Mapping[str, Any], given: Mapping[str, Any]) -> None:
        self.folder, self.layout, self.given = folder, layout, given
        self.recipes = Recipes.from_bytes((code / RECIPES_FILE).read_bytes())
        self.names: Mapping[str, str] = {}

    def parameters_of(self, leaf: str, indices: Sequence[int]) -> Any:
        record = self._record(leaf, indices)
        return ABSENT if record is None else record["parameters"]

    def artifact_of(self, leaf: str, indices: Sequence[int], name: str) -> Any:
        record = self._record(leaf, indices)
        if record is None:
            return ABSENT
        slug = self.layout["leaves"][leaf]["outputs"]["artifacts"][name]["slug"]
        texts = self._texts(object_key(leaf, artifact_object(slug), indices))
        entry = record["artifacts"][name]
        made = [
            texts.get(str(at) if entry["list"] else "", item["metadata"] or item["uri"])
            for at, item in enumerate(entry["entries"])
        ]
        return made if entry["list"] else made[0]

    def pipeline_parameter(self, name: str) -> Any:
        return ABSENT if self.given.get(name) is None else self.given[name]

    pipeline_artifact = pipeline_parameter

    def final_status(self, key: str) -> Mapping[str, Any]:
        raise AssertionError(key)

    def imported(self, name: str, uri: str, metadata: Mapping[str, Any], title: str) -> Any:
        return uri

    select = MountedSources.select
    holds = MountedSources.holds

    def _record(self, leaf: str, indices: Sequence[int]) -> Any:
        place = self.folder / object_key(leaf, RESULT, indices)
        if not place.is_file():
            return None
        aside = place.with_suffix(".unpacked")
        if not aside.exists():
            with tarfile.open(place) as archive:
                archive.extractall(aside)
        return read_record(aside / RESULT, self.recipes.recipe(leaf))

    def _texts(self, key: str) -> dict[str, str]:
        """Texts of files by their path below the root of the archive."""
        place = self.folder / key
        if not place.is_file():
            return {}
        with tarfile.open(fileobj=io.BytesIO(place.read_bytes())) as archive:
            files = [member for member in archive.getmembers() if member.isfile()]
            read = {member.name.partition("/")[2]: archive.extractfile(member) for member in files}
            return {name: stream.read().decode() for name, stream in read.items() if stream is not None}
