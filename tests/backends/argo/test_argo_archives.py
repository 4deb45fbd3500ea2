"""Archives that tasks have made: what is unpacked, and what is refused. Every path is below a fresh folder."""

from __future__ import annotations

import io
import tarfile
from pathlib import Path

import pytest

from milonga.backends.argo.storage.archives import unpacked
from milonga.backends.call_failed import CallFailed


def archive(folder: Path, *members: tuple[str, str, bytes | str]) -> Path:
    path = folder / "object.tgz"
    with tarfile.open(path, "w:gz", compresslevel=0) as made:
        for name, kind, content in members:
            member = tarfile.TarInfo(name)
            if kind == "file":
                data = content if isinstance(content, bytes) else content.encode()
                member.size = len(data)
                made.addfile(member, io.BytesIO(data))
                continue
            member.type = {"folder": tarfile.DIRTYPE, "link": tarfile.SYMTYPE, "hard": tarfile.LNKTYPE}.get(
                kind, tarfile.FIFOTYPE
            )
            member.linkname = str(content)
            made.addfile(member)
    return path


def test_one_file_becomes_the_target(tmp_path: Path) -> None:
    unpacked(archive(tmp_path, ("model", "file", b"\0\1")), tmp_path / "t", "s3://b/k")
    assert (tmp_path / "t").read_bytes() == b"\0\1"


def test_one_folder_becomes_the_target_with_what_is_in_it(tmp_path: Path) -> None:
    members = [("d", "folder", ""), ("d/a", "file", "1"), ("d/e", "folder", ""), ("d/l", "link", "a")]
    unpacked(archive(tmp_path, *members), tmp_path / "t", "s3://b/k")
    assert (tmp_path / "t/a").read_text() == "1" and (tmp_path / "t/e").is_dir()
    assert (tmp_path / "t/l").read_text() == "1"


@pytest.mark.parametrize(
    "members",
    [
        [("../out", "file", "x")],
        [("/tmp-of-nobody/out", "file", "x")],
        [("d/../../out", "file", "x")],
        [("d", "link", "..")],
        [("d/l", "link", "../../out")],
        [("d/l", "link", "/out")],
        [("d", "folder", ""), ("d/l", "link", "e"), ("d/l/x", "file", "x")],
        [("d/h", "hard", "d/x")],
        [("d/p", "pipe", "")],
        [("a", "file", "1"), ("b", "file", "2")],
        [],
    ],
)
def test_what_would_write_elsewhere_is_refused_and_nothing_is_left(tmp_path: Path, members) -> None:
    inside = tmp_path / "inside"
    inside.mkdir()
    packed = archive(inside, *members)
    with pytest.raises(CallFailed) as caught:
        unpacked(packed, inside / "t", "s3://b/k")
    assert caught.value.code == "E837"
    assert list(tmp_path.iterdir()) == [inside] and list(inside.iterdir()) == [packed]


@pytest.mark.parametrize("cut", [0, 10, 600])
def test_half_an_archive_is_damaged(tmp_path: Path, cut: int) -> None:
    packed = archive(tmp_path, ("model", "file", b"x" * 5000))
    packed.write_bytes(packed.read_bytes()[:cut])
    with pytest.raises(CallFailed) as caught:
        unpacked(packed, tmp_path / "t", "s3://b/k")
    assert caught.value.code == "E837" and not (tmp_path / "t").exists()
