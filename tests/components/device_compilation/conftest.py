from pathlib import Path

import pytest

from milonga.components.contracts.data_splits import DataSplits
from milonga.components.contracts.device_profile import DeviceProfile
from milonga.components.contracts.trained_model import TrainedModel
from milonga.components.device_profiling import probe_device
from milonga.components.ingestion import ingest_images, ingest_table
from milonga.components.training import train


def write_images(folder: Path, *, count: int) -> Path:
    """The first of scikit-learn's digits as an image folder."""
    from PIL import Image
    from sklearn.datasets import load_digits

    table = load_digits()
    for index, (image, label) in enumerate(zip(table.images[:count], table.target[:count], strict=True)):
        path = folder / str(label) / f"{index:04d}.png"
        path.parent.mkdir(parents=True, exist_ok=True)
        Image.fromarray((image * 255 / 16).round().astype("uint8")).save(path)
    return folder


@pytest.fixture(scope="session")
def digits(tmp_path_factory: pytest.TempPathFactory) -> DataSplits:
    """600 of scikit-learn's digits, 8 x 8 pixels, grey."""
    return ingest_images(str(write_images(tmp_path_factory.mktemp("digits"), count=600)))


@pytest.fixture(scope="session")
def wine(tmp_path_factory: pytest.TempPathFactory) -> DataSplits:
    """scikit-learn's 178 wines: 13 features, 3 classes."""
    return _table(tmp_path_factory, "wine")


@pytest.fixture(scope="session")
def tumours(tmp_path_factory: pytest.TempPathFactory) -> DataSplits:
    """scikit-learn's 569 tumours: 30 features, 2 classes."""
    return _table(tmp_path_factory, "breast_cancer")


@pytest.fixture(scope="session")
def trained(digits: DataSplits) -> TrainedModel:
    """A network that has learned something."""
    return train(digits, family="resnet", level=1, epochs=5, seed=0, device="cpu").model


@pytest.fixture
def host() -> DeviceProfile:
    return probe_device("host")


def _table(tmp_path_factory: pytest.TempPathFactory, name: str) -> DataSplits:
    import sklearn.datasets

    table = getattr(sklearn.datasets, f"load_{name}")()
    columns = [column.replace("/", "_").replace(" ", "_") for column in table.feature_names]
    rows = [",".join([*columns, "kind"])]
    rows += [
        ",".join([*(repr(float(value)) for value in row), f"c{label}"])
        for row, label in zip(table.data, table.target, strict=True)
    ]
    path = tmp_path_factory.mktemp("source") / f"{name}.csv"
    path.write_text("\n".join(rows) + "\n", encoding="utf-8")
    return ingest_table(str(path), target="kind")


@pytest.fixture(scope="session")
def other_digits(tmp_path_factory: pytest.TempPathFactory) -> DataSplits:
    """A few of the digits: the same classes and shape, other samples."""
    return ingest_images(str(write_images(tmp_path_factory.mktemp("other"), count=150)))
