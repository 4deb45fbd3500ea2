"""Settings of the back end `argo`."""

from __future__ import annotations

from pathlib import Path

import pytest

from milonga.backends import backend_named
from milonga.backends.argo.argo_settings import ArgoSettings
from milonga.backends.operations import operations_of
from milonga.backends.patience import Patience
from milonga.errors import UsageError


@pytest.mark.parametrize(
    "given",
    [
        {"namespace": "Mine"},
        {"namespace": "a" * 64},
        {"service_account": "a b"},
        {"bucket": "s3://b"},
        {"store_endpoint": "minio:9000"},
        {"pages": "https://user@host"},
        {"access_key": "a"},
        {"secret_key": "s"},
    ],
)
def test_a_setting_that_breaks_its_rule_is_refused_and_shows_no_key(given, monkeypatch) -> None:
    with pytest.raises(UsageError) as caught:
        ArgoSettings.resolved(given)
    assert caught.value.code == "E933"


def test_keys_of_the_store_stand_in_no_text() -> None:
    settings = ArgoSettings.resolved({"access_key": "my-access", "secret_key": "my-secret"})
    assert "my-" not in repr(settings) and settings.secrets == ("my-access", "my-secret")


def test_the_environment_fills_in_what_is_not_given(monkeypatch) -> None:
    monkeypatch.setenv("MILONGA_ARGO_NAMESPACE", "theirs")
    monkeypatch.setenv("AWS_ENDPOINT_URL", "http://localhost:9000/")
    assert ArgoSettings.resolved({}).namespace == "theirs"
    assert ArgoSettings.resolved({"namespace": "mine"}).namespace == "mine"
    assert ArgoSettings.resolved({}).store_endpoint == "http://localhost:9000"


@pytest.mark.parametrize("text", ["", "{", "a: b", "clusters: []\ncontexts: []\n"])
def test_a_kubeconfig_that_leads_nowhere_is_one_clear_error(tmp_path: Path, text: str) -> None:
    pytest.importorskip("kubernetes")
    path = tmp_path / "config"
    path.write_text(text, "utf-8")
    with pytest.raises(UsageError) as caught:
        _ = backend_named("argo").configured({"kubeconfig": str(path)}, Patience()).namespace  # type: ignore[attr-defined]
    assert caught.value.code == "E934" and str(path) in caught.value.where


def test_without_a_cluster_that_is_said(tmp_path: Path, monkeypatch) -> None:
    pytest.importorskip("kubernetes")
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.delenv("KUBERNETES_SERVICE_HOST", raising=False)
    with pytest.raises(UsageError) as caught:
        _ = backend_named("argo").configured({}, Patience()).namespace  # type: ignore[attr-defined]
    assert caught.value.code == "E934"


def test_back_ends_whose_runs_cannot_be_looked_into_say_so() -> None:
    backend = backend_named("kfp").configured({"endpoint": "http://localhost:1"}, Patience())
    with pytest.raises(UsageError) as caught:
        operations_of(backend)
    assert caught.value.code == "E947"
