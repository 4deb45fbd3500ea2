"""What the tests of translators share: the schemas of the back ends, and a translation in one line."""

from __future__ import annotations

import functools
import json
import os
from pathlib import Path
from typing import Any

import jsonschema
import pytest

from milonga.compiler.schedules import ScheduleTranslator, Translation
from milonga.dsl.schedule import Schedule

SHARED = Path(os.environ.get("MILONGA_SHARED") or Path(__file__).resolve().parents[4] / "shared")
SCHEMAS = SHARED / "schemas"
ARGO_VERSIONS = ("v3.7", "v4.0", "v4.1")
needs_schemas = pytest.mark.skipif(
    not SCHEMAS.is_dir(), reason=f"the schemas of the back ends are not at {SCHEMAS}; set MILONGA_SHARED"
)


def translated(translator: ScheduleTranslator, *cron: str, arguments: Any = None, **fields: Any) -> Translation:
    """A schedule of the pipeline 'churn' in the words of a back end."""
    return translator.translate(Schedule(*cron, **fields), name="churn", graph=None, arguments=arguments or {})


def document_of(translation: Translation) -> dict[str, Any]:
    """The document, which must be there and must be JSON."""
    assert translation.document is not None, translation.findings
    copy: dict[str, Any] = json.loads(json.dumps(translation.document))
    assert copy == translation.document
    return copy


def codes_of(translation: Translation) -> list[str]:
    return [finding.code for finding in translation.findings]


@functools.cache
def validator_of(kind: str) -> jsonschema.Draft202012Validator:
    """A validator for "kfp", or for a CronWorkflow of a version of Argo."""
    if kind == "kfp":
        schema = json.loads((SCHEMAS / "kfp" / "v2.17" / "kfp-api.v2beta1.schema.json").read_text("utf-8"))
        schema = {**schema, "$ref": "#/$defs/v2beta1RecurringRun"}
    else:
        schema = json.loads((SCHEMAS / "argo" / kind / "CronWorkflow.v1alpha1.schema.json").read_text("utf-8"))
    return jsonschema.Draft202012Validator(schema)
