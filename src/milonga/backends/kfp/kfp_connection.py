"""Requests to a KFP server: made through kfp's client, failures told in milonga's words."""

from __future__ import annotations

import json
import os
from collections.abc import Callable
from typing import Any

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
from milonga.backends.kfp.kfp_settings import KfpSettings
from milonga.backends.kfp.quiet_client import new_client
from milonga.backends.redaction import redacted, secrets_of_cookies

_API = "an answer of KFP's v2beta1 API"
_LOGIN_HINT = (
    "give a token (MILONGA_KFP_TOKEN) or cookies (MILONGA_KFP_COOKIES) that are still valid, in the way that your KFP "
    "wants them"
)


class KfpConnection(Connection[KfpSettings]):
    """A KFP server."""

    @property
    def client(self) -> Any:
        """kfp's client, whose generated services (`runs`, `pipelines` ...) the requests go through."""
        return self.kept("client", lambda: new_client(self.settings, self.read))

    @property
    def namespace(self) -> str | None:
        """The user's namespace: the setting, or what kfp's context or the pod says; None in a server for one user."""
        return self.settings.namespace or self.client.get_user_namespace() or None

    def read(self, what: str, function: Callable[..., Any], **arguments: Any) -> Any:
        """The answer to a request that may be repeated.

        Raises:
            CallFailed: E800-E808.
        """
        return repeated(lambda: self.ask(what, function, **arguments), self.patience)

    def ask(self, what: str, function: Callable[..., Any], **arguments: Any) -> Any:
        """The answer to one request, sent once.

        Args:
            what: what is asked for, for messages.
            function: a method of one of the client's services.
            arguments: its arguments.

        Raises:
            CallFailed: E800-E808.
        """
        from kfp_server_api import ApiException, ApiTypeError, ApiValueError
        from urllib3.exceptions import (
            ConnectTimeoutError,
            HTTPError,
            NewConnectionError,
            ReadTimeoutError,
        )

        place = f"{function.__self__.api_client.configuration.host} ({what})"  # type: ignore[attr-defined]
        timeouts = (self.patience.connect_timeout_s, self.patience.answer_timeout_s)
        try:
            answer = function(**arguments, _request_timeout=timeouts)
        except ApiException as error:
            raise self._refused(error, place) from None
        except (ConnectTimeoutError, NewConnectionError) as error:
            raise unreachable(place, self._shown(error)) from None
        except ReadTimeoutError:
            raise timed_out(place, self.patience.answer_timeout_s) from None
        except HTTPError as error:
            failed = untrusted if is_untrusted(error) else answer_lost
            raise failed(place, self._shown(error)) from None
        except (ApiTypeError, ApiValueError):
            raise  # ours: arguments that the client does not know
        except (AttributeError, TypeError, ValueError) as error:
            # the generated client stumbles over a TLS error, whose answer has no body, and over bodies of other forms
            if isinstance(error.__context__, ApiException):
                raise self._refused(error.__context__, place) from None
            raise strange_answer(place, self._shown(error), _API) from None
        self._require_object(function.__self__.api_client.last_response, place)  # type: ignore[attr-defined]
        return answer

    def _require_object(self, response: Any, place: str) -> None:
        """Check that an answer is one JSON object: the generated client makes an empty model of any other text.

        Raises:
            CallFailed: E808.
        """
        text = response.data if isinstance(response.data, str) else (response.data or b"").decode("utf-8", "replace")
        try:
            found = json.loads(text)
        except ValueError:
            found = None
        if not isinstance(found, dict):
            raise strange_answer(place, self._redacted(text[:200]), _API)

    def _refused(self, error: Any, place: str) -> CallFailed:
        if not error.status:
            reason = self._shown(error.reason)
            if is_untrusted(error):
                return untrusted(place, reason)
            # the generated client turns any failure of TLS into an exception without a status
            return answer_lost(place, reason) if "SSL" in reason else strange_answer(place, reason, _API)
        body = error.body if isinstance(error.body, str) else (error.body or b"").decode("utf-8", "replace")
        headers = dict(error.headers.items()) if error.headers else {}
        return failure_of_status(error.status, self._redacted(body), place, headers=headers, login_hint=_LOGIN_HINT)

    def _shown(self, error: object) -> str:
        text = str(error)
        return self._redacted(text.rpartition(">: ")[2] if text.startswith("<") else text)

    def _redacted(self, text: str) -> str:
        return redacted(text, (*self.settings.secrets, *_secrets_of(self._kept.get("client"))))

    def page(self, path: str) -> str:
        """The address of a page of the web interface; "" when the server was found by kfp's own way."""
        base = os.environ.get("KF_PIPELINES_UI_ENDPOINT", "") or self.settings.endpoint
        return f"{base.rstrip('/')}/#/{path}" if base else ""


def _secrets_of(client: Any) -> tuple[str, ...]:
    """Credentials that kfp's client has found by itself, such as the token of a pod's service account."""
    if client is None:
        return ()
    found = client.healthzs.api_client
    header = found.cookie or ""
    keys = [str(key).rpartition(" ")[2] for key in (found.configuration.api_key or {}).values()]
    return (*keys, *secrets_of_cookies(header))
