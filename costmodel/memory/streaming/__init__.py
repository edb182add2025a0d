"""Stages of layers that stream: reach of their windows, rings, and the cuts between stages."""
