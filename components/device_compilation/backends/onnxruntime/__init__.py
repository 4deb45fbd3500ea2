"""ONNX Runtime on the CPU: fp32 as it comes, and statically quantised int8."""
