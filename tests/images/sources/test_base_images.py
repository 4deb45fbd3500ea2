"""Base images: of every form, and broken ones in every way."""

from __future__ import annotations

import gzip
import hashlib
import io
import json
import shutil
import subprocess
import tarfile
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from image_reading import ReadImage

from milonga.errors import MilongaError, UsageError
from milonga.images import Platform, find_source
from milonga.images.platform import DEFAULT_PLATFORM


def tar_of(files: dict[str, bytes], links: dict[str, str] | None = None) -> bytes:
    stream = io.BytesIO()
    with tarfile.open(fileobj=stream, mode="w") as archive:
        for name, content in files.items():
            header = tarfile.TarInfo(name)
            header.size = len(content)
            archive.addfile(header, io.BytesIO(content))
        for name, target in (links or {}).items():
            header = tarfile.TarInfo(name)
            header.type, header.linkname = tarfile.SYMTYPE, target
            archive.addfile(header)
    return stream.getvalue()


def digest_of(content: bytes) -> str:
    return f"sha256:{hashlib.sha256(content).hexdigest()}"


def saved(path: Path, *, compressed: bool = False, **changes: Any) -> Path:
    """A tar as old `docker save` wrote it: a folder a layer, a link for a layer that is there twice."""
    layer = tar_of({"hello": b"hi"})
    config = {
        "os": "linux",
        "architecture": "amd64",
        "config": {"Env": ["PATH=/bin"]},
        "rootfs": {"type": "layers", "diff_ids": [digest_of(layer)] * 2},
        **changes,
    }
    listed = [{"Config": "c.json", "RepoTags": ["small:1"], "Layers": ["a/layer.tar", "b/layer.tar"]}]
    stored = gzip.compress(layer) if compressed else layer
    files = {
        "./manifest.json": json.dumps(listed).encode(),
        "c.json": json.dumps(config).encode(),
        "a/layer.tar": stored,
    }
    path.write_bytes(tar_of(files, {"b/layer.tar": "../a/layer.tar"}))
    return path


def fetched(blob: Any) -> bytes:
    sink = io.BytesIO()
    blob.origin.fetch(blob.descriptor, sink)
    return sink.getvalue()


@pytest.mark.parametrize("compressed", [False, True])
def test_an_archive_of_old_docker_is_a_base(tmp_path: Path, compressed: bool) -> None:
    path = saved(tmp_path / "saved.tar", compressed=compressed)
    for text in (str(path), f"docker-archive:{path}", f"docker-archive:{path}:small:1", f"{path}:1"):
        base = find_source(text).base(DEFAULT_PLATFORM)
        assert base.config["config"] == {"Env": ["PATH=/bin"]} and len(base.layers) == 2
        for layer in base.layers:
            assert digest_of(fetched(layer)) == layer.descriptor.digest
            assert layer.descriptor.media_type.endswith("+gzip") is compressed


def test_an_archive_for_another_platform_or_of_another_name_is_refused(tmp_path: Path) -> None:
    path = saved(tmp_path / "saved.tar", architecture="arm64")
    with pytest.raises(UsageError, match="E982") as caught:
        find_source(str(path)).base(DEFAULT_PLATFORM)
    assert caught.value.got == "linux/arm64"
    with pytest.raises(UsageError, match="E982") as caught:
        find_source(f"docker-archive:{path}:other").base(Platform.parse("linux/arm64"))
    assert caught.value.got == "small:1"


