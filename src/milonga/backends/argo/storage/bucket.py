"""Objects of a bucket, read through obstore."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from typing import Any, TypeVar

from milonga.backends.argo.storage.repository import Repository
from milonga.backends.call_failed import CallFailed
from milonga.backends.failures import shortened
from milonga.backends.patience import Patience
from milonga.backends.redaction import redacted
from milonga.errors import MissingExtra

T = TypeVar("T")
_LONGEST_TRANSFER = timedelta(days=7)
"""Of one object, however large; a store that sends nothing for a while is given up sooner."""

_REGION = "us-east-1"
"""What stores without regions take."""


class Bucket:
    """Reads the objects of one repository. Its client is made when it is first needed; several threads may read.

    Args:
        repository: where it is.
        patience: how long one request may take, and how often it is sent.
    """

    def __init__(self, repository: Repository, patience: Patience) -> None:
        self.repository = repository
        self._patience = patience
        self._made: Any = None

    def read(self, key: str) -> bytes | None:
        """The bytes of an object; None when there is none.

        Raises:
            MissingExtra: E910, obstore is not installed.
            CallFailed: E836, the store cannot be reached or refuses.
        """

        def get() -> bytes:
            import obstore

            return bytes(obstore.get(self._store, key).bytes())

        return self._guarded(key, get)

    def fetch(self, key: str, file: Path) -> bool:
        """Write an object into a new file, piece by piece; False when there is none.

        Raises:
            MissingExtra: E910, obstore is not installed.
            CallFailed: E836, the store cannot be reached or refuses.
        """

        def get() -> bool:
            import obstore

            found = obstore.get(self._store, key)
            with file.open("wb") as stream:
                for piece in found.stream(min_chunk_size=4 * 1024 * 1024):
                    stream.write(piece)
            return True

        return self._guarded(key, get) or False

    @property
    def _store(self) -> Any:
        if self._made is None:
            self._made = self._new_store()
        return self._made

    def _new_store(self) -> Any:
        try:
            from obstore.store import GCSStore, S3Store
        except ImportError:
            raise MissingExtra.of("obstore", "argo", "reading what a run has stored") from None

        here, patience = self.repository, self._patience
        client: Any = {
            "allow_http": here.endpoint.startswith("http://"),
            "connect_timeout": timedelta(seconds=patience.connect_timeout_s),
            "read_timeout": timedelta(seconds=patience.answer_timeout_s),
            "timeout": _LONGEST_TRANSFER,
        }
        retry: Any = {
            "max_retries": max(patience.attempts - 1, 0),
            "retry_timeout": timedelta(seconds=patience.outage_s),
        }
        if here.kind == "gcs":
            account: Any = {"service_account_key": here.service_account} if here.service_account else {}
            return GCSStore(here.bucket, client_options=client, retry_config=retry, **account)
        given = {
            "endpoint": here.endpoint,
            "region": here.region or _REGION,
            "access_key_id": here.access_key,
            "secret_access_key": here.secret_key,
        }
        options: dict[str, Any] = {name: value for name, value in given.items() if value}
        return S3Store(here.bucket, client_options=client, retry_config=retry, **options)

    def _guarded(self, key: str, call: Callable[[], T]) -> T | None:
        try:
            return call()
        except FileNotFoundError:
            return None
        except MissingExtra:
            raise
        except OSError as error:
            raise self._failed(key, error) from None
        except Exception as error:
            if type(error).__module__.partition(".")[0] != "obstore" and not isinstance(error, ValueError):
                raise
            raise self._failed(key, error) from None

    def _failed(self, key: str, error: Exception) -> CallFailed:
        here = self.repository
        said = redacted(str(error).partition("\n\nDebug source:")[0], (here.access_key, here.secret_key))
        return CallFailed(
            "E836",
            "the object store cannot be read",
            outcome="unknown",
            is_passing=False,
            where=f"{here.uri(key)} at {here.endpoint or 'its provider'}",
            got=shortened(f"{type(error).__name__}: {' '.join(said.split())}"),
            hint="an address inside of the cluster is another one from here: set MILONGA_ARGO_STORE_ENDPOINT",
        )
