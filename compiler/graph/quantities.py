"""Kubernetes quantities as numbers: "500m", "2", "4Gi", "1.5e9".

The grammar is that of `k8s.io/apimachinery/pkg/api/resource`: a decimal number and a suffix of thousands, of binary
thousands, or an exponent.
"""

from __future__ import annotations

import re

_QUANTITY = re.compile(r"([+-]?(?:\d+\.?\d*|\.\d+))(n|u|m|k|[MGTPE]i?|Ki|[eE][+-]?\d+)?")
_FACTORS = {
    **{"n": 1e-9, "u": 1e-6, "m": 1e-3, "k": 1e3, "M": 1e6, "G": 1e9, "T": 1e12, "P": 1e15, "E": 1e18},
    **{"Ki": 2.0**10, "Mi": 2.0**20, "Gi": 2.0**30, "Ti": 2.0**40, "Pi": 2.0**50, "Ei": 2.0**60},
}


def is_quantity(text: str) -> bool:
    """Whether Kubernetes reads `text` as a quantity."""
    return _QUANTITY.fullmatch(text) is not None


def amount(quantity: str) -> float:
    """A quantity as a number of its base unit: cores for cpu ("500m" → 0.5), bytes for memory ("4Gi" → 4294967296).

    Raises:
        ValueError: it is no quantity.
    """
    found = _QUANTITY.fullmatch(quantity)
    if found is None:
        raise ValueError(f"{quantity!r} is no Kubernetes quantity")
    number, suffix = found.groups()
    if suffix is None or suffix in _FACTORS:
        return float(number) * _FACTORS.get(suffix or "", 1.0)
    return float(number + suffix)
