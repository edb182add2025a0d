"""Operators of ONNX that are costed as their parts: each is written out in operators that have a lowering, shapes and all."""