def test_a_layer_that_is_not_what_the_configuration_says_is_refused(tmp_path: Path) -> None:
    rootfs = {"type": "layers", "diff_ids": [digest_of(b"x")] * 2}
    with pytest.raises(UsageError, match="E981"):
        find_source(str(saved(tmp_path / "saved.tar", rootfs=rootfs))).base(DEFAULT_PLATFORM)


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"no tar",
        gzip.compress(b"no tar", mtime=0),
        tar_of({"a": b"b"}),
        tar_of({"manifest.json": b"{}"}),
        tar_of({"manifest.json": b"[]"}),
    ],
)
def test_what_is_no_archive_is_refused(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "some.tar"
    path.write_bytes(content)
    for text in (str(path), f"oci-archive:{path}", f"docker-archive:{path}"):
        with pytest.raises(UsageError, match=r"E98[12]"):
            find_source(text).base(DEFAULT_PLATFORM)


@pytest.mark.parametrize("name", ["../secret", "/etc/hostname", "a/../../secret", "nul\0", "absent"])
def test_a_list_cannot_lead_out_of_its_folder(tmp_path: Path, name: str) -> None:
    (tmp_path / "secret").write_text("{}")
    (tmp_path / "image" / "a").mkdir(parents=True)
    (tmp_path / "image" / "manifest.json").write_text(json.dumps([{"Config": name, "Layers": []}]))
    with pytest.raises(UsageError, match="E981"):
        find_source(f"docker-archive:{tmp_path / 'image'}").base(DEFAULT_PLATFORM)


def test_a_path_and_a_name_are_told_apart(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "python").mkdir()
    assert type(find_source("python")).__name__ == "RegistrySource"
    assert type(find_source("docker://python:3.11")).__name__ == "RegistrySource"
    for text in ("./python", "oci:python", "/not/there", "other.tar"):
        with pytest.raises(UsageError, match="E981"):
            find_source(text)


def test_every_damage_to_a_layout_is_one_clear_error(base_layout: Path, tmp_path: Path) -> None:
    whole = ReadImage(base_layout).files

    @settings(max_examples=60, deadline=None, suppress_health_check=list(HealthCheck))
    @given(
        st.sampled_from(sorted(whole)), st.integers(0, 400), st.sampled_from([b"", b"{", b"null", b"[]", b"\xff", b'"'])
    )
    def damaged(name: str, position: int, text: bytes) -> None:
        content = whole[name]
        (base_layout / name).write_bytes(content[:position] + text + content[position + len(text) + 1 :])
        try:
            base = find_source(str(base_layout)).base(DEFAULT_PLATFORM)
            for layer in base.layers:
                fetched(layer)
        except MilongaError as error:
            assert error.code in ("E981", "E982")
        finally:
            (base_layout / name).write_bytes(content)

    damaged()


WRONG: list[tuple[str, Callable[[dict[str, Any]], object]]] = [
    (
        "layers of a type that stays where it is",
        lambda m: m["layers"][0].update(mediaType="application/vnd.docker.image.rootfs.foreign.diff.tar.gzip"),
    ),
    ("a digest that leads elsewhere", lambda m: m["layers"][0].update(digest="sha256:../../../../etc/passwd")),
    ("no size", lambda m: m["layers"][0].pop("size")),
    ("a chart, not an image", lambda m: m["config"].update(mediaType="application/vnd.cncf.helm.config.v1+json")),
    ("layers without a configuration", lambda m: m["layers"].append(m["layers"][0])),
    ("no list", lambda m: m.update(layers={"a": 1})),
    ("another kind", lambda m: m.update(mediaType="application/vnd.docker.distribution.manifest.v1+json")),
]


@pytest.mark.parametrize(("what", "change"), WRONG, ids=[what for what, _ in WRONG])
def test_a_manifest_that_cannot_be_a_base_is_refused(
    base_layout: Path, what: str, change: Callable[[dict[str, Any]], object]
) -> None:
    manifest = ReadImage(base_layout).manifest
    change(manifest)
    _put(base_layout, json.dumps(manifest).encode())
    with pytest.raises(UsageError, match="E981"):
        find_source(str(base_layout)).base(DEFAULT_PLATFORM)


def _put(
    layout: Path, content: bytes, media_type: str = "application/vnd.oci.image.manifest.v1+json"
) -> dict[str, Any]:
    """Make `content` what the index of the layout leads to."""
    (layout / "blobs" / "sha256" / digest_of(content)[7:]).write_bytes(content)
    entry = {"mediaType": media_type, "digest": digest_of(content), "size": len(content)}
    (layout / "index.json").write_text(json.dumps({"schemaVersion": 2, "manifests": [entry]}))
    return entry


def test_an_index_in_the_index_leads_to_the_platform(base_layout: Path) -> None:
    image = ReadImage(base_layout)
    attestation = {**image.entry, "platform": {"os": "unknown", "architecture": "unknown"}, "digest": digest_of(b"")}
    arm = {**image.entry, "platform": {"os": "linux", "architecture": "arm64"}, "digest": digest_of(b"arm")}
    index = {"schemaVersion": 2, "manifests": [attestation, arm, image.entry]}
    _put(base_layout, json.dumps(index).encode(), "application/vnd.docker.distribution.manifest.list.v2+json")
    source = find_source(str(base_layout))
    assert source.base(DEFAULT_PLATFORM).digest == image.digest == source.digest(DEFAULT_PLATFORM)
    assert source.digest(None) == digest_of(json.dumps(index).encode())
    with pytest.raises(UsageError, match="E982") as caught:
        source.base(Platform.parse("linux/s390x"))
    assert caught.value.got == "linux/amd64, linux/arm64"


def test_an_index_without_an_end_is_refused(base_layout: Path) -> None:
    entry = ReadImage(base_layout).entry
    for _ in range(8):
        index = {"schemaVersion": 2, "mediaType": "application/vnd.oci.image.index.v1+json", "manifests": [entry]}
        entry = _put(base_layout, json.dumps(index).encode(), index["mediaType"])
    with pytest.raises(UsageError, match="E981"):
        find_source(str(base_layout)).base(DEFAULT_PLATFORM)


@pytest.mark.slow
def test_what_podman_saves_is_a_base_and_what_we_write_podman_loads(tmp_path: Path, base_layout: Path) -> None:
    podman = shutil.which("podman")
    if podman is None:
        pytest.skip("podman is not installed")
    from milonga.images import ImageRecipe, ImageReference, build_image
    from milonga.images.destinations.archive_file import ArchiveFile
    from milonga.images.layers.addition import Addition

    (tmp_path / "more").write_text("more")
    recipe = ImageRecipe(base=str(base_layout), additions=[Addition(tmp_path / "more", "/more")])
    name = f"localhost/milonga-test-{tmp_path.parent.name}:1"
    ours = build_image(recipe, ArchiveFile(tmp_path / "ours.tar", ImageReference.parse(name)))
    short = Path(tempfile.mkdtemp(prefix="mi"))  # podman takes no long paths here
    storage = [podman, "--root", str(short / "r"), "--runroot", str(short / "s"), "--storage-driver", "vfs"]

    def call(*words: str) -> str:
        done = subprocess.run([*storage, *words], capture_output=True, text=True, timeout=120, check=False)
        if done.returncode and "permitted" in done.stderr:
            pytest.skip(f"podman does not work here: {done.stderr.splitlines()[-1]}")
        assert done.returncode == 0, done.stderr
        return done.stdout

    call("load", "--input", str(tmp_path / "ours.tar"))
    assert call("image", "inspect", "--format", "{{.Digest}}", name).strip() == ours.digest
    for form, prefix in (("docker-archive", "docker-archive:"), ("oci-archive", "oci-archive:"), ("oci-dir", "oci:")):
        path = tmp_path / f"{form}.tar"
        call("save", "--format", form, "--output", str(path), name)
        base = find_source(f"{prefix}{path}").base(DEFAULT_PLATFORM)
        assert [digest_of(fetched(layer)) for layer in base.layers] == [
            layer.descriptor.digest for layer in base.layers
        ]
        assert base.config["rootfs"]["diff_ids"] == ReadImage(tmp_path / "ours.tar").config["rootfs"]["diff_ids"]
    shutil.rmtree(short)
