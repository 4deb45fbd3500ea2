"""Log-ins as docker keeps them; they go to the registry they are for, and into no message."""

from __future__ import annotations

import base64
import os
from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from registry_servers import PASSWORD, TOKEN, USER, Door

from milonga.errors import MilongaError, RemoteError
from milonga.images import ImageRecipe, ImageReference, build_image, find_source, resolved_image
from milonga.images.destinations.registry_push import RegistryPush
from milonga.images.layers.addition import Addition
from milonga.images.platform import DEFAULT_PLATFORM
from milonga.images.registries.challenge import Challenge, challenges_in
from milonga.images.registries.credentials import Credentials
from milonga.images.registries.docker_config import credentials_for

AUTH = base64.b64encode(f"{USER}:{PASSWORD}".encode()).decode()
SECRETS = (PASSWORD, AUTH, TOKEN, "an-identity-token")
Config = Callable[..., Path]


def push(reference: str, project: Path, *, base: str = "scratch") -> None:
    recipe = ImageRecipe(base=base, additions=[Addition(project, "/app" if base == "scratch" else "/more")])
    build_image(recipe, RegistryPush(ImageReference.parse(reference)))


def error_of(action: Callable[[], object]) -> RemoteError:
    with pytest.raises(RemoteError) as caught:
        action()
    text = f"{caught.value} {caught.value.to_json()}"
    assert not [secret for secret in SECRETS if secret in text], "a secret is shown"
    return caught.value


def helper(folder: Path, name: str, script: str, monkeypatch: pytest.MonkeyPatch) -> None:
    path = folder / f"docker-credential-{name}"
    path.write_text(f"#!/bin/sh\n{script}\n")
    path.chmod(0o755)
    monkeypatch.setenv("PATH", f"{folder}{os.pathsep}{os.environ['PATH']}")


def test_a_password_of_docker_login_is_used(guarded_host: str, project: Path, docker_config: Config) -> None:
    assert error_of(lambda: push(f"{guarded_host}/own:1", project)).code == "E821"
    docker_config(auths={guarded_host: {"auth": base64.b64encode(b"dancer:wrong").decode()}})
    assert error_of(lambda: push(f"{guarded_host}/own:1", project)).code == "E821"
    docker_config(auths={guarded_host: {"auth": AUTH}})
    push(f"{guarded_host}/own:1", project)
    assert find_source(f"{guarded_host}/own:1").base(DEFAULT_PLATFORM).layers


@pytest.mark.parametrize("key", ["https://{}", "http://{}/v2/", "{}/v1/", "{}"])
def test_the_key_of_a_log_in_may_be_an_address(door: Door, docker_config: Config, key: str) -> None:
    docker_config(auths={key.format(door.host): {"username": USER, "password": PASSWORD}})
    assert credentials_for(door.host) == Credentials(USER, PASSWORD)
    assert credentials_for("other.example") is None


def test_docker_hub_has_a_key_of_its_own(docker_config: Config) -> None:
    docker_config(auths={"https://index.docker.io/v1/": {"auth": AUTH}})
    assert credentials_for("docker.io") == Credentials(USER, PASSWORD)


def test_a_token_is_asked_for_with_the_password(door: Door, project: Path, docker_config: Config) -> None:
    door.asks_for_tokens = True
    assert error_of(lambda: push(f"{door.host}/tokens:1", project)).code == "E821"
    docker_config(auths={door.host: {"auth": AUTH}})
    push(f"{door.host}/tokens:1", project)
    (asked,) = [path for path in door.paths("GET") if path.startswith("/token") and "push" in path][-1:]
    assert "service=the%2C+service" in asked and "scope=repository%3Atokens%3Apull%2Cpush" in asked
    assert {seen for _, path, seen in door.seen[-3:] if path.startswith("/v2/")} == {f"Bearer {TOKEN}"}


def test_a_token_for_a_mount_may_also_read_the_base(door: Door, project: Path, docker_config: Config) -> None:
    docker_config(auths={door.host: {"auth": AUTH}})
    push(f"{door.host}/the/base:1", project)
    door.asks_for_tokens = True
    push(f"{door.host}/the/app:1", project, base=f"{door.host}/the/base:1")
    asked = [path for path in door.paths("GET") if path.startswith("/token")][-1]
    assert "repository%3Athe%2Fapp%3Apull%2Cpush" in asked and "repository%3Athe%2Fbase%3Apull" in asked


def test_an_identity_token_is_exchanged(door: Door, project: Path, docker_config: Config) -> None:
    door.asks_for_tokens = True
    docker_config(auths={door.host: {"identitytoken": "an-identity-token"}})
    push(f"{door.host}/identity:1", project)
    docker_config(auths={door.host: {"identitytoken": "another"}})
    assert error_of(lambda: push(f"{door.host}/identity:1", project)).code == "E821"


def test_a_registry_token_is_sent_as_it_is(door: Door, project: Path, docker_config: Config) -> None:
    door.asks_for_tokens = True
    docker_config(auths={door.host: {"registrytoken": TOKEN}})
    push(f"{door.host}/registry-token:1", project)
    assert not [path for path in door.paths("GET") if path.startswith("/token")]


