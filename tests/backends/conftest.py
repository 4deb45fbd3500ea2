from __future__ import annotations

import datetime
import os
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from commands import Commands, Here
from kfp_server import KfpServer
from remote_samples import IMPATIENT, PIPELINE
from vertex_server import VertexServer, private_key

from milonga.backends.kfp.backend import KfpBackend
from milonga.backends.patience import Patience
from milonga.backends.vertex.backend import VertexBackend
from milonga.compiler.documents import parse_documents
from milonga.compiler.graph import Graph


@pytest.fixture
def graph() -> Graph:
    return Graph.from_documents(parse_documents(PIPELINE))


@pytest.fixture(autouse=True)
def no_settings(monkeypatch: pytest.MonkeyPatch, tmp_path_factory: pytest.TempPathFactory) -> None:
    """Nothing of this machine's environment or home reaches a test."""
    for name in list(os.environ):
        if name.startswith(("MILONGA_KFP", "MILONGA_VERTEX", "KF_PIPELINES", "GOOGLE_", "CLOUDSDK_")):
            monkeypatch.delenv(name)
    monkeypatch.setenv("HOME", str(tmp_path_factory.mktemp("home")))


@pytest.fixture
def kfp_server() -> Iterator[KfpServer]:
    pytest.importorskip("kfp")
    server = KfpServer()
    yield server
    server.close()
    assert server.mistakes == []


@pytest.fixture
def kfp(kfp_server: KfpServer) -> Callable[..., KfpBackend]:
    """A back end of that server: `kfp(experiment="mine")`."""

    def make(patience: Patience = IMPATIENT, **settings: str) -> KfpBackend:
        return KfpBackend.configured({"endpoint": kfp_server.address, **settings}, patience)

    return make


@pytest.fixture
def vertex_server(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[VertexServer]:
    """Vertex AI, with a service account's key in the environment."""
    pytest.importorskip("kfp")
    pytest.importorskip("google.auth")
    server = VertexServer()
    monkeypatch.setenv("GOOGLE_APPLICATION_CREDENTIALS", str(server.key_file(tmp_path)))
    monkeypatch.setenv("HTTPS_PROXY", "http://127.0.0.1:9")  # google-auth also asks Google where the key may be used
    monkeypatch.setenv("NO_PROXY", "localhost,127.0.0.1")
    yield server
    server.close()
    assert server.mistakes == []


@pytest.fixture
def vertex(vertex_server: VertexServer) -> Callable[..., VertexBackend]:
    """A back end of that server: `vertex(network="...")`."""

    def make(patience: Patience = IMPATIENT, without: str = "", **settings: str) -> VertexBackend:
        known = {"project": "my-project", "location": "europe-west4", "pipeline_root": "gs://bucket/root"}
        known.pop(without, None)
        return VertexBackend.configured({"endpoint": vertex_server.address, **known, **settings}, patience)

    return make


@pytest.fixture
def milonga(tmp_path: Path, kfp_server: KfpServer) -> Commands:
    return Commands(tmp_path, kfp_server)


@pytest.fixture
def here(milonga: Commands, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Here:
    return Here(milonga, monkeypatch, capsys)


@pytest.fixture
def certificate(tmp_path: Path) -> Path:
    """A certificate of `localhost` that nobody has signed but itself, and its key, in one file."""
    pytest.importorskip("cryptography")
    from cryptography import x509
    from cryptography.hazmat.primitives import hashes, serialization
    from cryptography.x509.oid import NameOID

    key = private_key()
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "localhost")])
    now = datetime.datetime.now(datetime.timezone.utc)
    made = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - datetime.timedelta(days=1))
        .not_valid_after(now + datetime.timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([x509.DNSName("localhost")]), critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .sign(key, hashes.SHA256())
    )
    secret = key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    path = tmp_path / "certificate.pem"
    path.write_bytes(made.public_bytes(serialization.Encoding.PEM) + secret)
    return path
