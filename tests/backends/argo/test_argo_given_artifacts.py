"""Input artifacts of a run on Argo: a URI passes as it is, a small file travels with the run, all else is refused."""

from __future__ import annotations

import base64
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from api_server import ApiServer
from hypothesis import given
from hypothesis import strategies as st

from milonga.backends.argo.backend import ArgoBackend
from milonga.backends.argo.given_artifacts import FILE_BYTES_MAX, with_artifacts
from milonga.backends.argo.starts import VALUE_CHARACTERS_MAX
from milonga.backends.preparation import checked_request
from milonga.backends.submit_request import SubmitRequest
from milonga.compiler.interop.sources import Source, read_source
from milonga.errors import UsageError
from milonga.runtime.argo.text import escaped_json

FLOW = """
from milonga import Dataset, component, pipeline

@component(image="python:3.11")
def length(data: Dataset, rows: int) -> int:
    return len(data.path.read_bytes()) + rows

@pipeline
def measured(data: Dataset, rows: int = 1) -> int:
    return length(data, rows)
"""


@pytest.fixture
def flow(tmp_path: Path) -> Source:
    (tmp_path / "flow.py").write_text(FLOW, "utf-8")
    return read_source(f"{tmp_path / 'flow.py'}:measured")


@pytest.fixture
def sent(argo: Callable[..., ArgoBackend], server: ApiServer, flow: Source) -> Callable[[str], Any]:
    """Submits the pipeline with this text for its artifact; what the run is given for it."""

    def submit(text: str) -> Any:
        argo().submit(flow.graph, checked_request(flow.graph, flow.signature, {"data": text, "rows": 2}))
        (workflow,) = server.all("workflows")
        values = {item["name"]: item["value"] for item in workflow["spec"]["arguments"]["parameters"]}
        assert json.loads(values["rows"]) == 2 and "{{" not in values["data"] and "$" not in values["data"]
        return json.loads(values["data"])

    return submit


def refused(submit: Callable[[str], Any], text: str) -> UsageError:
    with pytest.raises(UsageError) as caught:
        submit(text)
    return caught.value


@pytest.mark.parametrize("uri", ["s3://bucket/key", "gs://b/{{workflow.name}}/$(HOME)", "https://host/a?b=c"])
def test_a_uri_is_passed_as_it_is_with_the_type_of_the_input(sent: Callable[[str], Any], uri: str) -> None:
    assert sent(uri) == {"type": "system.Dataset", "uri": uri}


@pytest.mark.parametrize("prefix", ["", "file://"])
def test_a_file_travels_with_the_run(sent: Callable[[str], Any], tmp_path: Path, prefix: str) -> None:
    content = bytes(range(256)) + b"{{workflow.name}}"
    (tmp_path / "data.bin").write_bytes(content)
    found = sent(f"{prefix}{tmp_path / 'data.bin'}")
    assert found == {"type": "system.Dataset", "content": base64.b64encode(content).decode()}


def test_the_largest_file_is_one_that_an_argument_holds(sent: Callable[[str], Any], tmp_path: Path) -> None:
    (tmp_path / "data.bin").write_bytes(bytes(FILE_BYTES_MAX))
    found = sent(str(tmp_path / "data.bin"))
    assert len(escaped_json(found)) <= VALUE_CHARACTERS_MAX
    assert len(base64.b64decode(found["content"])) == FILE_BYTES_MAX


def test_what_cannot_travel_is_refused_before_anything_is_sent(
    sent: Callable[[str], Any], server: ApiServer, tmp_path: Path
) -> None:
    (tmp_path / "large.bin").write_bytes(bytes(FILE_BYTES_MAX + 1))
    large = refused(sent, str(tmp_path / "large.bin"))
    assert large.code == "E959" and large.got == f"{FILE_BYTES_MAX + 1} bytes" and "128 KiB" in large.expected
    assert "s3://" in large.hint and large.where == str(tmp_path / "large.bin")
    assert refused(sent, str(tmp_path)).code == "E959"
    assert refused(sent, "x" * 5000).code == "E959", "no system has such a name"
    assert refused(sent, str(tmp_path / "absent")).code == "E904"
    assert server.requests == []


def test_every_content_arrives_as_it_was(flow: Source, tmp_path: Path) -> None:
    @given(st.binary(max_size=2000))
    def arrives(content: bytes) -> None:
        (tmp_path / "data").write_bytes(content)
        request = with_artifacts(flow.graph, SubmitRequest({"rows": 1}, {"data": str(tmp_path / "data")}))
        assert request.artifacts == {} and request.parameters["rows"] == 1
        assert base64.b64decode(json.loads(escaped_json(request.parameters["data"]))["content"]) == content

    arrives()
