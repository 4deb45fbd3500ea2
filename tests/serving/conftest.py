import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager
from pathlib import Path

import pytest

from milonga.components.contracts.compiled_model import CompiledModel
from milonga.components.contracts.data_splits import DataSplits
from milonga.components.device_compilation import compile_model
from milonga.components.device_profiling import probe_device
from milonga.components.ingestion import ingest_images
from milonga.components.training import train
from milonga.serving.daemon import ServerProcess, read_state, stop_server


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
    return ingest_images(str(write_images(tmp_path_factory.mktemp("digits"), count=300)))


@pytest.fixture(scope="session")
def model(digits: DataSplits, keeping_bytecode: Callable[[], AbstractContextManager[None]]) -> CompiledModel:
    with keeping_bytecode():  # of the exporter of torch: ten seconds
        trained = train(digits, family="resnet", level=1, epochs=1, device="cpu").model
        return compile_model(trained, digits, probe_device("host")).model


@pytest.fixture(scope="session")
def state_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("servers")


@pytest.fixture(scope="session")
def server(model: CompiledModel, state_folder: Path) -> Iterator[ServerProcess]:
    """A server whose starter has ended already, as after `milonga serve`."""
    state_path, log_path = state_folder / "digits.json", state_folder / "digits.log"
    script = (
        "import sys; from pathlib import Path; from milonga.serving.daemon import start_server\n"
        "model, state, log = map(Path, sys.argv[1:])\n"
        "start_server(model, name='digits', state_path=state, log_path=log)"
    )
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(entry for entry in sys.path if entry)}
    environment.pop("PYTHONDONTWRITEBYTECODE", None)  # a server imports much
    command = [sys.executable, "-c", script, str(model.path), str(state_path), str(log_path)]
    subprocess.run(command, check=True, env=environment, timeout=120)
    running = read_state(state_path)
    yield running
    assert stop_server(state_path) is True
    assert not running.is_running and not state_path.exists()
