"""The emulated cores the firmware runs on: compilers, flags, emulators, and what to install where one is missing."""

from __future__ import annotations

import shutil
from dataclasses import dataclass
from typing import Final

from costmodel.errors import ToolError, UnknownNameError
from costmodel.validation.targets.compiling import COMPILERS


@dataclass(frozen=True)
class EmulatedTarget:
    """One emulated core."""

    name: str
    core: str
    """What it is, for a report: instruction set and configuration, never a chip it only stands in for."""
    tool_prefix: str
    """Of the cross compiler and its binutils."""
    compiler_package: str
    """Debian package of the cross compiler."""
    flags: tuple[str, ...]
    """Compiler flags of the core."""
    emulator: str
    emulator_package: str
    """Debian package of the emulator."""
    machine: tuple[str, ...]
    """Arguments of the emulator that choose the machine."""
    shared_sources: tuple[str, ...]
    """Files of `firmware/ports/emulated` it needs."""

    @property
    def compiler(self) -> str:
        """Name of the cross compiler."""
        return f"{self.tool_prefix}gcc"


TARGETS: Final = {
    target.name: target
    for target in (
        EmulatedTarget(
            name="xtensa",
            core="Xtensa call0 ISA, lx106 configuration",
            tool_prefix="xtensa-lx106-elf-",
            compiler_package="gcc-xtensa-lx106",
            flags=("-mlongcalls", "-mtext-section-literals"),
            emulator="qemu-system-xtensa",
            emulator_package="qemu-system-misc",
            machine=("-M", "sim", "-cpu", "lx106", "-m", "64M"),
            shared_sources=("main.c", "memory.c"),
        ),
        EmulatedTarget(
            name="riscv",
            core="RISC-V RV32IMC",
            tool_prefix="riscv64-unknown-elf-",
            compiler_package="gcc-riscv64-unknown-elf",
            flags=("-march=rv32imc", "-mabi=ilp32"),
            emulator="qemu-system-riscv32",
            emulator_package="qemu-system-misc",
            machine=("-M", "virt", "-bios", "none"),
            shared_sources=("main.c", "memory.c", "semihosting.c"),
        ),
        EmulatedTarget(
            name="arm",
            core="Arm Cortex-M3",
            tool_prefix="arm-none-eabi-",
            compiler_package="gcc-arm-none-eabi",
            flags=("-mcpu=cortex-m3", "-mthumb"),
            emulator="qemu-system-arm",
            emulator_package="qemu-system-arm",
            machine=("-M", "mps2-an385"),
            shared_sources=("main.c", "memory.c", "semihosting.c"),
        ),
    )
}
"""Each emulated target by name."""


def emulated_target(name: str) -> EmulatedTarget:
    """Return an emulated target by name.

    Raises
    ------
    UnknownNameError
        If there is none of that name.
    """
    if name not in TARGETS:
        raise UnknownNameError("target", name, TARGETS, "an emulated target")
    return TARGETS[name]


def missing_tools(target: EmulatedTarget) -> str | None:
    """Say which programs a target lacks on this machine and what installs them.

    Parameters
    ----------
    target : EmulatedTarget
        Its compiler, its emulator, and a host compiler for the plugin.

    Returns
    -------
    str or None
        One line, or None where everything is there.
    """
    needs = (
        ((target.compiler,), target.compiler_package),
        ((target.emulator,), target.emulator_package),
        (COMPILERS, "gcc"),
    )
    missing = [(programs[0], package) for programs, package in needs if not any(map(shutil.which, programs))]
    if not missing:
        return None
    programs = ", ".join(program for program, _ in missing)
    packages = " ".join(package for _, package in missing)
    return f"{target.name}: {programs} not found; apt-get install --no-install-recommends {packages}"


def require_tools(target: EmulatedTarget) -> None:
    """Refuse to go on where a program is missing.

    Raises
    ------
    ToolError
        Names the programs and the packages that bring them.
    """
    if (missing := missing_tools(target)) is not None:
        raise ToolError(missing)
