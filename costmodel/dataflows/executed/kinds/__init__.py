"""Layers whose loops no dataflow orders, executed."""
