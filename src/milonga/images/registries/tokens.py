"""Bearer tokens: asked for at the place that a registry names."""

from __future__ import annotations

import json
import urllib.parse
from collections.abc import Mapping, Sequence

from milonga.errors import RemoteError
from milonga.images.registries.answer import Answer
from milonga.images.registries.credentials import Credentials
from milonga.images.registries.transport import Transport, host_of

_CLIENT = "milonga"


def fetch_token(
    parameters: Mapping[str, str],
    scopes: Sequence[str],
    credentials: Credentials | None,
    transport: Transport,
    *,
    may_be_plain: bool,
) -> str:
    """A token for `scopes`. Source: Docker's token authentication specification, with its OAuth2 form.

    Args:
        parameters: of the challenge: realm, service, scope.
        scopes: such as "repository:team/app:pull,push".
        credentials: None for anybody's.
        transport: sends the requests.
        may_be_plain: whether the realm may be without TLS.

    Raises:
        RemoteError: E820 nobody answers, E821 refused, E825 the answer has no token or the realm is no address.
    """
    realm = parameters.get("realm", "")
    parts = urllib.parse.urlsplit(realm)
    if not parts.netloc or parts.scheme not in (("http", "https") if may_be_plain else ("https",)):
        raise RemoteError("E825", "the registry names no safe place for tokens", got=f"{parts.scheme}://{parts.netloc}")
    wanted = list(dict.fromkeys([*scopes, *parameters.get("scope", "").split()]))
    fields = [("service", parameters["service"])] if parameters.get("service") else []
    if credentials is not None and credentials.identity_token:
        form = [
            ("grant_type", "refresh_token"),
            ("refresh_token", credentials.identity_token),
            ("client_id", _CLIENT),
            ("scope", " ".join(wanted)),
        ]
        content = urllib.parse.urlencode([*form, *fields]).encode()
        headers = {"Content-Type": "application/x-www-form-urlencoded"}
        answer = transport.send("POST", realm, headers, content)
    else:
        query = urllib.parse.urlencode([*fields, *(("scope", scope) for scope in wanted), ("client_id", _CLIENT)])
        url = urllib.parse.urlunsplit(parts._replace(query=f"{parts.query}&{query}" if parts.query else query))
        answer = transport.send("GET", url, {"Authorization": credentials.basic} if credentials else {})
    with answer:
        return _token_in(answer, realm)


def _token_in(answer: Answer, realm: str) -> str:
    if answer.status in (400, 401, 403):
        raise RemoteError(
            "E821",
            "the registry refuses these credentials",
            where=host_of(realm),
            got=answer.said(),
            hint="docker login",
        )
    token = None
    if answer.status == 200:
        try:
            document = json.loads(answer.body())
            token = document.get("token") or document.get("access_token")
        except (OSError, ValueError, AttributeError, RecursionError):
            token = None
    if not isinstance(token, str) or not token or not token.isascii() or not token.isprintable():
        raise RemoteError(
            "E825", "no token in the answer of a token server", where=host_of(realm), got=str(answer.status)
        )
    return token
