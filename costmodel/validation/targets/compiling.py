"""Runs compilers: what is built is kept in a cache under a name made of everything that goes in."""

from __future__ import annotations

import hashlib
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path
from typing import Final, Literal

from costmodel.errors import ToolError
from costmodel.sources.documents.atomic_file import write_whole

Build = Literal["counting", "timing"]
"""With the counters, or without them: what a user's firmware would be."""

EXACT_FLAGS: Final = (
    "-std=c99",
    "-O2",
    "-fno-builtin",
    "-fno-tree-loop-distribute-patterns",
    "-fno-tree-vectorize",
    "-ffp-contract=off",
)
"""Flags under which a compiler makes each load and store the source states, and no other of a tensor."""

CLANG_FLAGS: Final = ("-std=c99", "-O2", "-fno-builtin", "-fno-vectorize", "-fno-slp-vectorize", "-ffp-contract=off")
"""The same for Clang."""

COMPILERS: Final = ("cc", "gcc", "clang")
"""Where a C compiler is looked for, in this order."""

TIMEOUT_S: Final = 120.0
"""A compiler or a firmware run that has not ended by then hangs."""


def host_compiler(named: str | None = None) -> str:
    """Return the C compiler of this machine.

    Parameters
    ----------
    named : str, optional
        A compiler to take instead of looking for one.

    Raises
    ------
    ToolError
        If there is none; names what to install.
    """
    for name in (named,) if named else COMPILERS:
        if shutil.which(name):
            return name
    install = {
        "win32": "install MinGW-w64 or LLVM and put gcc or clang on the path",
        "darwin": "install the command line tools: xcode-select --install",
    }.get(sys.platform, "install one, on Debian and Ubuntu: apt-get install gcc libc6-dev")
    raise ToolError(f"no C compiler found ({named or ', '.join(COMPILERS)}); {install}")


def exact_flags(compiler: str) -> tuple[str, ...]:
    """Return the flags under which a compiler keeps to the source's loads and stores."""
    version = run_tool([compiler, "--version"], compiler).stdout
    return CLANG_FLAGS if b"clang" in version else EXACT_FLAGS


def run_tool(command: Sequence[str], what: str, timeout_s: float = TIMEOUT_S) -> subprocess.CompletedProcess[bytes]:
    """Run a program to its end with nothing to read.

    Raises
    ------
    ToolError
        If it is not there or does not end in time.
    """
    if shutil.which(command[0]) is None:
        raise ToolError(f"{command[0]} not found")
    try:
        return subprocess.run(command, stdin=subprocess.DEVNULL, capture_output=True, timeout=timeout_s, check=False)
    except subprocess.TimeoutExpired:
        raise ToolError(f"{what} did not end within {timeout_s:g} s") from None


def compiled(
    compiler: str,
    flags: Sequence[str],
    sources: Sequence[Path],
    link: Sequence[str],
    inputs: Sequence[Path],
    cache: Path,
    name: str,
) -> Path:
    """Compile and link, unless the cache holds the result already.

    Parameters
    ----------
    compiler : str
        Program to run.
    flags : sequence of str
        Before the sources.
    sources : sequence of Path
        Files to compile.
    link : sequence of str
        After the sources.
    inputs : sequence of Path
        Other files the result depends on.
    cache : Path
        Folder for what is built; it need not exist.
    name : str
        File name of the result.

    Returns
    -------
    Path
        The result.

    Raises
    ------
    ToolError
        If the compiler is missing or fails.
    """
    digest = hashlib.sha256()
    version = run_tool([compiler, "--version"], compiler).stdout.splitlines()[:1]
    for part in (*version, *(flag.encode() for flag in (compiler, *flags, *link))):
        digest.update(part + b"\0")
    for path in sorted({*sources, *inputs}):
        if path.is_file():
            digest.update(path.name.encode() + b"\0" + path.read_bytes())
    built = cache / "firmware" / digest.hexdigest()[:16] / name
    if built.is_file():
        return built
    try:
        built.parent.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(dir=built.parent) as folder:
            draft = Path(folder) / name
            finished = run_tool([compiler, *flags, *map(str, sources), *link, "-o", str(draft)], compiler)
            if finished.returncode:
                raise ToolError(f"{compiler} failed on {name}: {first_error(finished.stderr)}")
            # Whoever built the same meanwhile may be running it.
            if not built.is_file():
                draft.replace(built)
    except OSError as error:
        raise ToolError(f"cannot build in {built.parent}: {error.strerror or error}") from None
    return built


def with_kernels(source: str, firmware: Path, cache: Path) -> tuple[list[str], list[Path]]:
    """Return the flags and files that build generated kernels beside the core; none where there are none.

    Parameters
    ----------
    source : str
        From `kernel_source`; empty for none.
    firmware : Path
        The folder `firmware/`.
    cache : Path
        Folder for the file.
    """
    if not source:
        return [], []
    path = cache / "kernels" / hashlib.sha256(source.encode()).hexdigest()[:16] / "kernels.c"
    if not path.is_file():
        write_whole(path, source.encode())
    # The source names the core's header as it is seen from a folder of the firmware.
    return ["-DCM_KERNELS", f"-I{firmware / 'app'}"], [path]


def first_error(text: bytes) -> str:
    """Return the line of a program's messages that says what went wrong."""
    lines = text.decode(errors="replace").splitlines()
    return next((line for line in lines if "error" in line.lower()), last_line(text))


def last_line(text: bytes) -> str:
    """Return the last line of a program's messages."""
    lines = text.decode(errors="replace").strip().splitlines()
    return lines[-1] if lines else "no message"
