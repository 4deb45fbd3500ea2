"""The component `deploy`."""

from __future__ import annotations

from milonga.components.contracts.compiled_model import CompiledModel
from milonga.components.contracts.data_splits import DataSplits
from milonga.components.contracts.deployment import Deployment
from milonga.components.contracts.evaluation import Evaluation
from milonga.dsl import component


@component(packages=["numpy>=1.26,<3", "pyyaml>=6.0"], cpu="1", memory="1Gi")
def deploy(
    model: CompiledModel,
    evaluation: Evaluation,
    data: DataSplits,
    *,
    name: str,
    namespace: str = "default",
    storage_uri: str = "",
    image: str = "",
    min_replicas: int = 1,
    max_replicas: int = 1,
) -> Deployment:
    """Write what is needed to serve a model: a KServe InferenceService, a real request, and the model itself.

    It applies nothing: `milonga serve` runs the folder on this machine, `kubectl apply` and GitOps take the YAML.

    Args:
        model: what to serve.
        evaluation: its evaluation; a gate that did not pass is a refusal.
        data: the data set, for a sample of its test split.
        name: of the service and of the model in request paths: lower-case letters, digits and hyphens, a letter
            first, 1 to 53 characters.
        namespace: Kubernetes namespace.
        storage_uri: where the cluster finds a copy of the folder `model/`, such as `s3://models/digits`; "" when
            the image carries it under `/mnt/models`.
        image: container image with `milonga[serve]`; "" is `milonga-serving` of this version.
        min_replicas: copies at least, 1 or more: in Standard mode nothing would hold the first request.
        max_replicas: copies at most.

    Returns:
        The folder of format `milonga.deployment/1`.

    Raises:
        ServingError: E701 the gate did not pass, E702 model, evaluation and data do not belong together,
            E703 a name that Kubernetes refuses, E704 a storage URI that KServe does not know, E705 replicas.
        DataError: E526 the test split is empty.
    """
    from milonga.components.deployment.folder import write_deployment
    from milonga.components.deployment.inference_service import ServiceOptions

    options = ServiceOptions(
        name=name,
        namespace=namespace,
        storage_uri=storage_uri,
        image=image,
        min_replicas=min_replicas,
        max_replicas=max_replicas,
    )
    options.check()
    deployment = Deployment.create("deployment")
    write_deployment(deployment, model, evaluation, data, options=options)
    return deployment
