"""The contract `DataSplits`: labelled samples in three frozen splits, as NumPy files and one description."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar, Literal, cast

from milonga.components.contracts.dataset_description import (
    DatasetDescription,
    Feature,
    ImageForm,
    SplitName,
    SplitRule,
    split_names,
)
from milonga.components.contracts.json_file import read_json, write_json
from milonga.dsl import Dataset
from milonga.errors import DataError, MissingExtra

if TYPE_CHECKING:
    import numpy as np
    import numpy.typing as npt

__all__ = ["DataSplits", "DatasetDescription", "Feature", "ImageForm", "SplitName", "SplitRule", "split_names"]


class DataSplits(Dataset):
    """A folder with `dataset.json` and, for each of train, validation and test, `x.npy` and `y.npy`.

    Written by one task (`write_split` thrice, then `write`), read by many; the files are opened as memory maps.
    """

    DESCRIPTION_FILE: ClassVar[str] = "dataset.json"

    def write_split(
        self,
        name: SplitName,
        x: npt.NDArray[Any],
        y: npt.NDArray[np.int64],
        *,
        order: npt.NDArray[np.int64] | None = None,
    ) -> None:
        """Write the samples of one split.

        Args:
            name: the split.
            x: samples, uint8 `[n, height, width, channels]` or float32 `[n, features]`; a memory map is fine.
            y: class indices, int64 `[n]`.
            order: rows of `x` and `y` to write, in this order; all of them by default. They are copied in chunks
                of at most 16 MiB, so that `x` may be larger than the memory.

        Raises:
            DataError: E524, the arrays are of another type or their lengths differ.
        """
        np = _numpy()
        folder = self.path / name
        if y.dtype != np.int64 or y.ndim != 1 or len(y) != len(x) or x.dtype not in (np.uint8, np.float32):
            got = f"x {x.dtype}{list(x.shape)}, y {y.dtype}{list(y.shape)}"
            raise _broken(folder, got, "x uint8 or float32, y int64, of one length")
        rows = np.arange(len(x)) if order is None else order
        folder.mkdir(parents=True, exist_ok=True)
        np.save(folder / "y.npy", y[rows], allow_pickle=False)
        if not len(rows):
            np.save(folder / "x.npy", x[:0], allow_pickle=False)
            return
        shape = (len(rows), *x.shape[1:])
        target = np.lib.format.open_memmap(folder / "x.npy", mode="w+", dtype=x.dtype, shape=shape)
        chunk = max(1, (16 << 20) // max(1, x[:1].nbytes))
        for start in range(0, len(rows), chunk):
            target[start : start + chunk] = x[rows[start : start + chunk]]
        target.flush()

    def write(self, description: DatasetDescription) -> None:
        """Write `dataset.json`, last of all files, and record the main facts as metadata."""
        write_json(self.path / self.DESCRIPTION_FILE, description.to_json())
        self.metadata.update(
            kind=description.kind,
            digest=description.digest,
            classes=len(description.classes),
            splits=dict(description.splits),
        )

    def read(self) -> DatasetDescription:
        """The description, checked for itself; the arrays are not opened.

        Raises:
            DataError: E500 (no such folder), E520 to E523 (`dataset.json` does not keep the contract).
        """
        if not self.path.is_dir():
            raise DataError("E500", "the data set's folder does not exist", where=str(self.path))
        return DatasetDescription.from_fields(read_json(self.path / self.DESCRIPTION_FILE, format="milonga.dataset/1"))

    def load_split(self, name: SplitName) -> tuple[npt.NDArray[Any], npt.NDArray[np.int64]]:
        """Samples and labels of one split; `x` is a read-only memory map, `y` is in memory.

        Returns:
            x (uint8 `[n, height, width, channels]` or float32 `[n, features]`) and y (int64 `[n]`, index into classes).

        Raises:
            DataError: E524, a file is missing, damaged or differs from the description; those of `read`.
        """
        return self._load(self.read(), name)

    def validate(self) -> DatasetDescription:
        """Check everything: description, types, shapes, finite values, label range, counts and the digest.

        Reads all samples once, a few MiB at a time.

        Raises:
            DataError: E524 (an array differs from the description), E525 (the digest differs); those of `read`.
        """
        from milonga.components.contracts.dataset_digest import digest_of, fingerprints

        np = _numpy()
        description = self.read()
        entries: list[bytes] = []
        for name in split_names():
            x, y = self._load(description, name)
            folder = self.path / name
            counts = np.bincount(y, minlength=len(description.classes))
            for label, count in zip(description.classes, counts, strict=True):
                if int(count) != description.class_counts[name][label]:
                    expected = f"{description.class_counts[name][label]}, as dataset.json says"
                    raise _broken(folder / "y.npy", f"{int(count)} samples of '{label}'", expected)
            if description.kind == "table" and not all(bool(np.isfinite(row).all()) for row in x):
                raise _broken(folder / "x.npy", "NaN or an infinite number", "finite numbers only")
            entries += [key + int(label).to_bytes(8, "big") for key, label in zip(fingerprints(x), y, strict=True)]
        digest = digest_of(description, entries)
        if digest != description.digest:
            where = str(self.path / self.DESCRIPTION_FILE)
            message = "the samples are not those that dataset.json describes"
            raise DataError("E525", message, where=where, got=digest, expected=description.digest)
        return description

    def _load(self, description: DatasetDescription, name: SplitName) -> tuple[npt.NDArray[Any], npt.NDArray[np.int64]]:
        folder = self.path / name
        count = description.splits[name]
        x = _load_array(folder / "x.npy", mmap_mode="r" if count else None)
        y = _load_array(folder / "y.npy", mmap_mode=None)
        shape, dtype = (count, *description.sample_shape), "uint8" if description.kind == "image" else "float32"
        if x.shape != shape or x.dtype != dtype:
            raise _broken(folder / "x.npy", f"{x.dtype}{list(x.shape)}", f"{dtype}{list(shape)}")
        if y.shape != (count,) or y.dtype != "int64":
            raise _broken(folder / "y.npy", f"{y.dtype}{list(y.shape)}", f"int64[{count}]")
        if count and (int(y.min()) < 0 or int(y.max()) >= len(description.classes)):
            raise _broken(folder / "y.npy", f"labels {y.min()} to {y.max()}", f"0 to {len(description.classes) - 1}")
        return x, y


def _load_array(path: Path, *, mmap_mode: Literal["r"] | None) -> npt.NDArray[Any]:
    np = _numpy()
    try:
        return cast("npt.NDArray[Any]", np.load(path, mmap_mode=mmap_mode, allow_pickle=False))
    except FileNotFoundError as reason:
        raise _broken(path, "no such file", "an array of this split") from reason
    except (ValueError, OSError, EOFError) as reason:
        raise _broken(path, str(reason), "a NumPy file without pickled objects") from reason


def _broken(path: Path, got: str, expected: str) -> DataError:
    message = f"'{path.parent.name}/{path.name}' does not keep the contract"
    return DataError("E524", message, where=str(path), got=got, expected=expected)


def _numpy() -> Any:
    try:
        import numpy
    except ImportError as reason:
        raise MissingExtra.of("numpy", "data", "reading and writing a data set") from reason
    return numpy