def test_a_credential_helper_is_asked(
    door: Door, project: Path, docker_config: Config, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    door.asks_for_tokens = True
    answer = f'{{"ServerURL":"x","Username":"{USER}","Secret":"{PASSWORD}"}}'
    script = f"read -r host; echo \"$1 $host\" > {tmp_path}/asked; echo '{answer}'"
    helper(tmp_path, "mine", script, monkeypatch)
    for config in ({"credHelpers": {door.host: "mine"}}, {"credsStore": "mine", "auths": {door.host: {}}}):
        docker_config(**config)
        push(f"{door.host}/helped:1", project)
        assert (tmp_path / "asked").read_text() == f"get {door.host}\n"
    helper(tmp_path, "mine", 'echo \'{"Username":"<token>","Secret":"an-identity-token"}\'', monkeypatch)
    push(f"{door.host}/helped:1", project)


def test_a_helper_without_an_answer_leaves_it_to_the_file(
    docker_config: Config, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    helper(tmp_path, "empty", "echo credentials not found in native keychain; exit 1", monkeypatch)
    docker_config(credsStore="empty", auths={"a.example": {"auth": AUTH}})
    assert credentials_for("a.example") == Credentials(USER, PASSWORD)
    assert credentials_for("b.example") is None


@pytest.mark.parametrize(
    ("script", "said"),
    [
        (f"echo {PASSWORD}; exit 1", "exit code 1"),
        (f"echo '{PASSWORD}'", "did not answer in the form"),
        ("echo '[]'", "did not answer in the form"),
    ],
)
def test_a_helper_that_fails_is_named_and_not_quoted(
    docker_config: Config, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, script: str, said: str
) -> None:
    helper(tmp_path, "bad", script, monkeypatch)
    docker_config(credsStore="bad")
    error = error_of(lambda: credentials_for("a.example"))
    assert error.code == "E822" and said in error.message and "docker-credential-bad" in error.message


@pytest.mark.parametrize(
    "config",
    [
        {"credsStore": "../../bin/sh"},
        {"credsStore": "not-installed-anywhere"},
        {"auths": [PASSWORD]},
        {"auths": {"a.example": {"auth": f"{PASSWORD}!"}}},
        {"auths": {"a.example": {"auth": {"x": PASSWORD}}}},
        {"credHelpers": PASSWORD},
    ],
)
def test_a_broken_configuration_is_named_and_not_quoted(docker_config: Config, config: dict[str, object]) -> None:
    path = docker_config(**config)
    error = error_of(lambda: credentials_for("a.example"))
    assert error.code == "E822" and error.where == str(path)


def test_a_configuration_that_is_no_json_is_named(docker_config: Config) -> None:
    docker_config().write_text(f"{{{PASSWORD}")
    assert error_of(lambda: credentials_for("a.example")).code == "E822"


def test_credentials_go_to_no_other_host(
    door: Door, other_door: Door, project: Path, docker_config: Config, tmp_path: Path
) -> None:
    docker_config(auths={door.host: {"auth": AUTH}})
    door.asks_for_tokens = True
    push(f"{door.host}/away:1", project)
    door.elsewhere = other_door.host
    door.faults = [("/blobs/", "away"), ("/manifests/", "away")]
    find_source(f"{door.host}/away:1").base(DEFAULT_PLATFORM)
    assert door.faults == [] and len(other_door.seen) == 2
    assert {authorization for _, _, authorization in other_door.seen} == {""}


def test_a_registry_with_tls_may_not_send_credentials_to_a_place_without() -> None:
    from milonga.images.registries.tokens import fetch_token
    from milonga.images.registries.transport import Transport

    for realm in ("http://a.example/token", "ftp://a.example", "", "file:///etc/passwd"):
        error = error_of(
            lambda realm=realm: fetch_token(  # type: ignore[misc]
                {"realm": realm}, ["repository:a:pull"], Credentials(USER, PASSWORD), Transport(), may_be_plain=False
            )
        )
        assert error.code == "E825"


def test_secrets_are_not_in_what_is_shown_of_credentials() -> None:
    shown = repr(Credentials(USER, PASSWORD, "an-identity-token", TOKEN))
    assert USER in shown and not [secret for secret in SECRETS if secret in shown]


def test_challenges_are_read_in_all_their_forms() -> None:
    assert challenges_in(['Bearer realm="https://a/b?c=d",service=x,scope="repository:a:pull,push"']) == (
        Challenge("bearer", {"realm": "https://a/b?c=d", "service": "x", "scope": "repository:a:pull,push"}),
    )
    assert challenges_in(['Basic realm="say \\"hi\\"", Bearer realm="r"', "Negotiate"]) == (
        Challenge("basic", {"realm": 'say "hi"'}),
        Challenge("bearer", {"realm": "r"}),
        Challenge("negotiate", {}),
    )


@given(st.lists(st.text(max_size=80), max_size=3))
def test_any_text_is_read_as_challenges(headers: list[str]) -> None:
    assert all(challenge.scheme for challenge in challenges_in(headers))


def test_a_challenge_that_nobody_knows_is_refused(door: Door) -> None:
    door.asks_for_tokens, door.token_scheme = True, "Negotiate"
    with pytest.raises(MilongaError, match="E821"):
        resolved_image(f"{door.host}/any:1")
