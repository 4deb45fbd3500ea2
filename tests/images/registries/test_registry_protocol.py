"""Pull and push against docker's own registry: what is sent, what is not, and what a failing network does."""

from __future__ import annotations

import io
import socket
from collections.abc import Callable
from pathlib import Path

import pytest
from image_reading import ReadImage
from registry_servers import Door

from milonga.errors import MilongaError, RemoteError
from milonga.images import BuiltImage, ImageRecipe, ImageReference, build_image, find_source, resolved_image
from milonga.images.descriptor import Descriptor
from milonga.images.destinations.layout_folder import LayoutFolder
from milonga.images.destinations.registry_push import RegistryPush
from milonga.images.digests import sha256_of
from milonga.images.documents import canonical
from milonga.images.layers.addition import Addition
from milonga.images.media_types import MANIFEST
from milonga.images.platform import DEFAULT_PLATFORM
from milonga.images.registries.repository import Repository


def push(reference: str, project: Path, base: str, destination: str = "/app") -> tuple[BuiltImage, list[str]]:
    lines: list[str] = []
    recipe = ImageRecipe(base=base, additions=[Addition(project, destination)])
    return build_image(recipe, RegistryPush(ImageReference.parse(reference)), report=lines.append), lines


def pull(reference: str, project: Path, layout: Path) -> ReadImage:
    """A layout with the image of a registry below one more layer."""
    recipe = ImageRecipe(base=reference, additions=[Addition(project, "/pulled")])
    build_image(recipe, LayoutFolder(layout))
    return ReadImage(layout)


def code_of(action: Callable[[], object]) -> RemoteError:
    with pytest.raises(RemoteError) as caught:
        action()
    return caught.value


def test_what_is_pushed_is_what_is_pulled(registry_host: str, project: Path, base_layout: Path, tmp_path: Path) -> None:
    made, lines = push(f"{registry_host}/round/trip:1", project, f"oci:{base_layout}")
    assert lines[-1] == "blobs: 3 sent"
    image = pull(f"{registry_host}/round/trip:1", project, tmp_path / "out")
    assert resolved_image(f"{registry_host}/round/trip:1") == f"{registry_host}/round/trip@{made.digest}"
    assert "app/src/app/main.py" in image.layers[1] and "pulled/run.sh" in image.layers[2]
    by_digest = find_source(f"{registry_host}/round/trip@{made.digest}").digest(None)
    assert by_digest == made.digest


def test_a_layer_is_the_same_in_a_registry_and_on_disk(
    registry_host: str, project: Path, base_layout: Path, tmp_path: Path, built: Callable[..., BuiltImage]
) -> None:
    pushed, _ = push(f"{registry_host}/same/image", project, str(base_layout))
    on_disk = built(tmp_path / "out", project, base=str(base_layout))
    assert pushed == on_disk


def test_blobs_that_are_there_are_not_sent_and_those_of_the_base_are_mounted(
    door: Door, project: Path, base_layout: Path
) -> None:
    push(f"{door.host}/mounted/base:1", project, str(base_layout))
    door.seen.clear()
    _, lines = push(f"{door.host}/mounted/app:1", project, f"{door.host}/mounted/base:1", "/other")
    assert lines[-1] == "blobs: 2 mounted, 2 sent"
    assert [path for path in door.paths("POST") if "mount=" in path and "from=mounted%2Fbase" in path]
    assert not [path for path in door.paths("GET") if "/blobs/" in path][1:], "only the configuration was downloaded"
    _, lines = push(f"{door.host}/mounted/app:2", project, f"{door.host}/mounted/base:1", "/other")
    assert lines[-1] == "blobs: 4 there"


def test_the_manifest_is_the_last_thing_that_is_sent(door: Door, project: Path, base_layout: Path) -> None:
    push(f"{door.host}/order:1", project, str(base_layout), "/order")
    puts = door.paths("PUT")
    assert puts[-1] == "/v2/order/manifests/1" and not [path for path in puts[:-1] if "manifests" in path]


def test_a_push_that_fails_leaves_no_tag(door: Door, project: Path, base_layout: Path) -> None:
    door.faults = [("/blobs/uploads/", "403")]
    error = code_of(lambda: push(f"{door.host}/not/there:1", project, str(base_layout), "/unique"))
    assert error.code == "E821" and "no luck" in error.got
    assert code_of(lambda: resolved_image(f"{door.host}/not/there:1")).code == "E824"


