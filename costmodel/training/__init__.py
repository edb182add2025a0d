"""Data sets and PyTorch (extra `train`): networks are trained, pruned, pooled, fine-tuned and quantised here.

What a network keeps is decided in `compression`; this floor gives it data and gradients.
"""
