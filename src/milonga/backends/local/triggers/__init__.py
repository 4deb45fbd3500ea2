"""What starts runs on this machine, by kind. A new trigger is a file here and a line below."""

from __future__ import annotations

import functools
import json
from collections.abc import Mapping

from milonga.backends.local.triggers.base import Trigger
from milonga.backends.local.triggers.files import FileTrigger
from milonga.backends.local.triggers.hooks import HookTrigger
from milonga.backends.local.triggers.times import TimeTrigger

TRIGGERS: Mapping[str, type[Trigger]] = {trigger.kind: trigger for trigger in (TimeTrigger, FileTrigger, HookTrigger)}


@functools.lru_cache(maxsize=4096)
def trigger_from_text(kind: str, text: str) -> Trigger:
    """The trigger that the store keeps as `kind` and JSON text. It is frozen, and reading a cron text takes a while."""
    return TRIGGERS[kind].from_json(json.loads(text))


def trigger_text(trigger: Trigger) -> str:
    """A trigger as JSON text; equal triggers give the same text."""
    return json.dumps(trigger.to_json(), sort_keys=True, separators=(",", ":"))


__all__ = ["TRIGGERS", "FileTrigger", "HookTrigger", "TimeTrigger", "Trigger", "trigger_from_text", "trigger_text"]
