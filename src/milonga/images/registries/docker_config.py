"""Credentials as docker keeps them: in its configuration file, or in programs that this file names."""

from __future__ import annotations

import base64
import binascii
import json
import os
import re
import subprocess
from pathlib import Path
from typing import Any

from milonga.errors import RemoteError
from milonga.images.registries.credentials import Credentials

_HUB_KEY = "https://index.docker.io/v1/"
_HELPER_NAME = re.compile(r"[A-Za-z0-9._-]+")
_HELPER_TIMEOUT_S = 60
_NOT_FOUND = ("credentials not found", "no credentials server url", "no usernames")


def credentials_for(registry: str) -> Credentials | None:
    """The credentials of a registry, or None where docker has none.

    Looks into the file `config.json` of the folder DOCKER_CONFIG, else of `~/.docker`: `credHelpers`, then
    `credsStore`, then `auths`. Source: `docker login`'s manual and the protocol of credential helpers.

    Args:
        registry: host and port, or "docker.io".

    Raises:
        RemoteError: E822, the file or the program cannot be used. Nothing of what they hold is repeated.
    """
    path = Path(os.environ.get("DOCKER_CONFIG") or Path.home() / ".docker") / "config.json"
    config = _read(path)
    key = _HUB_KEY if registry == "docker.io" else registry
    helper = _object(config, "credHelpers", path).get(registry) or config.get("credsStore")
    if helper:
        found = _asked(str(helper), key, path)
        if found is not None:
            return found
    return _written(_object(config, "auths", path), key, path)


def _read(path: Path) -> dict[str, Any]:
    try:
        document = json.loads(path.read_bytes())
    except (FileNotFoundError, NotADirectoryError):
        return {}
    except OSError as error:
        raise _unusable(path, error.strerror or "it cannot be read") from None
    except (ValueError, RecursionError):
        raise _unusable(path, "it is no JSON") from None
    if not isinstance(document, dict):
        raise _unusable(path, "it is no JSON object")
    return document


def _object(config: dict[str, Any], key: str, path: Path) -> dict[str, Any]:
    found = config.get(key) or {}
    if not isinstance(found, dict):
        raise _unusable(path, f"'{key}' is no object")
    return found


def _unusable(path: Path, why: str) -> RemoteError:
    return RemoteError(
        "E822",
        f"the credentials of docker cannot be used: {why}",
        where=str(path),
        hint="docker login writes them again",
        kind="user",
    )


def _asked(helper: str, key: str, path: Path) -> Credentials | None:
    """What the program docker-credential-HELPER answers."""
    if not _HELPER_NAME.fullmatch(helper):
        raise _unusable(path, "the name of a credential helper is no name")
    program = f"docker-credential-{helper}"
    try:
        done = subprocess.run(
            [program, "get"], input=key.encode(), capture_output=True, timeout=_HELPER_TIMEOUT_S, check=False
        )
    except OSError as error:
        raise _unusable(path, f"{program} does not start: {error.strerror}") from None
    except subprocess.TimeoutExpired:
        raise _unusable(path, f"{program} does not answer within {_HELPER_TIMEOUT_S} s") from None
    if done.returncode != 0:
        said = (done.stdout + done.stderr).decode("utf-8", "replace").lower()
        if any(text in said for text in _NOT_FOUND):
            return None
        raise _unusable(path, f"{program} ended with exit code {done.returncode}")
    try:
        answer = json.loads(done.stdout)
        username, secret = str(answer["Username"]), str(answer["Secret"])
    except (ValueError, KeyError, TypeError, RecursionError):
        raise _unusable(path, f"{program} did not answer in the form of a credential helper") from None
    if username == "<token>":
        return Credentials(identity_token=secret)
    return Credentials(username, secret) if username or secret else None


def _written(auths: dict[str, Any], key: str, path: Path) -> Credentials | None:
    """What stands in the file itself; the key may be an address."""
    wanted = _host_of(key)
    entry = auths.get(key)
    if entry is None:
        entry = next((value for name, value in auths.items() if _host_of(name) == wanted), None)
    if not entry:
        return None
    if not isinstance(entry, dict) or not all(isinstance(value, str) for value in entry.values()):
        raise _unusable(path, "an entry of 'auths' is no object of texts")
    username, password = entry.get("username", ""), entry.get("password", "")
    if entry.get("auth"):
        try:
            pair = base64.b64decode(entry["auth"], validate=True).decode("utf-8")
        except (binascii.Error, UnicodeDecodeError, ValueError):
            raise _unusable(path, "an entry of 'auths' is no base64") from None
        username, _, password = pair.rstrip("\0").partition(":")
    found = Credentials(username, password, entry.get("identitytoken", ""), entry.get("registrytoken", ""))
    return found if found != Credentials() else None


def _host_of(key: str) -> str:
    return key.partition("://")[2].partition("/")[0] if "://" in key else key.partition("/")[0]
