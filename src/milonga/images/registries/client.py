"""One registry, and how one gets in there."""

from __future__ import annotations

import urllib.parse
from collections.abc import Mapping, Sequence

from milonga.errors import RemoteError
from milonga.images.registries.answer import Answer
from milonga.images.registries.challenge import challenges_in
from milonga.images.registries.docker_config import credentials_for
from milonga.images.registries.tokens import fetch_token
from milonga.images.registries.transport import TRANSPORT_ERRORS, Body, Transport, host_of, is_local

_PROBE_TIMEOUT_S = 10.0


class RegistryClient:
    """Sends requests to one registry; authenticates when, and as, it asks for it.

    Args:
        registry: as in a reference, such as "docker.io".
        api_host: who answers for it.
        scopes: what tokens are to allow.
        insecure: also without TLS, or with a certificate that nobody vouches for.
    """

    def __init__(self, registry: str, api_host: str, scopes: Sequence[str], *, insecure: bool = False) -> None:
        self._registry = registry
        self._api_host = api_host
        self._scopes = tuple(scopes)
        self._insecure = insecure
        self.transport = Transport(is_verified=not insecure)
        self._base_url = ""
        self._authorization = ""

    def call(self, method: str, path: str, headers: Mapping[str, str] | None = None, body: Body = None) -> Answer:
        """Send a request; any status but "401" and "403" is an answer.

        Args:
            method: of HTTP.
            path: below the registry, or a whole address that it gave.
            headers: beside those of the authentication.
            body: bytes or a file.

        Raises:
            RemoteError: E820 nobody answers, E821 not allowed, E822 and E825 as of tokens and credentials.
        """
        url = urllib.parse.urljoin(self.base_url(), path)
        answer = self.transport.send(method, url, {**(headers or {}), **self._authorized(url)}, body)
        if answer.status == 401 and self._is_own(url):
            with answer:
                self._authenticate(answer)
            answer = self.transport.send(method, url, {**(headers or {}), **self._authorized(url)}, body)
        if answer.status in (401, 403):
            with answer:
                raise self._refused(answer)
        return answer

    def base_url(self) -> str:
        """Scheme and host. A registry on this machine, or one that may be insecure, is asked which scheme it speaks."""
        if not self._base_url:
            scheme = self._spoken() if self._insecure or is_local(self._api_host) else "https"
            self._base_url = f"{scheme}://{self._api_host}/"
        return self._base_url

    def _spoken(self) -> str:
        """Which scheme; nothing but the question is sent, so nobody needs to vouch for who answers it."""
        url = f"https://{self._api_host}/v2/"
        try:
            Transport(is_verified=False).send_once("GET", url, {}, timeout_s=_PROBE_TIMEOUT_S).close()
        except TRANSPORT_ERRORS:
            return "http"
        return "https"

    def _is_own(self, url: str) -> bool:
        """Whether credentials may go there: uploads and downloads can lead to other hosts."""
        return url.startswith(self.base_url())

    def _authorized(self, url: str) -> dict[str, str]:
        return {"Authorization": self._authorization} if self._authorization and self._is_own(url) else {}

    def _authenticate(self, answer: Answer) -> None:
        credentials = credentials_for(self._registry)
        challenges = {one.scheme: one for one in challenges_in(answer.headers.get_all("WWW-Authenticate") or ())}
        if credentials is not None and credentials.registry_token:
            made = f"Bearer {credentials.registry_token}"
        elif "bearer" in challenges:
            parameters = challenges["bearer"].parameters
            plain = self._insecure or self.base_url().startswith("http://")
            token = fetch_token(parameters, self._scopes, credentials, self.transport, may_be_plain=plain)
            self._authorization = f"Bearer {token}"
            return
        elif "basic" in challenges and credentials is not None and credentials.username:
            made = credentials.basic
        else:
            raise self._refused(answer)
        if made == self._authorization:  # they were sent, and not taken
            raise self._refused(answer)
        self._authorization = made

    def _refused(self, answer: Answer) -> RemoteError:
        known = bool(self._authorization)
        return RemoteError(
            "E821",
            "the registry does not allow that" if known else "the registry asks for credentials",
            where=host_of(self.base_url()),
            got=answer.said(),
            hint=f"docker login {self._registry}",
        )
