"""Where packages come from: addresses of indexes and folders of files, from the environment or from a command."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from milonga.engine.environments.redaction import redacted

_CHOOSING = (
    *("UV_CONSTRAINT", "UV_OVERRIDE", "UV_EXCLUDE_NEWER", "UV_RESOLUTION", "UV_INDEX_STRATEGY", "UV_TORCH_BACKEND"),
    *("UV_NO_BINARY", "UV_NO_BUILD", "PIP_CONSTRAINT", "PIP_NO_BINARY", "PIP_ONLY_BINARY"),
)
_TRUE = ("1", "true", "yes", "on", "y", "t")


@dataclass(frozen=True, slots=True)
class IndexSettings:
    """Settings that both installers know, whichever of them the user's variables were written for.

    Attributes:
        index_url: the index in place of PyPI; "" for PyPI.
        extra_index_urls: indexes beside it.
        find_links: folders and pages with package files.
        trusted_hosts: hosts whose certificates are not checked.
        no_index: whether only `find_links` counts.
        prereleases: whether pre-releases count.
        no_dependencies: whether only the named packages are installed, without what they need.
        best_of_all: whether the best version on any index counts, as with pip; else the first index that has the
            package decides, which is uv's way and keeps a stranger's package of the same name out.
        others: variables that the installers read themselves and that change what is chosen, with their values.
    """

    index_url: str = ""
    extra_index_urls: tuple[str, ...] = ()
    find_links: tuple[str, ...] = ()
    trusted_hosts: tuple[str, ...] = ()
    no_index: bool = False
    prereleases: bool = False
    no_dependencies: bool = False
    best_of_all: bool = False
    others: tuple[str, ...] = ()

    @classmethod
    def from_environment(cls, variables: Mapping[str, str]) -> IndexSettings:
        """What uv's and pip's variables say; where both say something, uv's count."""

        def first(*names: str) -> str:
            return next((variables[name] for name in names if variables.get(name)), "")

        return cls(
            index_url=first("UV_DEFAULT_INDEX", "UV_INDEX_URL", "PIP_INDEX_URL"),
            extra_index_urls=tuple(first("UV_INDEX", "UV_EXTRA_INDEX_URL", "PIP_EXTRA_INDEX_URL").split()),
            find_links=tuple(part for part in first("UV_FIND_LINKS").split(",") if part)
            or tuple(first("PIP_FIND_LINKS").split()),
            trusted_hosts=tuple(first("UV_INSECURE_HOST", "PIP_TRUSTED_HOST").split()),
            no_index=first("UV_NO_INDEX", "PIP_NO_INDEX").lower() in _TRUE,
            best_of_all=not first("UV_INDEX", "UV_EXTRA_INDEX_URL"),
            prereleases=first("UV_PRERELEASE") == "allow" or first("PIP_PRE").lower() in _TRUE,
            others=tuple(f"{name}={variables[name]}" for name in _CHOOSING if variables.get(name)),
        )

    def over(self, general: IndexSettings) -> IndexSettings:
        """These settings, filled up with `general` ones: its index where none is named, its other sources as well."""
        return IndexSettings(
            index_url=self.index_url or general.index_url,
            extra_index_urls=tuple(dict.fromkeys((*self.extra_index_urls, *general.extra_index_urls))),
            find_links=tuple(dict.fromkeys((*self.find_links, *general.find_links))),
            trusted_hosts=tuple(dict.fromkeys((*self.trusted_hosts, *general.trusted_hosts))),
            no_index=self.no_index or general.no_index,
            prereleases=self.prereleases or general.prereleases,
            no_dependencies=self.no_dependencies or general.no_dependencies,
            best_of_all=self.best_of_all or general.best_of_all,
            others=tuple(dict.fromkeys((*self.others, *general.others))),
        )

    @property
    def addresses(self) -> tuple[str, ...]:
        """Everything that may hold credentials."""
        return tuple(address for address in (self.index_url, *self.extra_index_urls, *self.find_links) if address)

    def shown(self) -> dict[str, object]:
        """The settings as JSON without credentials: what names a request, and what records hold."""
        return {
            "index_url": redacted(self.index_url),
            "extra_index_urls": [redacted(address) for address in self.extra_index_urls],
            "find_links": [redacted(address) for address in self.find_links],
            "trusted_hosts": list(self.trusted_hosts),
            "no_index": self.no_index,
            "prereleases": self.prereleases,
            "no_dependencies": self.no_dependencies,
            "best_of_all": self.best_of_all,
            "others": [redacted(other) for other in self.others],
        }
