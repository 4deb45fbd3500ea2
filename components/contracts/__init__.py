"""The artifact contracts: what one component writes and another one reads, checked at both ends."""

from milonga.components.contracts.compiled_model import CompiledModel
from milonga.components.contracts.data_splits import DataSplits
from milonga.components.contracts.deployment import Deployment
from milonga.components.contracts.device_profile import DeviceProfile
from milonga.components.contracts.evaluation import Evaluation
from milonga.components.contracts.latency_table import LatencyTable
from milonga.components.contracts.trained_model import TrainedModel

__all__ = ["CompiledModel", "DataSplits", "Deployment", "DeviceProfile", "Evaluation", "LatencyTable", "TrainedModel"]
