"""Requests to Vertex AI's REST API: signed by google-auth, failures told in milonga's words."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any
from urllib.parse import urlencode

from milonga.backends.attempts import repeated
from milonga.backends.call_failed import CallFailed
from milonga.backends.certificates import is_untrusted
from milonga.backends.connection import Connection
from milonga.backends.failures import (
    answer_lost,
    failure_of_status,
    strange_answer,
    timed_out,
    unreachable,
    untrusted,
)
from milonga.backends.redaction import redacted
from milonga.backends.vertex.vertex_settings import VertexSettings
from milonga.errors import MissingExtra, UsageError

_SCOPES = ("https://www.googleapis.com/auth/cloud-platform",)
_LOGIN_HINT = "gcloud auth application-default login, or a service-account key in GOOGLE_APPLICATION_CREDENTIALS"


class VertexConnection(Connection[VertexSettings]):
    """Vertex AI in one project and region. Credentials are looked for when the first request is made."""

    @property
    def session(self) -> Any:
        """A session that puts a fresh access token into every request.

        Raises:
            MissingExtra: E910, google-auth or requests is not installed.
            UsageError: E934, this machine has no credentials.
        """
        return self.kept("session", _new_session)

    def read(self, method: str, path: str, **parts: Any) -> dict[str, Any]:
        """The answer to a request that may be repeated.

        Raises:
            CallFailed: E800-E808.
        """
        return repeated(lambda: self.ask(method, path, **parts), self.patience)

    def ask(
        self,
        method: str,
        path: str,
        *,
        query: Mapping[str, str] | None = None,
        body: Mapping[str, Any] | None = None,
    ) -> dict[str, Any]:
        """The answer to one request, sent once.

        Args:
            method: HTTP's.
            path: below the project and region, such as "/pipelineJobs/ID:cancel".
            query: query parameters.
            body: JSON body.

        Raises:
            CallFailed: E800-E808.
        """
        session = self.session
        import requests
        from google.auth.exceptions import GoogleAuthError, TransportError

        place = f"{self.settings.endpoint}/v1/{self.settings.parent}{path}"
        url = place + (f"?{urlencode(query)}" if query else "")
        timeouts = (self.patience.connect_timeout_s, self.patience.answer_timeout_s)
        try:
            answer = session.request(method, url, json=body, timeout=timeouts, allow_redirects=False)
            text = self._redacted(answer.text)
        except TransportError as error:
            where = "the service that gives access tokens"
            raise (untrusted if is_untrusted(error) else unreachable)(where, self._shown(error)) from None
        except GoogleAuthError as error:
            raise _refused_refresh(place, self._shown(error), is_passing=bool(error.retryable)) from None
        except requests.exceptions.Timeout as error:
            if isinstance(error, requests.exceptions.ConnectTimeout):
                raise unreachable(place, self._shown(error)) from None
            raise timed_out(place, self.patience.answer_timeout_s) from None
        except requests.exceptions.RequestException as error:
            raise self._broken(place, error) from None
        if not 200 <= answer.status_code < 300:
            raise failure_of_status(
                answer.status_code, text, place, headers=dict(answer.headers), login_hint=_LOGIN_HINT
            )
        return _object(text, place)

    def _broken(self, place: str, error: Exception) -> CallFailed:
        """A connection that was never made had no effect; of one that broke later nothing is known."""
        import requests
        from urllib3.exceptions import NewConnectionError

        if is_untrusted(error):
            return untrusted(place, self._shown(error))
        if isinstance(error, requests.exceptions.ProxyError):
            return unreachable(place, self._shown(error))
        cause = error.args[0] if error.args else None
        reason = getattr(cause, "reason", cause)
        text = self._redacted(str(reason).rpartition(">: ")[2] or str(reason))
        return unreachable(place, text) if isinstance(reason, NewConnectionError) else answer_lost(place, text)

    def _shown(self, error: Exception) -> str:
        return self._redacted(_first_line(error))

    def _redacted(self, text: str) -> str:
        """`text` without the access token of the moment, which a proxy may send back."""
        session = self._kept.get("session")
        return redacted(text, filter(None, [getattr(getattr(session, "credentials", None), "token", None)]))


def _new_session() -> Any:
    try:
        import google.auth
        from google.auth.exceptions import DefaultCredentialsError
        from google.auth.transport.requests import AuthorizedSession, Request
    except ImportError:
        raise MissingExtra.of("google-auth", "vertex", "submitting to Vertex AI") from None
    try:
        credentials, _ = google.auth.default(scopes=_SCOPES)
    except DefaultCredentialsError as error:
        raise UsageError(
            "E934", "this machine has no credentials for Google Cloud", got=_first_line(error), hint=_LOGIN_HINT
        ) from None
    # its own session for tokens would repeat requests without our pauses, and log each one on stderr
    return AuthorizedSession(credentials, auth_request=Request())


def _refused_refresh(place: str, reason: str, *, is_passing: bool) -> CallFailed:
    return CallFailed(
        "E801",
        "no access token: the credentials are not accepted",
        outcome="unsent",
        is_passing=is_passing,
        where=place,
        got=reason,
        hint=_LOGIN_HINT,
    )


def _object(text: str, place: str) -> dict[str, Any]:
    try:
        document = json.loads(text)
    except ValueError:
        raise strange_answer(place, text, "a JSON object") from None
    if not isinstance(document, dict):
        raise strange_answer(place, text, "a JSON object")
    return document


def _first_line(error: Exception) -> str:
    text = str(error.args[0]) if error.args else str(error)
    return text.strip().splitlines()[0] if text.strip() else type(error).__name__
