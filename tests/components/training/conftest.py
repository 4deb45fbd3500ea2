from pathlib import Path

import pytest

from milonga.components.contracts.data_splits import DataSplits
from milonga.components.ingestion import ingest_images, ingest_table, write_digits


@pytest.fixture(scope="session")
def digits(tmp_path_factory: pytest.TempPathFactory) -> DataSplits:
    """scikit-learn's 1797 digits, 8 x 8 pixels, grey."""
    folder = tmp_path_factory.mktemp("source") / "digits"
    write_digits(folder)
    return ingest_images(str(folder))


@pytest.fixture(scope="session")
def wine(tmp_path_factory: pytest.TempPathFactory) -> DataSplits:
    """scikit-learn's 178 wines, 13 features, 3 classes."""
    from sklearn.datasets import load_wine

    table = load_wine()
    names = [name.replace("/", "_") for name in table.feature_names]
    rows = [",".join([*names, "cultivar"])]
    rows += [
        ",".join([*(repr(float(value)) for value in row), f"c{label}"])
        for row, label in zip(table.data, table.target, strict=True)
    ]
    path: Path = tmp_path_factory.mktemp("source") / "wine.csv"
    path.write_text("\n".join(rows) + "\n", encoding="utf-8")
    return ingest_table(str(path), target="cultivar")


@pytest.fixture(scope="session")
def few_digits(tmp_path_factory: pytest.TempPathFactory, digits: DataSplits) -> DataSplits:
    """The digits 0 to 3 of the above, 160 training images at most: for tests of behaviour, not of accuracy."""
    folder = tmp_path_factory.mktemp("source") / "few"
    write_digits(folder)
    for label in "456789":
        for path in (folder / label).iterdir():
            path.unlink()
        (folder / label).rmdir()
    for label in "0123":
        for path in sorted((folder / label).iterdir())[60:]:
            path.unlink()
    return ingest_images(str(folder))
