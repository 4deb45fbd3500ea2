"""The trained model as the reference that every compiled form is compared with."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

from milonga.components.contracts.trained_model import ModelDescription, TrainedModel
from milonga.components.device_compilation.network_input import batches

if TYPE_CHECKING:
    import numpy.typing as npt


class Reference:
    """A trained model that predicts and exports. Belongs to one thread.

    Args:
        model: the artifact.

    Raises:
        DataError: E540 to E545, the model does not keep its contract.
        MissingExtra: its framework is not installed.
    """

    def __init__(self, model: TrainedModel) -> None:
        self.description: ModelDescription = model.read()
        self._network: Any = None
        self._estimator: Any = None
        if self.description.framework == "torch":
            from milonga.components.training.stored_network import load_network

            self._network = load_network(model)
        else:
            self._estimator = model.read_estimator()

    def predict(self, stored: npt.NDArray[Any]) -> npt.NDArray[Any]:
        """Class probabilities `[n, classes]` of samples as a data set stores them, n above 0."""
        import numpy as np

        return np.concatenate([self._predict_batch(batch) for batch in batches(stored)])

    def _predict_batch(self, samples: npt.NDArray[Any]) -> npt.NDArray[Any]:
        if self._network is None:
            result: npt.NDArray[Any] = self._estimator.predict_proba(samples)
            return result
        import torch

        from milonga.components.device_compilation.export_network import with_softmax

        with torch.inference_mode():
            result = with_softmax(self._network)(torch.from_numpy(samples)).numpy()
        return result

    def export(self, target: Path) -> int:
        """Write the model to `target` as ONNX; the opset.

        Raises:
            DeviceError: E645, it cannot be exported.
        """
        if self._network is not None:
            from milonga.components.device_compilation.export_network import export_network

            return export_network(self._network, target, form=self.description.input)
        from milonga.components.device_compilation.export_table import export_table

        form = self.description.input
        return export_table(self._estimator, target, features=form.features, classes=len(self.description.classes))
