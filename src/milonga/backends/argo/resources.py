"""The kinds of objects that are read and made."""

from __future__ import annotations

from dataclasses import dataclass
from urllib.parse import quote


@dataclass(frozen=True, slots=True)
class Resource:
    """A kind of object of one namespace.

    Attributes:
        base: of the address of its API.
        plural: as the address has it.
    """

    base: str
    plural: str

    def path(self, namespace: str, name: str = "", below: str = "") -> str:
        """The address of all objects, of one, or of something below it."""
        parts = (self.base, "namespaces", quote(namespace, safe=""), self.plural, quote(name, safe=""), below)
        return "/" + "/".join(part for part in parts if part)


_ARGO, _CORE = "apis/argoproj.io/v1alpha1", "api/v1"

WORKFLOWS = Resource(_ARGO, "workflows")
TEMPLATES = Resource(_ARGO, "workflowtemplates")
CRON_WORKFLOWS = Resource(_ARGO, "cronworkflows")
TASK_RESULTS = Resource(_ARGO, "workflowtaskresults")
CONFIG_MAPS = Resource(_CORE, "configmaps")
PODS = Resource(_CORE, "pods")
EVENTS = Resource(_CORE, "events")
SECRETS = Resource(_CORE, "secrets")
