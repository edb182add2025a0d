"""ONNX files: parsed, their shapes inferred and their shape arithmetic folded."""
