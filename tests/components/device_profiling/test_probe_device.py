import platform
from dataclasses import replace
from pathlib import Path

import pytest

from milonga.components.contracts.device_profile import DeviceProfile
from milonga.components.device_profiling import list_devices, load_device, probe_device, probe_host
from milonga.components.device_profiling.host import int8_layout_of, read_caches_kib, read_cpu_information
from milonga.errors import DeviceError

X86 = """processor\t: 0
model name\t: Some Processor
flags\t\t: fpu avx2 avx512f avx512_vnni avx512bw

processor\t: 1
model name\t: Another
flags\t\t: fpu
"""
ARM = """processor\t: 0
BogoMIPS\t: 108.00
Features\t: fp asimd asimddp
"""


def test_the_host_is_measured() -> None:
    host = probe_host()
    assert host.architecture.isa == {"AMD64": "x86_64", "arm64": "aarch64"}.get(platform.machine(), platform.machine())
    assert host.architecture.cores >= 1
    assert host.ram_mib > 100
    assert "onnxruntime" in [runtime.name for runtime in host.runtimes]
    assert host.provenance == "measured" and host.is_measurable


def test_the_same_host_gives_the_same_bytes() -> None:
    assert probe_device("host").path.read_bytes() == probe_device("host").path.read_bytes()


def test_every_number_of_every_profile_names_its_source() -> None:
    for name in list_devices():
        device = load_device(name)
        for field in ("architecture.features", "architecture.cores", "memory.ram_mib", "int8_layout", "threads"):
            assert device.sources[field], f"{name} does not say where {field} comes from"


def test_a_declared_device_cannot_be_measured_here() -> None:
    assert list_devices()[0] == "host"
    assert len(list_devices()) >= 3
    for name in list_devices()[1:]:
        device = load_device(name)
        assert device.provenance == "declared" and not device.is_measurable


def test_limits_of_the_author_replace_those_of_the_profile() -> None:
    limits = probe_device("host", latency_p95_ms=2.5, size_mib=1.0).read().limits
    assert (limits.latency_p95_ms, limits.size_mib) == (2.5, 1.0)
    assert limits.accuracy_drop_max == probe_host().limits.accuracy_drop_max == 0.01


def test_an_unknown_device_is_refused_with_the_nearest_name() -> None:
    with pytest.raises(DeviceError) as caught:
        probe_device("rasberry-pi-4")
    assert caught.value.code == "E606"
    assert "raspberry-pi-4" in caught.value.hint
    assert "jetson-orin-nano" in caught.value.expected


@pytest.mark.parametrize("limits", [{"latency_p95_ms": 0.0}, {"size_mib": -1.0}, {"accuracy_drop_max": 1.5}])
def test_a_limit_out_of_range_is_refused_and_nothing_is_written(limits: dict[str, float]) -> None:
    with pytest.raises(DeviceError) as caught:
        probe_device("host", **limits)
    assert caught.value.code == "E603"
    assert not Path(caught.value.where).exists()


def test_more_threads_than_cores_are_refused() -> None:
    assert probe_device("raspberry-pi-4", threads=2).read().threads == 2
    with pytest.raises(DeviceError) as caught:
        probe_device("raspberry-pi-4", threads=5)
    assert caught.value.code == "E607"


def test_cpu_flags_are_those_of_the_first_processor(tmp_path: Path) -> None:
    (tmp_path / "x86").write_text(X86)
    (tmp_path / "arm").write_text(ARM)
    assert read_cpu_information(tmp_path / "x86")["flags"].split() == [
        "fpu",
        "avx2",
        "avx512f",
        "avx512_vnni",
        "avx512bw",
    ]
    assert read_cpu_information(tmp_path / "x86")["model name"] == "Some Processor"
    assert "asimddp" in read_cpu_information(tmp_path / "arm")["Features"]
    assert read_cpu_information(tmp_path / "absent") == {}


def test_caches_are_read_by_level(tmp_path: Path) -> None:
    for index, (level, kind, size) in enumerate(
        [("1", "Data", "32K"), ("2", "Unified", "512K"), ("3", "Unified", "9K")]
    ):
        folder = tmp_path / f"index{index}"
        folder.mkdir()
        for name, text in (("level", level), ("type", kind), ("size", size)):
            (folder / name).write_text(text + "\n")
    assert read_caches_kib(tmp_path) == {2: 512, 3: 9}


def test_the_8_bit_layout_follows_the_instruction_set() -> None:
    assert int8_layout_of("x86_64") == "u8s8"
    assert int8_layout_of("aarch64") == "s8s8"


def test_a_profile_with_an_unknown_precision_is_refused(tmp_path: Path) -> None:
    profile = DeviceProfile.at(tmp_path / "device.json")
    with pytest.raises(DeviceError) as caught:
        profile.write(replace(probe_host(), precisions=("fp32", "int3")))
    assert caught.value.code == "E603" and "precisions" in caught.value.message


def test_a_profile_survives_writing_and_reading(tmp_path: Path) -> None:
    profile = DeviceProfile.at(tmp_path / "device.json")
    profile.write(load_device("jetson-orin-nano"))
    assert profile.read() == load_device("jetson-orin-nano")
