"""What steps ask of the machine, what it has, and who gets what when."""

from milonga.engine.resources.demand import Demand, demand_of
from milonga.engine.resources.ledger import Ledger
from milonga.engine.resources.machine import Machine, available_cores

__all__ = ["Demand", "Ledger", "Machine", "available_cores", "demand_of"]
