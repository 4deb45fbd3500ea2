"""Good manifests for the gate, and where the definitions of Argo are."""

from __future__ import annotations

import copy
import os
from collections.abc import Sequence
from functools import lru_cache
from pathlib import Path
from typing import Any

import pytest
import yaml

from milonga.compiler.diagnostics import Diagnostic
from milonga.compiler.targets.argo.gate import findings

ROOT = next(folder for folder in Path(__file__).resolve().parents if (folder / "pyproject.toml").is_file())
SHARED = Path(os.environ.get("MILONGA_SHARED") or ROOT.parent / "shared")
SCHEMAS = SHARED / "schemas" / "argo"
SAMPLES = SHARED / "schemas" / "samples"
needs_schemas = pytest.mark.skipif(
    not SCHEMAS.is_dir(), reason=f"the definitions of Argo are not at {SCHEMAS}; set MILONGA_SHARED"
)

FLOW = r"""
apiVersion: argoproj.io/v1alpha1
kind: Workflow
metadata: {generateName: flow-, labels: {app.kubernetes.io/managed-by: milonga}}
spec:
  entrypoint: main
  onExit: bye
  activeDeadlineSeconds: 3600
  arguments: {parameters: [{name: items, value: '[1, "b", 3]'}]}
  podSpecPatch: '{"containers": [{"name": "wait", "env": [{"name": "STEPS", "value": "9"}]}]}'
  volumes: [{name: code, configMap: {name: bundle}}]
  templates:
  - name: main
    dag:
      tasks:
      - name: guarded
        template: exit-1
        arguments: {parameters: [{name: items, value: "{{workflow.parameters.items}}"}]}
  - name: exit-1
    inputs: {parameters: [{name: items}]}
    dag:
      failFast: false
      target: "group exit"
      tasks:
      - name: group
        template: group-1
        arguments: {parameters: [{name: items, value: "{{inputs.parameters.items}}"}]}
      - name: exit
        template: leaf
        depends: "group.Succeeded || group.Failed || group.Errored || group.Skipped || group.Omitted"
        arguments: {parameters: [{name: scope, value: exit}, {name: v, value: "{{tasks.group.status}}"}]}
  - name: group-1
    inputs: {parameters: [{name: items}]}
    dag:
      tasks:
      - {name: flip, template: leaf, arguments: {parameters: [{name: scope, value: flip}, {name: v, value: '"tails"'}]}}
      - name: choice
        template: branches-1
        depends: flip.Succeeded
        arguments: {parameters: [{name: face, value: "{{tasks.flip.outputs.parameters.v}}"}]}
      - name: loop
        template: loop-1
        depends: choice.Succeeded
        arguments: {parameters: [{name: scope, value: loop}, {name: items, value: "{{inputs.parameters.items}}"}]}
      - {name: collect, template: collect, depends: "loop.Succeeded && choice.Succeeded"}
  - name: branches-1
    inputs: {parameters: [{name: face}]}
    dag:
      tasks:
      - name: heads
        template: leaf
        when: "{{=fromJSON(inputs.parameters['face']) == 'heads'}}"
        arguments: {parameters: [{name: scope, value: heads}, {name: v, value: "1"}]}
      - name: tails
        template: leaf
        when: "{{=!(fromJSON(inputs.parameters['face']) == 'heads')}}"
        arguments: {parameters: [{name: scope, value: tails}, {name: v, value: "2"}]}
      - name: report
        template: leaf
        depends: "(heads.Succeeded || heads.Skipped) && (tails.Succeeded || tails.Skipped)"
        arguments:
          parameters:
          - {name: scope, value: report}
          - {name: v, value: "{{=tasks['heads']?.outputs?.parameters?.v ?? 'null'}}"}
    outputs:
      parameters:
      - name: v
        valueFrom:
          expression: "tasks['heads'].status == 'Succeeded' ? tasks['heads'].outputs.parameters['v'] :
            tasks['tails'].outputs.parameters['v']"
          default: "null"
  - name: loop-1
    parallelism: 2
    inputs: {parameters: [{name: scope}, {name: items}]}
    dag:
      tasks:
      - name: it
        template: leaf
        withSequence: {count: "{{=len(fromJSON(inputs.parameters['items']))}}"}
        arguments:
          parameters:
          - {name: scope, value: "{{inputs.parameters.scope}}/{{item}}"}
          - name: v
            value: "{{=replace(toJson(fromJSON(inputs.parameters['items'])[int(item)]), '\\x7b', '\\\\u007b')}}"
  - name: leaf
    retryStrategy: {limit: 2, retryPolicy: Always, backoff: {duration: "1", factor: 2, cap: "60"}}
    activeDeadlineSeconds: 600
    inputs: {parameters: [{name: scope}, {name: v}]}
    container:
      image: python:3.11
      command: [sh, -c, 'printf %s "$V" > /o/v']
      env: [{name: V, value: "{{inputs.parameters.v}}"}, {name: RETRY, value: "{{retries}}"}]
      resources: {requests: {memory: 1Gi}}
      volumeMounts: [{name: o, mountPath: /o}]
    volumes: [{name: o, emptyDir: {}}]
    outputs:
      parameters: [{name: v, valueFrom: {path: /o/v, default: "null"}}]
      artifacts:
      - name: d
        path: /o/d
        optional: true
        archive: {tar: {compressionLevel: 0}}
        s3: {key: "runs/{{workflow.uid}}/{{inputs.parameters.scope}}/d.tgz"}
  - name: collect
    inputs:
      artifacts: [{name: all, path: /in/all, optional: true, s3: {key: "runs/{{workflow.uid}}/loop"}}]
    container: {image: python:3.11, command: [ls, "{{inputs.artifacts.all.path}}"]}
  - name: bye
    container: {image: busybox, command: [echo, "{{workflow.status}}"]}
"""
"""The shapes that a real 3.7 and a real 4.0 ran to success, together: guard, choice, loop, retries, artifacts."""

