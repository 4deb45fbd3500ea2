"""Names of images, platforms and digests."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from milonga.errors import UsageError
from milonga.images import ImageReference, Platform

DIGEST = "sha256:" + "0a" * 32


@pytest.mark.parametrize(
    ("text", "registry", "repository", "tag", "digest"),
    [
        ("python", "docker.io", "library/python", "", ""),
        ("python:3.11-slim", "docker.io", "library/python", "3.11-slim", ""),
        ("bitnami/kubectl", "docker.io", "bitnami/kubectl", "", ""),
        ("docker.io/python", "docker.io", "library/python", "", ""),
        ("index.docker.io/a/b:c", "docker.io", "a/b", "c", ""),
        ("localhost/a", "localhost", "a", "", ""),
        ("localhost:5000/a:b", "localhost:5000", "a", "b", ""),
        ("ghcr.io/a/b/c@" + DIGEST, "ghcr.io", "a/b/c", "", DIGEST),
        ("quay.io/a/b:1.2@" + DIGEST, "quay.io", "a/b", "1.2", DIGEST),
        ("[::1]:5000/a", "[::1]:5000", "a", "", ""),
        ("HOST/a", "HOST", "a", "", ""),
    ],
)
def test_a_name_is_read_as_docker_reads_it(text: str, registry: str, repository: str, tag: str, digest: str) -> None:
    found = ImageReference.parse(text)
    assert (found.registry, found.repository, found.tag, found.digest) == (registry, repository, tag, digest)
    assert str(found) == text


@pytest.mark.parametrize(
    "text",
    [
        *("", ":", "@", "A", "a:", "a@", "a@sha256:12", "a b", "a/../b", "a//b", "-a", "a/", "/a", "a:b:c", "a\n", "é"),
        *(
            "a:" + "x" * 129,
            "a" * 256,
            "a@md5:" + "0" * 32,
            "https://a.example/b",
            "host.example/",
            "a?b",
            "a#b",
            "a_",
            "a:é",
        ),
    ],
)
def test_what_is_no_name_is_refused(text: str) -> None:
    with pytest.raises(UsageError, match="E980"):
        ImageReference.parse(text)


@given(st.text(max_size=60))
def test_any_text_is_a_name_that_is_written_the_same_or_is_refused(text: str) -> None:
    try:
        assert str(ImageReference.parse(text)) == text
    except UsageError as error:
        assert error.code == "E980"


def test_platforms_in_other_people_s_names() -> None:
    assert Platform.parse("linux/x86_64") == Platform("linux", "amd64")
    assert str(Platform.parse("Linux/ARM64/v8")) == "linux/arm64/v8"
    for text in ("", "linux", "linux/", "a/b/c/d", "linux/amd 64"):
        with pytest.raises(UsageError, match="E989"):
            Platform.parse(text)


def test_an_unsaid_variant_fits_every_other() -> None:
    assert Platform.parse("linux/arm").runs(Platform.parse("linux/arm/v7"))
    assert not Platform.parse("linux/arm/v6").runs(Platform.parse("linux/arm/v7"))
    assert not Platform.parse("linux/arm64").runs(Platform.parse("linux/amd64"))
