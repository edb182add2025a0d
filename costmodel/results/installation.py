"""What is installed: versions, extras with what each adds, outside programs."""

from __future__ import annotations

from typing import Literal

from costmodel.results.base import Result


class InstalledPart(Result):
    """A package or a program."""

    name: str
    version: str | None
    """None where it is not installed; empty where it does not say."""
    adds: str
    """What it is for."""
    install: str
    """How to get it."""


class Installation(Result):
    """Everything a report of a fault should name."""

    schema_version: Literal[1] = 1
    costmodel: str
    python: str
    platform: str
    encoding: str
    """Of standard output."""
    required: tuple[InstalledPart, ...]
    extras: tuple[InstalledPart, ...]
    programs: tuple[InstalledPart, ...]
