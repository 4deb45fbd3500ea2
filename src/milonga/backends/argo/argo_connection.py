"""Requests to the API server of a cluster: made through the official client, failures told in milonga's words."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from milonga.backends.argo.argo_settings import ArgoSettings
from milonga.backends.argo.cluster_access import ClusterAccess, new_access
from milonga.backends.argo.resources import Resource
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

_API = "an answer of the Kubernetes API"
_LOGIN_HINT = "check the user of the kubeconfig's context: `kubectl auth whoami` uses the same"
_JSON = "application/json"
_TYPES = {"PATCH": "application/merge-patch+json"}


class ArgoConnection(Connection[ArgoSettings]):
    """One namespace of a cluster."""

    @property
    def access(self) -> ClusterAccess:
        """The client and the namespace."""
        return self.kept("access", lambda: new_access(self.settings))

    @property
    def namespace(self) -> str:
        """The namespace that everything is in."""
        return self.access.namespace

    def read(
        self,
        method: str,
        resource: Resource,
        name: str = "",
        *,
        query: Mapping[str, str] | None = None,
        body: Any = None,
    ) -> dict[str, Any]:
        """The answer to a request that may be repeated.

        Raises:
            CallFailed: E800-E808, E831, E832.
        """
        return repeated(lambda: self.ask(method, resource, name, query=query, body=body), self.patience)

    def ask(
        self,
        method: str,
        resource: Resource,
        name: str = "",
        *,
        query: Mapping[str, str] | None = None,
        body: Any = None,
    ) -> dict[str, Any]:
        """The answer to one request, sent once.

        Args:
            method: of HTTP; PATCH is a merge patch.
            resource: what kind of object.
            name: which one; "" for all of them, or a new one.
            query: of the address.
            body: a JSON value.

        Raises:
            CallFailed: E800-E808, E831, E832.
        """
        response = self.opened(method, resource.path(self.namespace, name), query=query, body=body)
        place = self.place(resource.path(self.namespace, name))
        with _guarded(self, place):
            text = response.data.decode("utf-8", "replace")
        try:
            found = json.loads(text)
        except ValueError:
            found = None
        if not isinstance(found, dict):
            raise strange_answer(place, self.shown(text[:200]), _API)
        return found

    def opened(
        self,
        method: str,
        path: str,
        *,
        query: Mapping[str, str] | None = None,
        body: Any = None,
        answer_timeout_s: float | None = None,
    ) -> Any:
        """The answer to one request before it is read: a `urllib3.HTTPResponse`.

        Raises:
            CallFailed: E800-E808, E831, E832.
        """
        timeouts = (self.patience.connect_timeout_s, answer_timeout_s or self.patience.answer_timeout_s)
        with _guarded(self, self.place(path)):
            return self.access.client.call_api(
                path,
                method,
                query_params=list((query or {}).items()),
                header_params={
                    "Accept": "application/json, */*",
                    "Content-Type": _TYPES.get(method, "application/json"),
                },
                body=body,
                auth_settings=["BearerToken"],
                _return_http_data_only=True,
                _preload_content=False,
                _request_timeout=timeouts,
            )

    def listed(self, resource: Resource, **query: str) -> list[dict[str, Any]]:
        """All objects that a query finds, page by page.

        Raises:
            CallFailed: E800-E808, E831, E832.
        """
        found: list[dict[str, Any]] = []
        token = ""
        while True:
            page = {key: value for key, value in {**query, "limit": "500", "continue": token}.items() if value}
            answer = self.read("GET", resource, query=page)
            found += answer.get("items") or []
            token = (answer.get("metadata") or {}).get("continue") or ""
            if not token:
                return found

    def place(self, path: str) -> str:
        """The address of something, for messages."""
        return f"{self.access.host}{path}"

    def shown(self, text: object) -> str:
        """Somebody else's text without our credentials."""
        return redacted(str(text), (*self.settings.secrets, *self.access.secrets))

    def page(self, name: str) -> str:
        """The address of a run's page; "" where that of the pages is not known."""
        return f"{self.settings.pages}/workflows/{self.namespace}/{name}" if self.settings.pages else ""

    def refused(self, error: Any, place: str) -> CallFailed:
        """The failure behind an exception of the client."""
        if not error.status:
            reason = self.shown(error.reason)
            return untrusted(place, reason) if is_untrusted(error) else answer_lost(place, reason)
        body = error.body if isinstance(error.body, str) else (error.body or b"").decode("utf-8", "replace")
        headers = dict(error.headers.items()) if error.headers else {}
        known = _missing(error.status, body, place)
        return known or failure_of_status(
            error.status, self.shown(body), place, headers=headers, login_hint=_LOGIN_HINT
        )


class _guarded:  # noqa: N801 - reads as a word of a with statement
    """Tells the failures of a request in milonga's words."""

    def __init__(self, connection: ArgoConnection, place: str) -> None:
        self._connection = connection
        self._place = place

    def __enter__(self) -> None:
        return None

    def __exit__(self, kind: object, error: BaseException | None, frames: object) -> None:
        if error is None:
            return
        failure = self._failure(error)
        if failure is not None:
            raise failure from None

    def _failure(self, error: BaseException) -> CallFailed | None:
        from kubernetes.client.exceptions import ApiException
        from urllib3.exceptions import ConnectTimeoutError, HTTPError, NewConnectionError, ReadTimeoutError

        connection, place = self._connection, self._place
        if isinstance(error, ApiException):
            return connection.refused(error, place)
        if isinstance(error, (ConnectTimeoutError, NewConnectionError)):
            return unreachable(place, connection.shown(error).rpartition(">: ")[2])
        if isinstance(error, ReadTimeoutError):
            return timed_out(place, connection.patience.answer_timeout_s)
        if isinstance(error, HTTPError):
            return (untrusted if is_untrusted(error) else answer_lost)(place, connection.shown(error))
        return None


def _missing(status: int, body: str, place: str) -> CallFailed | None:
    """What a 404 says besides that the object is not there: no Argo, no namespace."""
    if status != 404:
        return None
    if "page not found" in body and "argoproj.io" in place:
        return CallFailed(
            "E831",
            "this cluster has no Argo Workflows",
            outcome="refused",
            is_passing=False,
            where=place,
            hint="install Argo Workflows 3.7 or newer with its full CRDs: docs/how-to/run-on-argo.md",
        )
    try:
        details = (json.loads(body) or {}).get("details") or {}
    except (ValueError, AttributeError):
        return None
    if details.get("kind") != "namespaces":
        return None
    return CallFailed(
        "E832",
        f"the cluster has no namespace '{details.get('name', '')}'",
        outcome="refused",
        is_passing=False,
        where=place,
        hint="name another with --namespace, or have it made: kubectl create namespace",
    )
