"""Environments of packages that steps declare and the running Python lacks, made once and shared by content."""

from milonga.engine.environments.building import build_environment
from milonga.engine.environments.closure import Closure, closure_of
from milonga.engine.environments.index_settings import IndexSettings
from milonga.engine.environments.installers import find_uv
from milonga.engine.environments.package_request import PackageRequest
from milonga.engine.environments.pip_command import PipInstalls, pip_installs
from milonga.engine.environments.pruning import Pruned, prune_environments
from milonga.engine.environments.requirement_line import RequirementLine
from milonga.engine.environments.shared_environment import InstalledPackage, SharedEnvironment
from milonga.engine.environments.shelf import EnvironmentShelf, reached

__all__ = [
    "Closure",
    "EnvironmentShelf",
    "IndexSettings",
    "InstalledPackage",
    "PackageRequest",
    "PipInstalls",
    "Pruned",
    "RequirementLine",
    "SharedEnvironment",
    "build_environment",
    "closure_of",
    "find_uv",
    "pip_installs",
    "prune_environments",
    "reached",
]
