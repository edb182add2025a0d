"""The arena that TensorFlow Lite Micro needs for a model file: what it plans in the head, and what it keeps in the tail."""