def test_a_server_that_fails_for_a_moment_is_asked_again(door: Door, project: Path, base_layout: Path) -> None:
    push(f"{door.host}/again:1", project, str(base_layout))
    door.faults = [("/manifests/", "503"), ("/blobs/", "503"), ("/blobs/", "503")]
    base = find_source(f"{door.host}/again:1").base(DEFAULT_PLATFORM)
    assert len(base.layers) == 2 and door.faults == []


def fetched(reference: str) -> bytes:
    blob = find_source(reference).base(DEFAULT_PLATFORM).layers[0]
    sink = io.BytesIO()
    blob.origin.fetch(blob.descriptor, sink)
    return sink.getvalue()


def test_a_download_that_breaks_begins_again(door: Door, project: Path, base_layout: Path) -> None:
    push(f"{door.host}/cut:1", project, str(base_layout))
    layer = ReadImage(base_layout).manifest["layers"][0]
    door.faults = [(layer["digest"], "cut"), (layer["digest"], "cut")]
    assert len(fetched(f"{door.host}/cut:1")) == layer["size"] and door.faults == []


@pytest.mark.parametrize("part", ["/manifests/", "/blobs/"])
def test_what_has_another_digest_is_refused(door: Door, project: Path, base_layout: Path, part: str) -> None:
    made, _ = push(f"{door.host}/other:1", project, str(base_layout))
    door.faults = [(part, "other")]
    error = code_of(lambda: fetched(f"{door.host}/other@{made.digest}"))
    assert error.code == "E823" and error.got != error.expected and door.faults == []


def test_a_server_that_goes_on_failing_is_named(
    door: Door, project: Path, base_layout: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("milonga.images.registries.client.Transport.send", _impatient)
    door.faults = [("/v2/", "503")] * 50
    error = code_of(lambda: resolved_image(f"{door.host}/failing:1"))
    assert error.code == "E825" and "HTTP 503" in error.got and door.host in error.where


def _impatient(self, method, url, headers, body=None):  # type: ignore[no-untyped-def]
    return self.send_once(method, url, headers, body)


@pytest.mark.slow
def test_a_registry_that_is_not_there_is_named() -> None:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        host = f"127.0.0.1:{free.getsockname()[1]}"
        error = code_of(lambda: resolved_image(f"{host}/any:1"))
    assert error.code == "E820" and error.where == host


def test_a_registry_on_another_host_is_never_asked_without_tls(monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[str] = []

    def refuse(self, method, url, headers, body=None, *, timeout_s=0):  # type: ignore[no-untyped-def]
        asked.append(url)
        raise ConnectionRefusedError(111, "refused")

    monkeypatch.setattr("milonga.images.registries.transport.Transport.send_once", refuse)
    monkeypatch.setattr("milonga.images.registries.transport.time.sleep", lambda seconds: None)
    assert code_of(lambda: resolved_image("registry.example/any:1")).code == "E820"
    assert asked and all(url.startswith("https://registry.example/") for url in asked)


def test_an_image_that_is_not_there_is_named(registry_host: str) -> None:
    error = code_of(lambda: resolved_image(f"{registry_host}/never/pushed:7"))
    assert error.code == "E824" and "never/pushed:7" in error.got


def test_a_digest_needs_no_registry() -> None:
    digest = "sha256:" + "0" * 64
    assert resolved_image(f"registry.invalid/a/b:1@{digest}") == f"registry.invalid/a/b@{digest}"


def test_something_that_is_no_image_is_no_base(registry_host: str, tmp_path: Path) -> None:
    repository = Repository(ImageReference.parse(f"{registry_host}/odd"), is_written=True)
    content = b'{"schemaVersion":2,"mediaType":"application/vnd.oci.image.index.v1+json","manifests":[]}'
    described = Descriptor("application/vnd.oci.image.index.v1+json", sha256_of(content), len(content))
    repository.put_manifest(described, content, "1")
    with pytest.raises(MilongaError, match="E982"):
        find_source(f"{registry_host}/odd:1").base(DEFAULT_PLATFORM)
    config = {"mediaType": "application/vnd.oci.image.config.v1+json", "digest": "sha256:" + "0" * 64, "size": 2}
    content = canonical({"schemaVersion": 2, "mediaType": MANIFEST, "config": config, "layers": []})
    wrong = Descriptor(MANIFEST, sha256_of(content), len(content))
    assert code_of(lambda: repository.put_manifest(wrong, content, "2")).code == "E826"
