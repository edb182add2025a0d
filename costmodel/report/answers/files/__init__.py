"""Answers about files and what is packaged."""
