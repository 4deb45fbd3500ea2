import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

import milonga
from milonga.components.device_compilation.measurement import ROUNDS, measure_artefacts
from milonga.components.device_compilation.measurement_process import MeasurementError, MeasurementProcess
from milonga.components.device_compilation.timing import Artefact, Timing
from milonga.testing.device_backend_conformance import SAMPLE_SHAPE, reference_probabilities, write_network


@pytest.fixture
def artefact(tmp_path: Path) -> Artefact:
    return Artefact("onnxruntime-fp32", write_network(tmp_path / "network.onnx"), SAMPLE_SHAPE)


def test_artefacts_are_timed_in_their_own_processes(artefact: Artefact) -> None:
    first, second = measure_artefacts([artefact, artefact], threads=1, budget_s=1.0)
    for timing in (first, second):
        assert isinstance(timing, Timing)
        assert 0 < timing.p50_ms <= timing.p95_ms < 100
        assert timing.samples >= 50
        assert timing.threads == 1


def test_a_slow_artefact_gets_fewer_calls_but_one_a_round(artefact: Artefact) -> None:
    (timing,) = measure_artefacts([artefact], threads=1, budget_s=1e-9)
    assert isinstance(timing, Timing) and timing.samples == ROUNDS


def test_a_broken_artefact_fails_alone(artefact: Artefact, tmp_path: Path) -> None:
    (tmp_path / "broken.onnx").write_bytes(b"nothing")
    broken = Artefact("onnxruntime-fp32", tmp_path / "broken.onnx", SAMPLE_SHAPE)
    good, bad = measure_artefacts([artefact, broken], threads=1, budget_s=0.2)
    assert isinstance(good, Timing)
    assert isinstance(bad, str) and "exit status 1" in bad


def test_a_process_that_dies_names_its_signal(artefact: Artefact) -> None:
    process = MeasurementProcess(artefact, threads=1, timeout_s=30)
    try:
        process.warm_up()
        os.kill(process.pid, 11)
        with pytest.raises(MeasurementError, match="SIGSEGV"):
            process.time_calls(5)
    finally:
        process.close()


def test_a_process_that_hangs_is_given_up(artefact: Artefact) -> None:
    process = MeasurementProcess(artefact, threads=1, timeout_s=0.001)
    try:
        with pytest.raises(MeasurementError, match="no answer"):
            process.warm_up()
    finally:
        process.close()


def test_predictions_come_from_stored_samples(artefact: Artefact, tmp_path: Path) -> None:
    stored = np.random.default_rng(0).integers(0, 256, size=(300, 8, 8, 1), dtype=np.uint8)
    np.save(tmp_path / "x.npy", stored)
    process = MeasurementProcess(artefact, threads=1, timeout_s=30)
    try:
        got = process.predict(tmp_path / "x.npy")
    finally:
        process.close()
    samples = stored.transpose(0, 3, 1, 2).astype(np.float32) / np.float32(255)
    assert np.abs(got - reference_probabilities(artefact.path, samples)).max() < 1e-5


def test_this_process_does_not_load_the_runtime_to_measure() -> None:
    script = (
        "import sys, milonga.components.device_compilation.measurement as m; sys.exit('onnxruntime' in sys.modules)"
    )
    path = os.pathsep.join(entry for entry in sys.path if entry)
    assert (
        os.spawnve(os.P_WAIT, sys.executable, [sys.executable, "-c", script], {**os.environ, "PYTHONPATH": path}) == 0
    )


def test_a_package_in_two_pieces_is_found_in_the_child_too(artefact: Artefact, tmp_path: Path) -> None:
    """As in a pod: the runtime is one archive, and components travel with the task."""
    (runtime, travelled) = (tmp_path / name / "milonga" for name in ("runtime", "travelled"))
    for piece in (runtime, travelled):
        piece.mkdir(parents=True)
    for path in Path(milonga.__path__[0]).iterdir():
        ((travelled if path.name == "components" else runtime) / path.name).symlink_to(path)
    script = (
        f"import milonga; milonga.__path__.append({str(travelled)!r})\n"
        "from pathlib import Path\n"
        "from milonga.components.device_compilation.measurement_process import MeasurementProcess\n"
        "from milonga.components.device_compilation.timing import Artefact\n"
        f"artefact = Artefact({artefact.backend!r}, Path({str(artefact.path)!r}), {artefact.sample_shape!r})\n"
        "process = MeasurementProcess(artefact, threads=1, timeout_s=30)\n"
        "print(process.warm_up() > 0)\n"
        "process.close()"
    )
    environment = {**os.environ, "PYTHONPATH": str(runtime.parent)}
    done = subprocess.run([sys.executable, "-c", script], env=environment, capture_output=True, text=True, check=False)
    assert done.stdout == "True\n", done.stderr
