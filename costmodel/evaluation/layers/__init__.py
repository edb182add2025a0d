"""Counts and costs of single layers."""
