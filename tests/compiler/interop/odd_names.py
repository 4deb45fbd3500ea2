"""A step whose inputs and outputs have names that are no identifiers, as IR files may have them."""

ODD = """
pipelineInfo: {name: odd}
schemaVersion: 2.1.0
components:
  comp-odd:
    executorLabel: exec-odd
    inputDefinitions: &inputs
      parameters: {"my input": {parameterType: STRING}, class: {parameterType: NUMBER_INTEGER}}
    outputDefinitions: &outputs
      parameters: {"my output": {parameterType: STRING}, for: {parameterType: LIST}, _task: {parameterType: STRING}}
deploymentSpec: {executors: {exec-odd: {container: {image: busybox, command: [run]}}}}
root:
  inputDefinitions: *inputs
  outputDefinitions: *outputs
  dag:
    outputs:
      parameters:
        my output: {valueFromParameter: {producerSubtask: odd, outputParameterKey: my output}}
        for: {valueFromParameter: {producerSubtask: odd, outputParameterKey: for}}
        _task: {valueFromParameter: {producerSubtask: odd, outputParameterKey: _task}}
    tasks:
      odd:
        componentRef: {name: comp-odd}
        cachingOptions: {enableCache: true}
        taskInfo: {name: odd}
        inputs:
          parameters: {"my input": {componentInputParameter: "my input"}, class: {componentInputParameter: class}}
"""
