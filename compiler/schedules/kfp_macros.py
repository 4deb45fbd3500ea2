"""Text that a KFP server replaces in the arguments of runs.

Read in kubeflow/pipelines at 7b70c7b95f: `common/util/parameter_formatter.go`, which `RunWorkflow` of
`apiserver/template/v2_template.go` calls for every run, whoever starts it. It looks into text arguments alone. The
scheduled time is known in the runs of a schedule only.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from milonga.compiler.diagnostics import Diagnostic

_OF_ANY_RUN = re.compile(r"\[\[RunUUID\]\]|\[\[CurrentTime(\]\]|\..*?\]\])|\{\{\$\.currentTime\.strftime\('.*?\}\}")
_OF_A_SCHEDULE = re.compile(r"\[\[(Index\]\]|ScheduledTime(\]\]|\..*?\]\]))|\{\{\$\.scheduledTime\.strftime\('.*?\}\}")


def replaced_text(arguments: Mapping[str, Any], *, is_scheduled: bool) -> list[Diagnostic]:
    """An E312 for each argument of which the tasks will see another text.

    Args:
        arguments: JSON values by input name.
        is_scheduled: whether a schedule starts the runs.
    """
    when = "at each run" if is_scheduled else "when the run starts"
    return [
        Diagnostic(
            path="schedule" if is_scheduled else "arguments",
            code="E312",
            severity="warning",
            message=f"kfp: it replaces a part of the text of '{key}' {when}",
            got=value[:120],
            hint="there is no way to send this text as it is",
        )
        for key, value in sorted(arguments.items())
        if isinstance(value, str) and _has_macro(value, is_scheduled=is_scheduled)
    ]


def _has_macro(text: str, *, is_scheduled: bool) -> bool:
    return bool(_OF_ANY_RUN.search(text) or (is_scheduled and _OF_A_SCHEDULE.search(text)))
