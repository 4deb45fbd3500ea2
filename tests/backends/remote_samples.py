"""What the tests of back ends submit, and how little they wait."""

from __future__ import annotations

from milonga.backends.patience import Patience

IMPATIENT = Patience(
    connect_timeout_s=5,
    answer_timeout_s=5,
    attempts=3,
    first_pause_s=0.01,
    longest_pause_s=0.05,
    poll_s=0.02,
    longest_poll_s=0.05,
    outage_s=1,
)

PIPELINE = """
pipelineInfo: {name: add-up, displayName: Add up}
schemaVersion: 2.1.0
sdkVersion: kfp-2.17.0
root:
  inputDefinitions:
    parameters:
      rows: {parameterType: NUMBER_INTEGER}
      rate: {parameterType: NUMBER_DOUBLE, defaultValue: 0.5}
      text: {parameterType: STRING, defaultValue: hello}
      table: {parameterType: STRUCT, isOptional: true}
  dag:
    tasks:
      add:
        taskInfo: {name: add}
        componentRef: {name: comp-add}
        cachingOptions: {enableCache: true}
        inputs:
          parameters:
            rows: {componentInputParameter: rows}
            rate: {componentInputParameter: rate}
            text: {componentInputParameter: text}
            table: {componentInputParameter: table}
      group:
        taskInfo: {name: group}
        componentRef: {name: comp-group}
        dependentTasks: [add]
components:
  comp-add:
    executorLabel: exec-add
    inputDefinitions:
      parameters:
        rows: {parameterType: NUMBER_INTEGER}
        rate: {parameterType: NUMBER_DOUBLE}
        text: {parameterType: STRING}
        table: {parameterType: STRUCT, isOptional: true}
  comp-group:
    dag:
      tasks:
        inner:
          taskInfo: {name: inner}
          componentRef: {name: comp-inner}
          cachingOptions: {enableCache: true}
  comp-inner:
    executorLabel: exec-inner
deploymentSpec:
  executors:
    exec-add:
      container: {image: 'python:3.11-slim', command: [echo], args: ["{{$.inputs.parameters['rows']}}"]}
    exec-inner:
      container: {image: 'python:3.11-slim', command: [echo, "a \\"quoted\\" {brace}"]}
"""
