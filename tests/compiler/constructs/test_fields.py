"""No field of a file is without a row, in either spelling."""

import samples

from milonga.compiler.constructs import CONSTRUCTS, constructs_of, kubernetes
from milonga.compiler.graph import Graph
from milonga.compiler.graph.executor import Resources
from milonga.compiler.rules import platform_fields
from milonga.compiler.scope import Scope
from milonga.compiler.targets import target_named


def test_the_titled_fields_are_the_ones_that_the_rules_know():
    assert set(kubernetes.EXECUTOR_FIELDS) == set(platform_fields.EXECUTOR_FIELDS)
    assert set(kubernetes.PIPELINE_FIELDS) == set(platform_fields.PIPELINE_FIELDS)


def with_kubernetes(settings: dict, run: dict) -> Graph:
    deployment = {"executors": {"exec-step": settings}}
    platforms = {"platforms": {"kubernetes": {"deploymentSpec": deployment, "pipelineConfig": run}}}
    return Graph.from_documents((samples.plain().to_documents()[0], platforms))


def test_settings_in_snake_case_are_found():
    graph = with_kubernetes(
        {
            "secret_as_env": [{"secret_name": "s", "optional": True}],
            "pvc_mount": [{"sub_path": "a", "pvc_name_parameter": {"component_input_parameter": "x"}}],
        },
        {"resource_ttl_on_success": 5},
    )
    expected = {"k8s-secretAsEnv", "k8s-optional-secret", "k8s-pvcMount", "k8s-sub-path", "k8s-value-from-parameter"}
    assert {*expected, "run-resourceTtlOnSuccess"} <= set(constructs_of(graph))
    assert expected <= {finding.construct for finding in target_named("vertex").findings(graph)} | {
        "k8s-value-from-parameter"
    }


def test_the_older_name_of_a_field_is_ignored_by_old_servers_and_refused_by_new_ones():
    graph = with_kubernetes({}, {"resourceTtl": 5})
    for version, code in (("2.14", "E304"), ("2.15", "E304"), ("2.16", "E304"), ("2.17", "E301")):
        (finding,) = target_named(f"kfp@{version}").findings(graph)
        assert (finding.code, finding.construct) == (code, "run-resourceTtl")


def test_a_count_of_accelerators_may_be_a_value_of_the_run():
    for field in ("resourceCount", "resourceType"):
        document = samples.plain().to_documents()[0]
        accelerator = {"resourceType": "nvidia.com/gpu", "resourceCount": "1", field: "{{$.inputs.parameters['x']}}"}
        samples.container(document)["resources"] = {"accelerator": accelerator}
        assert "dynamic-resources" in constructs_of(Graph.from_documents((document,)))


def details(resources: dict) -> list[str]:
    document = samples.plain().to_documents()[0]
    samples.container(document)["resources"] = resources
    graph = Graph.from_documents((document,))
    scope = Scope(graph, "root", graph.root)
    return [occurrence.detail for occurrence in CONSTRUCTS["resources"].find(scope)]


def test_older_numbers_are_shown_as_quantities():
    assert details({"cpuLimit": 0.5, "memoryLimit": 4.0}) == ["cpu 0.5, memory 4G"]
    assert details({"cpuRequest": 2, "memoryLimit": 8, "resourceMemoryLimit": "1Gi"}) == ["memory 1Gi, cpu request 2"]
    assert details({}) == []


def test_limits_are_quantities_whatever_the_size_of_the_number():
    assert Resources(memory_limit=1e30).limits() == {"memory": "1" + "0" * 30 + "G"}
    assert Resources(cpu_limit=1e-7).limits() == {"cpu": "0.0000001"}
    assert Resources(cpu_limit=0.0).limits() == {}
    assert Resources(resource_cpu_request="500m", memory_request=1.5).requests() == {"cpu": "500m", "memory": "1.5G"}


def test_platform_specs_are_found_at_the_pipeline_too():
    document = samples.plain().to_documents()[0]
    document["root"]["singlePlatformSpecs"] = [{"platform": "google"}]
    graph = Graph.from_documents((document,))
    assert constructs_of(graph)["single-platform-specs"] == ("root",)
    (finding,) = target_named("vertex").findings(graph)
    assert (finding.code, finding.construct) == ("E304", "single-platform-specs")
