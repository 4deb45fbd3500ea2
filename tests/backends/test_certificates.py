"""TLS with real servers: a certificate that nobody trusts, and a connection that breaks for another reason."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from kfp_server import KfpServer
from remote_samples import IMPATIENT
from vertex_server import VertexServer

from milonga.errors import RemoteError, UsageError


@pytest.fixture
def tls_server(certificate: Path) -> Iterator[KfpServer]:
    pytest.importorskip("kfp")
    server = KfpServer(certificate)
    yield server
    server.close()


@pytest.fixture
def vertex_tls_server(certificate: Path) -> Iterator[VertexServer]:
    server = VertexServer(certificate)
    yield server
    server.close()


def test_a_kfp_whose_certificate_is_not_trusted_is_sent_nothing(kfp, tls_server) -> None:
    with pytest.raises(RemoteError) as caught:
        kfp(endpoint=tls_server.address).status("some-run")
    error = caught.value
    assert (
        error.code == "E814"
        and "self-signed" in error.got
        and (error.outcome, error.is_passing)
        == (
            "unsent",
            False,
        )
    )
    assert tls_server.requests == []


def test_a_certificate_for_another_name_is_not_trusted_either(kfp, tls_server, certificate) -> None:
    address = tls_server.address.replace("localhost", "127.0.0.1")
    with pytest.raises(RemoteError) as caught:
        kfp(endpoint=address, ca_certificate=str(certificate)).status("some-run")
    assert caught.value.code == "E814" and tls_server.requests == []


def test_an_authority_given_as_a_file_is_trusted(kfp, tls_server, certificate) -> None:
    with pytest.raises(RemoteError) as caught:
        kfp(endpoint=tls_server.address, ca_certificate=str(certificate)).status("some-run")
    assert caught.value.code == "E812", "it was asked, and has no such run"


def test_a_vertex_whose_certificate_is_not_trusted_is_sent_nothing(vertex, vertex_server, vertex_tls_server) -> None:
    with pytest.raises(RemoteError) as caught:
        vertex(endpoint=vertex_tls_server.address).status("some-run")
    assert caught.value.code == "E814" and "self-signed" in caught.value.got
    assert vertex_tls_server.requests == []


@pytest.mark.parametrize("name", ["kfp", "vertex"])
def test_another_failure_of_tls_is_a_lost_answer_and_is_tried_again(request, name) -> None:
    """The server speaks plain HTTP, so the handshake breaks; so does that of a proxy that cuts connections."""
    server = request.getfixturevalue(f"{name}_server")
    backend = request.getfixturevalue(name)(endpoint=server.address.replace("http:", "https:"))
    with pytest.raises(RemoteError) as caught:
        backend.status("some-run")
    error = caught.value
    assert error.code == "E800" and (error.outcome, error.is_passing) == ("unknown", True)
    assert IMPATIENT.attempts > 1 and "SSL" in error.got.upper()


@pytest.mark.parametrize("content", [None, "", "no certificate"])
def test_a_file_that_is_no_certificate_is_named_before_anything_is_sent(kfp, kfp_server, tmp_path, content) -> None:
    path = tmp_path / "authority.pem"
    if content is not None:
        path.write_text(content)
    with pytest.raises(UsageError) as caught:
        kfp(ca_certificate=str(path))
    assert caught.value.code == "E933" and str(path) in caught.value.got and kfp_server.requests == []
