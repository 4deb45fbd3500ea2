from pathlib import Path

import pytest

from milonga.components.contracts.data_splits import DataSplits
from milonga.components.ingestion import ingest_images, write_digits


@pytest.fixture(scope="session")
def few_digits(tmp_path_factory: pytest.TempPathFactory) -> DataSplits:
    """scikit-learn's digits 0 to 3, 60 images of each, 8 x 8 pixels."""
    folder: Path = tmp_path_factory.mktemp("source") / "few"
    write_digits(folder)
    for label in "0123456789":
        for index, path in enumerate(sorted((folder / label).iterdir())):
            if label > "3" or index >= 60:
                path.unlink()
        if label > "3":
            (folder / label).rmdir()
    return ingest_images(str(folder))
