"""Keras files: the layers' configuration and their arrays, read without Keras."""
