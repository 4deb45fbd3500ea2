import json
import socket
import urllib.error
import urllib.request
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from milonga.components.contracts.compiled_model import CompiledModel
from milonga.components.contracts.data_splits import DataSplits
from milonga.components.device_compilation.backends.onnxruntime.session import OnnxRuntimeNetwork
from milonga.components.device_compilation.network_input import to_network_input
from milonga.serving.daemon import ServerProcess

SAMPLE: dict[str, Any] = {"name": "input", "shape": [1, 1, 8, 8], "datatype": "FP32", "data": [0.5] * 64}


def ask(server: ServerProcess, path: str, body: Any = None, **headers: str) -> tuple[int, Any]:
    """Status and JSON of a GET, or of a POST when there is a body."""
    content = body if body is None or isinstance(body, bytes) else json.dumps(body).encode()
    request = urllib.request.Request(server.url + path, data=content, headers={"Content-Type": "application/json"})
    for name, value in headers.items():
        request.add_header(name.replace("_", "-"), value)
    opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
    try:
        with opener.open(request, timeout=20) as response:
            return response.status, json.load(response)
    except urllib.error.HTTPError as error:
        with error:
            return error.code, json.load(error)


def infer(server: ServerProcess, body: Any) -> tuple[int, Any]:
    return ask(server, "/v2/models/digits/infer", body)


def test_it_is_ready_and_says_what_it_takes(server: ServerProcess) -> None:
    assert ask(server, "/v2/health/live") == (200, {"live": True})
    assert ask(server, "/v2/models/digits/ready") == (200, {"name": "digits", "ready": True})
    status, metadata = ask(server, "/v2/models/digits")
    assert status == 200
    assert metadata["inputs"] == [{"name": "input", "datatype": "FP32", "shape": [-1, 1, 8, 8]}]
    assert [output["name"] for output in metadata["outputs"]] == ["probabilities", "class"]


def test_answers_are_those_of_the_compiled_network(
    server: ServerProcess, model: CompiledModel, digits: DataSplits
) -> None:
    samples = to_network_input(digits.load_split("test")[0][:9])
    expected = OnnxRuntimeNetwork(model.onnx_path, threads=1).run(samples)
    body = {"inputs": [{**SAMPLE, "shape": list(samples.shape), "data": samples.ravel().tolist()}]}
    status, answer = infer(server, body)
    assert status == 200
    probabilities, classes = answer["outputs"]
    assert (probabilities["name"], probabilities["datatype"], probabilities["shape"]) == (
        "probabilities",
        "FP32",
        [9, 10],
    )
    assert np.abs(np.array(probabilities["data"]).reshape(9, 10) - expected).max() < 1e-6
    assert (classes["name"], classes["datatype"], classes["shape"]) == ("class", "BYTES", [9])
    assert classes["data"] == [model.read().classes[index] for index in expected.argmax(axis=1)]


def test_a_request_needs_no_id_and_keeps_its_own(server: ServerProcess) -> None:
    status, answer = infer(server, {"inputs": [SAMPLE]})
    assert status == 200 and answer["id"]
    assert infer(server, {"id": "mine", "inputs": [SAMPLE]})[1]["id"] == "mine"


def test_one_output_can_be_asked_for(server: ServerProcess) -> None:
    status, answer = infer(server, {"inputs": [SAMPLE], "outputs": [{"name": "class"}]})
    assert status == 200
    assert [output["name"] for output in answer["outputs"]] == ["class"]


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"shape": [1, 8, 8]}, "wrong shape of 'input'"),
        ({"shape": [0, 1, 8, 8], "data": []}, "wrong shape of 'input'"),
        ({"shape": [1, 1, 8, 9], "data": [0.5] * 72}, "expected 'input', FP32, shape [n, 1, 8, 8]"),
        ({"datatype": "INT64"}, "wrong datatype of 'input'"),
        ({"name": "x"}, "wrong input tensors"),
        ({"data": [0.5] * 63}, "63 numbers"),
        ({"data": ["text"] * 64}, "no numbers"),
        ({"data": [None] * 64}, "must be finite"),
        ({"data": [1e300] * 64}, "must be finite"),
        ({"data": [[0.5], [0.5, 0.5]]}, "no numbers"),
    ],
)
def test_a_wrong_tensor_is_a_400_that_says_what_is_wrong(
    server: ServerProcess, change: dict[str, Any], message: str
) -> None:
    status, answer = infer(server, {"inputs": [{**SAMPLE, **change}]})
    assert status == 400
    assert message in answer["error"]


@pytest.mark.parametrize("body", [b"{", b"[]", {"instances": [1]}, {"inputs": "x"}, {"inputs": [{"name": "input"}]}])
def test_a_body_that_is_no_request_is_a_400(server: ServerProcess, body: Any) -> None:
    status, answer = infer(server, body)
    assert status == 400
    assert answer["error"]


def test_two_tensors_are_one_too_many(server: ServerProcess) -> None:
    assert infer(server, {"inputs": [SAMPLE, SAMPLE]})[0] == 400


def test_an_unknown_model_is_a_404(server: ServerProcess) -> None:
    assert ask(server, "/v2/models/other/infer", {"inputs": [SAMPLE]})[0] == 404


def test_the_old_protocol_is_refused(server: ServerProcess) -> None:
    status, answer = ask(server, "/v1/models/digits:predict", {"instances": [[0.5] * 64]})
    assert status == 400 and "v2 only" in answer["error"]


def test_it_goes_on_after_bad_requests(server: ServerProcess) -> None:
    for _ in range(20):
        infer(server, b"\xff\xfe")
    assert infer(server, {"inputs": [SAMPLE]})[0] == 200


def test_it_listens_on_the_loopback_address_only(server: ServerProcess) -> None:
    listening = listening_addresses(server.pid)
    port = int(server.url.rpartition(":")[2])
    assert listening == {("127.0.0.1", port)}


def listening_addresses(pid: int) -> set[tuple[str, int]]:
    """Addresses on which a process listens, from the kernel's tables."""
    sockets = set()
    for entry in Path(f"/proc/{pid}/fd").iterdir():
        target = str(entry.readlink())
        if target.startswith("socket:["):
            sockets.add(target[8:-1])
    found = set()
    for table, family in (("tcp", socket.AF_INET), ("tcp6", socket.AF_INET6)):
        path = Path(f"/proc/{pid}/net/{table}")
        for line in path.read_text().splitlines()[1:] if path.exists() else []:
            fields = line.split()
            if fields[3] == "0A" and fields[9] in sockets:
                address, port = fields[1].split(":")
                raw = bytes.fromhex(address)
                words = b"".join(raw[start : start + 4][::-1] for start in range(0, len(raw), 4))
                found.add((socket.inet_ntop(family, words), int(port, 16)))
    return found
