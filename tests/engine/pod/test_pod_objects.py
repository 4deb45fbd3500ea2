"""Objects that come packed: what is unpacked is what was packed, links included."""

from __future__ import annotations

import io
import os
import tarfile
from pathlib import Path

import pytest

from milonga.engine.pod.objects import SlotObjects
from milonga.engine.pod.together.member_objects import member_folder
from milonga.engine.pod.together.store_tree import StoreTree
from milonga.runtime.argo.layout import RESULT


def placed(folder: Path) -> Path:
    """The object of the iteration that lies packed in the first slot."""
    return SlotObjects({("train", "a-model"): ("0", 0)}, folder / "in", folder / "unpacked").place(
        "train", "a-model", (3,)
    )


def archive(folder: Path, *members: tuple[str, bytes, str]) -> None:
    path = folder / "in" / "0" / "3.tgz"
    path.parent.mkdir(parents=True)
    with tarfile.open(path, "w:gz") as made:
        for name, kind, content in members:
            member = tarfile.TarInfo(name)
            member.type = kind
            if kind == tarfile.REGTYPE:
                member.size = len(content)
            else:
                member.linkname = content
            made.addfile(member, io.BytesIO(content.encode()) if kind == tarfile.REGTYPE else None)


def test_links_stay_links_wherever_they_lead(tmp_path: Path) -> None:
    """A cache of Hugging Face is such a folder."""
    made = tmp_path / "m"
    (made / "blobs").mkdir(parents=True)
    (made / "snapshots" / "x").mkdir(parents=True)
    (made / "blobs" / "1").write_text("weights")
    (made / "snapshots" / "x" / "model.bin").symlink_to("../../blobs/1")
    (made / "away").symlink_to("/nowhere/at/all")
    packed = tmp_path / "in" / "0" / "3.tgz"
    packed.parent.mkdir(parents=True)
    with tarfile.open(packed, "w:gz") as writing:
        writing.add(made, arcname="m")
    place = placed(tmp_path)
    assert (place / "snapshots" / "x" / "model.bin").read_text() == "weights"
    assert (place / "away").readlink() == Path("/nowhere/at/all")


@pytest.mark.parametrize(
    "members",
    [
        [("../out", tarfile.REGTYPE, "x")],
        [("/nobody/out", tarfile.REGTYPE, "x")],
        [("m/../../out", tarfile.SYMTYPE, "x")],
        [("m/h", tarfile.LNKTYPE, "../../out")],
        [("m/l", tarfile.SYMTYPE, "../.."), ("m/l/out", tarfile.REGTYPE, "x")],
    ],
    ids=["above", "absolute", "link above", "hard link above", "behind a link"],
)
def test_nothing_is_written_outside(members: list[tuple[str, bytes, str]], tmp_path: Path) -> None:
    archive(tmp_path, *members)
    with pytest.raises((tarfile.TarError, FileExistsError)):
        placed(tmp_path)
    assert not list(tmp_path.rglob("out")) or list(tmp_path.rglob("out")) == [
        tmp_path / "unpacked" / "0" / ".3" / "m" / "l" / "out"
    ]


def test_each_name_of_a_file_is_packed_as_a_file(tmp_path: Path) -> None:
    """Argo's own unpacking leaves hard links out."""
    made = member_folder(tmp_path / "made", "train", ()) / RESULT
    made.mkdir(parents=True)
    (made / "best").write_text("weights")
    os.link(made / "best", made / "last")
    StoreTree(tmp_path / "tree", "uid", {}).add(tmp_path / "made", "train", [RESULT], (), keeps=False)
    (packed,) = (path for path in (tmp_path / "tree").rglob("*") if path.is_file())
    with tarfile.open(packed) as archive:
        assert all(member.isreg() or member.isdir() for member in archive)
        archive.extractall(tmp_path / "out")
    found = {path.name: path.read_text() for path in (tmp_path / "out").rglob("*") if path.is_file()}
    assert found == {"best": "weights", "last": "weights"}
