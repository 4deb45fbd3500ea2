"""kfp's client without its chatter, its hidden retries and its writing to the user's home."""

from __future__ import annotations

import contextlib
import io
import os
import sys
import warnings
from collections.abc import Callable
from typing import Any, TextIO

from milonga.backends.kfp.kfp_settings import ENDPOINT, KfpSettings
from milonga.backends.redaction import redacted
from milonga.backends.settings import missing
from milonga.errors import MilongaError, MissingExtra, UsageError

_NOWHERE = "http://localhost"
"""The host of kfp_server_api's default configuration."""


def new_client(settings: KfpSettings, call: Callable[..., Any]) -> Any:
    """A `kfp.Client` for these settings.

    kfp's own constructor finds the server (its environment variables, the cluster it runs in, the kubeconfig) and takes
    credentials (token, cookies, Google's IAP, a projected service-account token). Where it must know whether the server
    has several users, it asks the server, which this client does through `call`.

    Args:
        settings: where, and with which credentials.
        call: sends one request and translates its failures: `call(what, function, **arguments)`.

    Raises:
        MissingExtra: E910, kfp is not installed.
        UsageError: E932 no server is named and none is found, E934 kfp's own settings are broken.
        RemoteError: the server cannot be reached or does not accept the credentials.
    """
    try:
        import kfp
    except ImportError:
        raise MissingExtra.of("kfp", "kfp", "submitting to Kubeflow Pipelines") from None

    class QuietClient(kfp.Client):  # type: ignore[misc,unused-ignore]
        """The client, which asks about health once per attempt of ours and leaves the home directory alone."""

        def get_kfp_healthz(self, sleep_duration: int = 5) -> Any:
            _without_hidden_retries(self)
            _require_server(self)
            return call("the health of the server", _health(self))

        def set_user_namespace(self, namespace: str) -> None:
            self._context_setting["namespace"] = namespace

    with warnings.catch_warnings(), contextlib.redirect_stdout(_for_chatter()):
        warnings.simplefilter("ignore")  # it warns each time that it is for KFP 2
        try:
            client = QuietClient(
                host=settings.endpoint or None,
                existing_token=settings.token or None,
                cookies=settings.cookies or None,
                ssl_ca_cert=settings.ca_certificate or None,
            )
        except MilongaError:
            raise
        except Exception as error:  # noqa: BLE001 - any error of kfp's own configuration; told without its frames
            raise UsageError(
                "E934",
                "kfp's client finds no server or credentials",
                got=redacted(f"{type(error).__name__}: {error}".splitlines()[0], _secrets(settings)),
                hint="kfp's own files and variables: ~/.config/kfp/context.json, KF_PIPELINES_*, the kubeconfig",
            ) from None
    _without_hidden_retries(client)
    _require_server(client)
    return client


def _secrets(settings: KfpSettings) -> tuple[str, ...]:
    """The settings' secrets, and those that kfp's own variables may hold."""
    own = (value for name, value in os.environ.items() if name.startswith("KF_PIPELINES_") and "SECRET" in name)
    return (*settings.secrets, *own)


def _for_chatter() -> TextIO:
    """Where kfp's prints go: nowhere, unless its login for Google's IAP may have to ask a person something."""
    return sys.stderr if os.environ.get("KF_PIPELINES_IAP_OAUTH2_CLIENT_ID") else io.StringIO()


def _health(client: Any) -> Any:
    return client.healthzs.healthz_service_get_healthz


def _api_client(client: Any) -> Any:
    return _health(client).__self__.api_client


def _without_hidden_retries(client: Any) -> None:
    """Switch urllib3's own retries off: they have no pauses, print warnings, and would follow a login page."""
    _api_client(client).rest_client.pool_manager.connection_pool_kw["retries"] = False


def _require_server(client: Any) -> None:
    """kfp falls back to this machine's port 80 when it finds neither a cluster nor a kubeconfig."""
    if _api_client(client).configuration.host == _NOWHERE:
        raise missing("kfp", ENDPOINT, "there is no cluster around and no kubeconfig that leads to one")
