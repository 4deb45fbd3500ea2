"""The experiment that runs are listed under."""

from __future__ import annotations

from milonga.backends.attempts import made_by_name, repeated
from milonga.backends.kfp.kfp_connection import KfpConnection
from milonga.backends.kfp.queries import equals, required_id


def experiment_id(connection: KfpConnection) -> str:
    """The id of the experiment that the settings name, made if there is none.

    Raises:
        CallFailed: E800-E808.
    """
    from kfp_server_api import V2beta1Experiment

    service = connection.client.experiments
    name = connection.settings.experiment
    what = f"experiment '{name}'"
    named = {"namespace": connection.namespace} if connection.namespace else {}

    def find() -> str | None:
        answer = connection.ask(
            what, service.experiment_service_list_experiments, filter=equals("display_name", name), **named
        )
        return next((item.experiment_id for item in answer.experiments or [] if item.display_name == name), None)

    def make() -> str:
        body = V2beta1Experiment(display_name=name, namespace=connection.namespace)
        answer = connection.ask(what, service.experiment_service_create_experiment, experiment=body)
        return required_id(answer.experiment_id, what)

    return repeated(find, connection.patience) or made_by_name(make, find, connection.patience)
