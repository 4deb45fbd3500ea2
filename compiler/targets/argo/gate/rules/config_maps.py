"""ConfigMaps beside workflows. Braces are fine in them: nothing is substituted there."""

from __future__ import annotations

import base64
import binascii
import re
from collections.abc import Iterator

from milonga.compiler.targets.argo.gate.bundle import Bundle
from milonga.compiler.targets.argo.gate.fault import Fault
from milonga.compiler.targets.argo.gate.node import Node
from milonga.compiler.targets.argo.gate.rules.sizes import OBJECT_BYTES_MAX

_KEY = re.compile(r"[-._a-zA-Z0-9]{1,253}")


def config_maps_are_well_formed(bundle: Bundle) -> Iterator[Fault]:
    """Keys are file names that stand once, binary values are base64, all of it is at most 1 MiB."""
    for root in bundle.of_kind("ConfigMap"):
        data, binary = root.at("data"), root.at("binaryData")
        size = sum(len(node.text.encode("utf-8", "surrogatepass")) for node in data.children())
        for node in (*data.children(), *binary.children()):
            key = str(node.steps[-1])
            if not _KEY.fullmatch(key) or key in (".", "..") or key.startswith(".."):
                yield Fault(
                    "E355", "a key of a ConfigMap is no plain file name", node, got=key, expected="A-Z a-z 0-9 - . _"
                )
            if key in data.mapping and key in binary.mapping and node.steps[0] == "data":
                yield Fault("E355", "a key stands in `data` and in `binaryData`", node, got=key)
        for node in binary.children():
            content = _decoded(node)
            if content is None:
                yield Fault("E355", "a binary value of a ConfigMap is no base64", node, got=node.text)
            size += len(content or b"")
        if size > OBJECT_BYTES_MAX:
            expected = f"at most {OBJECT_BYTES_MAX} bytes"
            yield Fault(
                "E346", "a ConfigMap is too large", root, got=f"{size} bytes", expected=expected, hint="split it"
            )


def _decoded(node: Node) -> bytes | None:
    try:
        return base64.b64decode(re.sub(r"[\r\n]", "", node.text), validate=True)
    except (binascii.Error, ValueError):
        return None
