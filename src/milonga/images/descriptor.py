"""How one piece of content is named from another: type, digest, length."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from milonga.images.digests import is_digest


@dataclass(frozen=True, slots=True)
class Descriptor:
    """Type, digest and length of one blob or manifest.

    Attributes:
        media_type: what it is.
        digest: "sha256:..." or "sha512:...".
        size_bytes: its length.
    """

    media_type: str
    digest: str
    size_bytes: int

    @classmethod
    def of(cls, document: Any) -> Descriptor:
        """Read one.

        Raises:
            ValueError: that is no descriptor whose content could be checked.
        """
        fields: Mapping[str, Any] = document if isinstance(document, dict) else {}
        media_type, digest, size = fields.get("mediaType", ""), fields.get("digest"), fields.get("size")
        if not isinstance(media_type, str) or not isinstance(digest, str) or not is_digest(digest):
            raise ValueError("a descriptor without a digest of sha256 or sha512")
        if not isinstance(size, int) or isinstance(size, bool) or size < 0:
            raise ValueError("a descriptor without a size")
        return cls(media_type, digest, size)

    def to_json(self) -> dict[str, Any]:
        """As it stands in manifests."""
        return {"mediaType": self.media_type, "digest": self.digest, "size": self.size_bytes}
