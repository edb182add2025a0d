"""What is installed beside this package, asked of the packages' metadata: nothing is imported for it."""

from __future__ import annotations

import platform
import shutil
import sys
from importlib import metadata
from typing import Final, NamedTuple

from costmodel import __version__
from costmodel.results.installation import Installation, InstalledPart

REQUIRED: Final = ("numpy", "scipy", "pandas", "pydantic", "matplotlib", "pillow", "ruamel.yaml", "typer", "rich", "jinja2", "safetensors")
"""Packages that every installation has."""


class _Extra(NamedTuple):
    package: str
    adds: str


EXTRAS: Final = {
    "onnx": _Extra("onnx", "networks from .onnx files"),
    "keras": _Extra("h5py", "networks from .keras and .h5 files"),
    "train": _Extra("torch", "compress: training, pruning, quantisation; modules of PyTorch"),
    "exact": _Extra("ortools", "plan: the proven lowest arena"),
    "parquet": _Extra("pyarrow", "sweep: large tables as Parquet"),
    "dask": _Extra("distributed", "sweep: designs on a Dask cluster"),
}
"""Extras of the package that add a package, with what each is for."""
PROGRAMS: Final = {
    "cc": "validate: builds the firmware for this machine",
    "qemu-system-xtensa": "validate: emulates an ESP32",
    "qemu-system-arm": "validate: emulates an Arm core",
    "qemu-system-riscv32": "validate: emulates a RISC-V core",
    "cacti": "cacti run: energies of SRAM anew",
}
"""Outside programs, with what each is for."""


def installation(encoding: str) -> Installation:
    """Return what is installed.

    Parameters
    ----------
    encoding : str
        Of standard output.

    Returns
    -------
    Installation
        Versions, and what is not there.
    """
    return Installation(
        costmodel=__version__,
        python=platform.python_version(),
        platform=f"{platform.system()} {platform.release()} {platform.machine()}".strip(),
        encoding=encoding,
        required=tuple(InstalledPart(name=name, version=_version(name), adds="", install=f"pip install {name}") for name in REQUIRED),
        extras=tuple(
            InstalledPart(name=extra, version=_version(one.package), adds=one.adds, install=f"pip install 'costmodel[{extra}]'")
            for extra, one in EXTRAS.items()
        ),
        programs=tuple(
            InstalledPart(name=name, version="" if shutil.which(name) else None, adds=adds, install="from the system's packages")
            for name, adds in PROGRAMS.items()
        ),
    )


def own_encoding() -> str:
    """Return the encoding of standard output."""
    return sys.stdout.encoding or "utf-8"


def _version(package: str) -> str | None:
    try:
        return metadata.version(package)
    except metadata.PackageNotFoundError:
        return None
