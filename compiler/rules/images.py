"""Whether the images of steps can be named, and mean the same tomorrow."""

from __future__ import annotations

import re
from collections.abc import Iterator

from milonga.compiler.diagnostics import Diagnostic
from milonga.compiler.scope import Finding, Scope

_HOST = r"(?:[a-zA-Z0-9](?:[a-zA-Z0-9-]*[a-zA-Z0-9])?(?:\.[a-zA-Z0-9](?:[a-zA-Z0-9-]*[a-zA-Z0-9])?)*|\[[a-fA-F0-9:]+\])"
_PART = r"[a-z0-9]+(?:(?:\.|_|__|-+)[a-z0-9]+)*"
_REFERENCE = re.compile(
    rf"(?P<name>(?:{_HOST}(?::[0-9]+)?/)?{_PART}(?:/{_PART})*)"
    r"(?::(?P<tag>\w[\w.-]{0,127}))?"
    r"(?P<digest>@[A-Za-z][A-Za-z0-9]*(?:[-_+.][A-Za-z][A-Za-z0-9]*)*:[0-9a-fA-F]{32,})?",
    re.ASCII,
)
"""The grammar of github.com/distribution/reference, which container runtimes parse names with."""

_NAME_MAX = 255
NOBODY_CHOSE = "python:3.11-slim"
"""The image of a step whose author names none (`milonga.compiler.trace.library.DEFAULT_IMAGE`; a test keeps the two
equal). A warning that every first pipeline has is one that nobody reads."""

_NEVER_PULLED = frozenset({"argostub/createpvc", "argostub/deletepvc"})
"""KFP's driver creates and deletes volumes itself; the images of these steps do not exist."""


def images_are_references(scope: Scope) -> Iterator[Diagnostic]:
    """The image of a container is a reference: name, tag, digest."""
    for image, finding in _images(scope):
        reference = _REFERENCE.fullmatch(image)
        if reference is None or len(reference["name"]) > _NAME_MAX:
            yield finding(
                "E255",
                "the image is no image reference",
                got=image[:120],
                expected="[registry/]name[:tag][@sha256:digest], the name in lower case",
            )


def images_are_pinned(scope: Scope) -> Iterator[Diagnostic]:
    """An image that the author chose is pinned by its digest, so that it is the same tomorrow."""
    for image, finding in _images(scope):
        reference = _REFERENCE.fullmatch(image)
        if reference is None or reference["digest"] or image in (NOBODY_CHOSE, *_NEVER_PULLED):
            continue
        hint = f"pin it: {reference['name']}@sha256:..."
        if reference["tag"] in (None, "latest"):
            message = f"the image '{image}' is whatever was pushed last: two runs may run different code"
        else:
            message = f"the image '{image}' is not pinned: its tag may be pushed again"
        yield finding("E256", message, severity="warning", hint=hint)


def _images(scope: Scope) -> Iterator[tuple[str, Finding]]:
    """Each distinct image once, on the root's turn, with the way to make a finding where it is used first."""
    if not scope.is_root:
        return
    seen: set[str] = set()
    for label, executor in scope.graph.executors.items():
        image = executor.container.image if executor.container is not None else None
        if image and image not in seen and "{{$" not in image:
            seen.add(image)
            yield image, scope.finding_at_use(scope.whole.executor_uses.get(label))
