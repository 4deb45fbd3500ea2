"""Device compilation: what fits on a device, and a trained model in the form that runs best there."""

from milonga.components.device_compilation.component import Compiled, Measured, compile_model, measure_levels

__all__ = ["Compiled", "Measured", "compile_model", "measure_levels"]
