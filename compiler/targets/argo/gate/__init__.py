"""The offline gate: what an API server or Argo's controller would refuse or get wrong, said before anything is sent.

    for finding in findings(documents, version="4.0", schemas=None):
        print(finding)

Two parts look at every document. `shapes` knows fields and their types, from the user's own definitions of the kinds or
from a table of ours. `rules` know what no schema says: names that refer to each other, outputs that may be absent.
"""

from milonga.compiler.targets.argo.gate.api import findings
from milonga.compiler.targets.argo.gate.versions import VERSIONS

__all__ = ["VERSIONS", "findings"]
