"""A scikit-learn estimator as one skops file: no pickle, a closed list of types, same estimator same bytes.

skops (https://skops.readthedocs.io, `skops.io`) names each member of its ZIP archive after the object's address in
memory and stamps it with the time; `encode_estimator` renumbers and restamps them, so that the bytes follow from the
estimator alone. This module does not know what a trained model is; `trained_model` does.
"""

from __future__ import annotations

import io
import json
import warnings
import zipfile
from pathlib import Path
from typing import Any

from milonga.errors import DataError, MissingExtra

TRUSTED_TYPES = (
    "sklearn.ensemble._hist_gradient_boosting.predictor.TreePredictor",
    "sklearn.tree._tree.Tree",
)
"""Types beyond the ones which skops itself trusts; both hold plain arrays and run no code when they are built."""


def encode_estimator(estimator: Any) -> bytes:
    """The bytes of a skops file that holds `estimator`.

    Raises:
        DataError: E545, it contains a type that `decode_estimator` would refuse.
        MissingExtra: skops is not installed.
    """
    skops = _skops()
    raw = skops.dumps(estimator)
    _refuse_untrusted(skops.get_untrusted_types(data=raw), where="")
    return _canonical(raw)


def decode_estimator(path: Path) -> Any:
    """The estimator in the skops file `path`, built only if every type in it is trusted.

    Raises:
        DataError: E544 (the file is missing or damaged), E545 (it names a type that is not trusted).
        MissingExtra: skops is not installed.
    """
    skops = _skops()
    if not path.is_file():
        expected = "an estimator in skops form"
        raise DataError("E544", f"the file '{path.name}' is missing", where=str(path), expected=expected)
    from sklearn.exceptions import InconsistentVersionWarning

    try:
        untrusted = skops.get_untrusted_types(file=path)
    except Exception as reason:  # skops lets whatever a damaged archive causes through
        raise _damaged(path, reason) from reason
    _refuse_untrusted(untrusted, where=str(path))
    try:
        with warnings.catch_warnings():
            # Written by another scikit-learn: its predictions may differ, and a warning would be overlooked.
            warnings.simplefilter("error", InconsistentVersionWarning)
            return skops.load(path, trusted=list(TRUSTED_TYPES))
    except Exception as reason:  # as above
        raise _damaged(path, reason) from reason


def _refuse_untrusted(types: list[str], *, where: str) -> None:
    strange = [name for name in types if name not in TRUSTED_TYPES]
    if strange:
        raise DataError(
            "E545",
            "the estimator contains types that are not trusted",
            where=where,
            got=", ".join(strange),
            expected="scikit-learn's own types",
            hint="train it with milonga's train_table",
        )


def _damaged(path: Path, reason: Exception) -> DataError:
    got = f"{type(reason).__name__}: {reason}"[:300]
    return DataError(
        "E544",
        f"'{path.name}' cannot be read by the installed skops and scikit-learn",
        where=str(path),
        got=got,
        expected="an undamaged file, written by the same version of scikit-learn",
        hint="train the model again",
    )


def _canonical(raw: bytes) -> bytes:
    with zipfile.ZipFile(io.BytesIO(raw)) as archive:
        schema = json.loads(archive.read("schema.json"))
        numbers: dict[int, int] = {}
        files: dict[str, str] = {}
        _renumber(schema, numbers, files)
        buffer = io.BytesIO()
        with zipfile.ZipFile(buffer, "w", compression=zipfile.ZIP_DEFLATED) as target:
            _add(target, "schema.json", json.dumps(schema, sort_keys=True).encode("utf-8"))
            for old, new in files.items():
                _add(target, new, archive.read(old))
        left = set(archive.namelist()) - {"schema.json", *files}
    if left:
        raise DataError("E545", "skops wrote members that its schema does not name", got=", ".join(sorted(left)))
    return buffer.getvalue()


def _renumber(node: Any, numbers: dict[int, int], files: dict[str, str]) -> None:
    """Replace memory addresses by the order of their first appearance, in `__id__` and in file names."""
    if isinstance(node, list):
        for item in node:
            _renumber(item, numbers, files)
        return
    if not isinstance(node, dict):
        return
    if isinstance(node.get("__id__"), int):
        node["__id__"] = numbers.setdefault(node["__id__"], len(numbers) + 1)
    if isinstance(node.get("file"), str):
        suffix = Path(node["file"]).suffix
        node["file"] = files.setdefault(node["file"], f"{len(files) + 1}{suffix}")
    for item in node.values():
        _renumber(item, numbers, files)


def _add(archive: zipfile.ZipFile, name: str, content: bytes) -> None:
    entry = zipfile.ZipInfo(name, date_time=(1980, 1, 1, 0, 0, 0))
    entry.compress_type = zipfile.ZIP_DEFLATED
    archive.writestr(entry, content)


def _skops() -> Any:
    try:
        import skops.io
    except ImportError as reason:
        raise MissingExtra.of("skops", "data", "reading and writing a scikit-learn estimator") from reason
    return skops.io