OTHERS = """
apiVersion: argoproj.io/v1alpha1
kind: WorkflowTemplate
metadata: {name: train}
spec:
  entrypoint: main
  arguments: {parameters: [{name: rate, value: "0.1"}]}
  templates:
  - name: main
    steps:
    - - name: first
        template: say
        arguments: {parameters: [{name: word, value: "{{workflow.parameters.rate}}"}]}
    - - name: second
        templateRef: {name: train, template: say}
        arguments: {parameters: [{name: word, value: "{{steps.first.outputs.result}}"}]}
  - name: say
    inputs: {parameters: [{name: word}]}
    script: {image: busybox, command: [sh], source: "echo {{inputs.parameters.word}}"}
---
apiVersion: argoproj.io/v1alpha1
kind: CronWorkflow
metadata: {name: nightly}
spec:
  schedules: ["0 3 * * 1-5", "*/15 0-6,22 1 jan,Jul *", "@every 6h"]
  timezone: Europe/Berlin
  concurrencyPolicy: Forbid
  workflowSpec:
    workflowTemplateRef: {name: train}
    arguments: {parameters: [{name: rate, value: "0.2"}]}
---
apiVersion: v1
kind: ConfigMap
metadata: {name: bundle}
data: {code.py: "print('{{nothing of argo}}, {{unclosed')"}
binaryData: {pipeline.z: UEsFBgAAAAAAAAAAAAAAAAAAAAAAAA==}
"""


def documents(*texts: str) -> list[dict[str, Any]]:
    """Fresh documents; all good ones unless texts are given."""
    return copy.deepcopy([document for text in texts or (FLOW, OTHERS) for document in _read(text)])


@lru_cache(maxsize=32)
def _read(text: str) -> tuple[dict[str, Any], ...]:
    return tuple(yaml.safe_load_all(text))


def said(
    given: Sequence[dict[str, Any]], version: str = "4.0", *, schemas: Path | None = None, warnings: bool = True
) -> list[Diagnostic]:
    """What the gate says, which must not change the documents."""
    before = copy.deepcopy(list(given))
    found = list(findings(given, version=version, schemas=schemas))
    assert list(given) == before
    return [finding for finding in found if warnings or finding.severity == "error"]
