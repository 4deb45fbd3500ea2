from typing import Any

import pytest

from milonga.components.contracts.data_splits import DataSplits
from milonga.components.device_compilation import measure_levels
from milonga.components.device_profiling import probe_device
from milonga.errors import DataError, DeviceError, LimitNotMet, UsageError

pytestmark = pytest.mark.slow  # a network is trained and compiled first


def test_the_highest_level_within_the_limits_is_named(digits: DataSplits) -> None:
    measured = measure_levels(digits, probe_device("host", size_mib=0.05), family="resnet", levels=[2, 1])
    rows = measured.table.read().candidates
    assert [(row.level, row.artefact) for row in rows] == [
        (1, "onnxruntime-fp32"),
        (1, "onnxruntime-int8"),
        (2, "onnxruntime-fp32"),
        (2, "onnxruntime-int8"),
    ]
    assert all(row.status == "measured" and (row.samples or 0) >= 50 for row in rows)
    assert measured.level == 1  # level 2 has 44 thousand weights: 66 KiB even in 8 bits
    assert measured.fastest_p95_ms in [row.p95_ms for row in rows if row.level == 1]


@pytest.mark.slow
def test_parameters_and_sizes_grow_with_the_level(digits: DataSplits) -> None:
    rows = measure_levels(digits, probe_device("host"), family="densenet", levels=[1, 2]).table.read().candidates
    by_level = [row for row in rows if row.artefact == "onnxruntime-fp32"]
    assert by_level[0].parameter_count < by_level[1].parameter_count
    assert (by_level[0].size_bytes or 0) < (by_level[1].size_bytes or 0)


def test_when_no_level_fits_the_error_names_the_limit_and_the_fastest(digits: DataSplits) -> None:
    with pytest.raises(LimitNotMet) as caught:
        measure_levels(digits, probe_device("host", latency_p95_ms=1e-4), levels=[1])
    assert caught.value.code == "E610"
    assert "0.0001 ms" in caught.value.message
    assert "the fastest is level 1 as onnxruntime-" in caught.value.message


def test_a_device_elsewhere_is_never_measured(digits: DataSplits) -> None:
    with pytest.raises(DeviceError) as caught:
        measure_levels(digits, probe_device("jetson-orin-nano"))
    assert caught.value.code == "E650"


def test_tables_have_no_levels(wine: DataSplits) -> None:
    with pytest.raises(DataError) as caught:
        measure_levels(wine, probe_device("host"))
    assert caught.value.code == "E528"


@pytest.mark.parametrize("levels", [[], [0], [6], [1.5], ["1"]])
def test_an_unknown_level_is_refused(digits: DataSplits, levels: list[Any]) -> None:
    with pytest.raises(UsageError) as caught:
        measure_levels(digits, probe_device("host"), levels=levels)
    assert caught.value.code == "E961"
