"""Channels-first graphs: what ONNX, PyTorch and Keras files become, in ONNX's operators, and their way to layers."""
