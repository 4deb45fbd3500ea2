import json
from dataclasses import replace
from pathlib import Path

import pytest

from milonga.components.contracts.latency_table import LatencyReport, LatencyRow, LatencyTable
from milonga.errors import DeviceError

MEASURED = LatencyRow("resnet", 2, "onnxruntime-fp32", "measured", "", 44014, 180000, 0.1, 0.2, 400, 1)
REFUSED = LatencyRow("resnet", 2, "onnxruntime-int8", "refused", "no such kernel", 44014)


def test_a_table_survives_writing_and_reading(tmp_path: Path) -> None:
    table = LatencyTable.at(tmp_path / "table.json")
    table.write(LatencyReport("host", (MEASURED, REFUSED)))
    assert table.read() == LatencyReport("host", (MEASURED, REFUSED))
    assert json.loads(table.path.read_text())["format"] == "milonga.latency/1"


@pytest.mark.parametrize(
    ("row", "field"),
    [
        (replace(REFUSED, p95_ms=0.2), "p95_ms"),
        (replace(REFUSED, reason=""), "reason"),
        (replace(MEASURED, p50_ms=None), "p50_ms"),
        (replace(MEASURED, p95_ms=float("nan")), "p95_ms"),
    ],
)
def test_only_measured_rows_carry_times_and_all_of_them_do(tmp_path: Path, row: LatencyRow, field: str) -> None:
    table = LatencyTable.at(tmp_path / "table.json")
    with pytest.raises(DeviceError) as caught:
        table.write(LatencyReport("host", (row,)))
    assert caught.value.code == "E623" and field in caught.value.message
    assert not table.path.exists()
