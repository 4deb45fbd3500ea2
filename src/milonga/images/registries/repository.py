"""One repository of a registry: manifests, blobs, uploads."""

from __future__ import annotations

import time
import urllib.parse
from pathlib import Path
from typing import BinaryIO

from milonga.errors import RemoteError
from milonga.images.descriptor import Descriptor
from milonga.images.digests import copied, digest_of, is_digest, sha256_of
from milonga.images.documents import LARGEST_DOCUMENT_BYTES, read_object
from milonga.images.media_types import INDEXES, MANIFESTS
from milonga.images.reference import ImageReference
from milonga.images.registries.answer import Answer
from milonga.images.registries.client import RegistryClient
from milonga.images.registries.transport import TRANSPORT_ERRORS, host_of, unreachable

_ACCEPTED = ", ".join((*INDEXES, *MANIFESTS))
_UPLOAD_TRIES = 3


class Repository:
    """Reads and writes one repository.

    Source: OCI distribution specification 1.1.

    Args:
        reference: any image of the repository.
        insecure: also without TLS.
        is_written: whether things are pushed.
        sources: other repositories of the same registry whose blobs are mounted.
    """

    def __init__(
        self,
        reference: ImageReference,
        *,
        insecure: bool = False,
        is_written: bool = False,
        sources: tuple[str, ...] = (),
    ) -> None:
        self.name = reference.repository
        scopes = [f"repository:{self.name}:{'pull,push' if is_written else 'pull'}"]
        scopes += [f"repository:{source}:pull" for source in sources]
        self._client = RegistryClient(reference.registry, reference.api_host, scopes, insecure=insecure)

    def digest(self, version: str) -> str:
        """The digest of what a tag leads to now.

        Raises:
            RemoteError: E820 to E825.
        """
        with self._client.call("HEAD", self._path("manifests", version), {"Accept": _ACCEPTED}) as answer:
            found = answer.header("Docker-Content-Digest")
            if answer.status == 200 and is_digest(found):
                return found
        return self.manifest(version)[0].digest

    def manifest(self, version: str) -> tuple[Descriptor, bytes]:
        """A manifest or an index, by tag or digest.

        Raises:
            RemoteError: E820 to E825; E823 when it is not what its digest says.
        """
        try:
            with self._client.call("GET", self._path("manifests", version), {"Accept": _ACCEPTED}) as answer:
                self._check(answer, (200,), f"{self.name}:{version}")
                content, media_type = answer.body(), answer.header("Content-Type").partition(";")[0].strip()
                promised = version if is_digest(version) else answer.header("Docker-Content-Digest")
        except TRANSPORT_ERRORS as error:
            raise unreachable(self._client.base_url(), error) from None
        if len(content) > LARGEST_DOCUMENT_BYTES:
            raise RemoteError("E825", "the manifest is too long", where=f"{self.name}:{version}")
        digest = digest_of(content, like=promised) if is_digest(promised) else sha256_of(content)
        if is_digest(promised) and digest != promised:
            raise self._changed(promised, digest)
        return Descriptor(self._type_in(content, media_type), digest, len(content)), content

    def fetch(self, descriptor: Descriptor, sink: BinaryIO) -> None:
        """Download a blob into an empty file and check it; a connection that breaks is tried again.

        Raises:
            RemoteError: E820 to E825; E823 when it is not what its digest says.
        """
        pauses_s = self._client.transport.pauses_s
        for pause_s in (*pauses_s, None):
            sink.seek(0)
            sink.truncate()
            try:
                with self._client.call("GET", self._path("blobs", descriptor.digest)) as answer:
                    self._check(answer, (200,), descriptor.digest)
                    wrong = copied(answer, sink, digest=descriptor.digest, size_bytes=descriptor.size_bytes)
            except TRANSPORT_ERRORS as error:
                if pause_s is None:
                    raise unreachable(self._client.base_url(), error) from None
                time.sleep(pause_s)
                continue
            if not wrong:
                return
            raise self._changed(descriptor.digest, wrong)

    def has(self, descriptor: Descriptor) -> bool:
        """Whether the blob is there.

        Raises:
            RemoteError: E820 to E825.
        """
        with self._client.call("HEAD", self._path("blobs", descriptor.digest)) as answer:
            self._check(answer, (200, 404), descriptor.digest)
            return answer.status == 200

    def mount(self, descriptor: Descriptor, source: str) -> bool:
        """Take the blob over from another repository of this registry; False when it must be uploaded."""
        query = urllib.parse.urlencode({"mount": descriptor.digest, "from": source})
        try:
            path = f"{self._path('blobs', 'uploads/')}?{query}"
            with self._client.call("POST", path, {"Content-Length": "0"}) as answer:
                return answer.status == 201
        except RemoteError:  # not allowed to read there; the upload says whether anything else is wrong
            return False

    def upload(self, descriptor: Descriptor, path: Path) -> None:
        """Upload a blob from a file.

        Raises:
            RemoteError: E820 to E825, E826 when it is not taken.
        """
        said = ""
        for _ in range(_UPLOAD_TRIES):
            with self._client.call("POST", self._path("blobs", "uploads/"), {"Content-Length": "0"}) as answer:
                self._check(answer, (202,), descriptor.digest, is_upload=True)
                where = self._place(answer)
            query = urllib.parse.urlencode({"digest": descriptor.digest})
            url = f"{where}{'&' if urllib.parse.urlsplit(where).query else '?'}{query}"
            with self._client.call("PUT", url, {"Content-Type": "application/octet-stream"}, path) as answer:
                if answer.status == 201:
                    return
                said = answer.said()
                if answer.status not in (404, 416) and answer.status < 500:  # else the upload is lost: begin again
                    break
        raise self._not_taken(descriptor.digest, said)

    def put_manifest(self, descriptor: Descriptor, content: bytes, version: str) -> None:
        """Write a manifest under a tag, which makes the image visible.

        Raises:
            RemoteError: E820 to E825, E826 when it is not taken.
        """
        headers = {"Content-Type": descriptor.media_type}
        with self._client.call("PUT", self._path("manifests", version), headers, content) as answer:
            self._check(answer, (201,), f"{self.name}:{version}", is_upload=True)
            found = answer.header("Docker-Content-Digest")
        if found and found != descriptor.digest:
            raise self._not_taken(f"{self.name}:{version}", found)

    def _place(self, answer: Answer) -> str:
        """Where an upload goes on; never to a less safe protocol."""
        where = urllib.parse.urljoin(answer.url, answer.header("Location"))
        if not where.startswith(("https://", self._client.base_url())):
            raise RemoteError("E825", "the registry names no safe place for an upload", got=host_of(where))
        return where

    def _path(self, kind: str, version: str) -> str:
        return f"/v2/{self.name}/{kind}/{version}"

    def _check(self, answer: Answer, accepted: tuple[int, ...], what: str, *, is_upload: bool = False) -> None:
        if answer.status in accepted:
            return
        where = f"{host_of(self._client.base_url())}/{self.name}"
        if answer.status == 404 and not is_upload:
            raise RemoteError("E824", "the registry has no such image", where=where, got=what)
        if is_upload and answer.status < 500:
            raise self._not_taken(what, answer.said())
        raise RemoteError("E825", "the registry answers with an error", where=where, got=answer.said())

    def _not_taken(self, what: str, got: str) -> RemoteError:
        return RemoteError("E826", "the registry does not take what is pushed", where=f"{self.name} {what}", got=got)

    def _changed(self, promised: str, found: str) -> RemoteError:
        return RemoteError(
            "E823",
            "the registry sent something else than was asked for",
            where=f"{host_of(self._client.base_url())}/{self.name}",
            got=found,
            expected=promised,
        )

    def _type_in(self, content: bytes, said: str) -> str:
        try:
            found = read_object(content).get("mediaType")
        except ValueError:
            raise RemoteError("E825", "the manifest is no JSON object", where=self.name) from None
        return found if isinstance(found, str) and found else said
