"""Runs CACTI on configurations: in its own folder, in parallel, with a limit on time, each answer kept under the hash of its question."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import tempfile
from collections.abc import Callable, Iterable, Mapping
from concurrent.futures import FIRST_EXCEPTION, Future, ThreadPoolExecutor, wait
from pathlib import Path
from typing import Final

from costmodel.energy.cacti_config import cacti_config_text, config_hash
from costmodel.energy.cacti_output import NO_ORGANISATION, VERSION, sram_figures
from costmodel.errors import CactiError, CactiFailure, InputError
from costmodel.results.runs.sram_run import SramFigures, SramRow
from costmodel.sources.cache_folder import cache_folder
from costmodel.sources.cacti.bounded_process import run_bounded
from costmodel.sources.cacti.cacti_binary import CactiBinary
from costmodel.sources.documents.atomic_file import write_whole
from costmodel.sources.documents.input_file import read_input
from costmodel.specs.devices.sram import SramSpec

TIMEOUT_S: Final = 120.0
"""The slowest array seen took 6.8 s; a bus of no bits never ends."""
QUOTED_CHARACTERS: Final = 200
"""Most of a failed run's last line that a message quotes."""
MOST_OUTPUT_BYTES: Final = 1 << 22
"""Largest answer of a run that is read: a thousand times one."""

Progress = Callable[[int, int], None]
"""Told how many runs are done, of how many."""


def run_cacti(binary: CactiBinary, spec: SramSpec, timeout_s: float = TIMEOUT_S) -> SramFigures:
    """Run CACTI once.

    Parameters
    ----------
    binary : CactiBinary
        The program.
    spec : SramSpec
        The array.
    timeout_s : float
        Longest a run may take [s].

    Returns
    -------
    SramFigures
        To the last printed digit.

    Raises
    ------
    CactiError
        If the run fails; the error says in which of the known ways.
    """
    with tempfile.TemporaryDirectory(prefix="cacti-") as scratch:
        configuration = Path(scratch) / f"{config_hash(spec)}.cfg"
        configuration.write_text(cacti_config_text(spec), encoding="utf-8", newline="\n")
        listing, complaint = _listing_of(binary, configuration, timeout_s)
        table = configuration.with_name(configuration.name + ".out")
        rows = read_input(table, MOST_OUTPUT_BYTES).decode("utf-8", errors="replace") if table.is_file() else ""
    if not rows.strip() and NO_ORGANISATION not in listing:
        raise CactiError(CactiFailure.INVALID_INPUT, f"it ended well and wrote no row: {_last_line(complaint or listing)}")
    return sram_figures(listing, rows, spec)


def _last_line(text: str) -> str:
    return text.strip().splitlines()[-1].strip()[:QUOTED_CHARACTERS] if text.strip() else "it printed nothing"


def _listing_of(binary: CactiBinary, configuration: Path, timeout_s: float) -> tuple[str, str]:
    """Standard output and standard error of a run that ended with status 0."""
    command = [*binary.command, "-infile", str(configuration)]
    try:
        done = run_bounded(command, binary.folder, timeout_s, MOST_OUTPUT_BYTES)
    except subprocess.TimeoutExpired:
        raise CactiError(CactiFailure.HANG, f"no answer after {timeout_s:g} s; the run was stopped") from None
    except OverflowError:
        told = f"it printed more than {MOST_OUTPUT_BYTES:,} bytes; the run was stopped"
        raise CactiError(CactiFailure.CRASH, told) from None
    except OSError as error:
        raise CactiError(CactiFailure.MISSING_BINARY, f"cannot start {command[0]}: {error.strerror}") from None
    listing, complaint = (stream.decode("utf-8", errors="replace") for stream in (done.stdout, done.stderr))
    if done.returncode:
        raise _failure_of(done.returncode, listing + complaint, binary)
    return listing, complaint


def _failure_of(status: int, text: str, binary: CactiBinary) -> CactiError:
    # A shell between us and CACTI reports a signal as 128 plus its number, a direct start as minus its number.
    number = -status if status < 0 else status - 128 if status > 128 else 0
    if status == 1 and NO_ORGANISATION in text:
        return CactiError(CactiFailure.NO_ORGANISATION, "no array of this size and width can be laid out")
    if number == signal.SIGSEGV:
        return CactiError(CactiFailure.SEGFAULT, f"segmentation fault in {binary.folder}; CACTI runs only where its tech_params are")
    if number == signal.SIGFPE:
        return CactiError(CactiFailure.MISSING_LINES, "arithmetic exception: lines of the stock configuration are missing")
    if status == 255:
        return CactiError(CactiFailure.MISSING_CONFIGURATION, f"it could not read the configuration: {_last_line(text)}")
    return CactiError(CactiFailure.CRASH, f"status {status}: {_last_line(text)}")


def run_row(binary: CactiBinary, spec: SramSpec, name: str = "", cache: Path | None = None, timeout_s: float = TIMEOUT_S) -> SramRow:
    """Run CACTI once, or take the answer from the cache, and return it as a row of the table.

    Parameters
    ----------
    binary : CactiBinary
        The program.
    spec : SramSpec
        The array.
    name : str
        Name of the row; may be empty.
    cache : Path or None
        Folder of earlier answers; None to run always.
    timeout_s : float
        Longest a run may take [s].

    Returns
    -------
    SramRow
        With status `no-organisation` and no figures where CACTI finds no array.

    Raises
    ------
    CactiError
        If the run fails in any other way.
    """
    key = config_hash(spec)
    kept = None if cache is None else cache / binary.content_hash / f"{key}.json"
    figures = _kept_figures(kept)
    status = "ok"
    if figures is None:
        try:
            figures = run_cacti(binary, spec, timeout_s)
        except CactiError as error:
            if error.failure is not CactiFailure.NO_ORGANISATION:
                raise CactiError(error.failure, f"{name or key}: {error.message.split(': ', 1)[1]}") from None
            status = "no-organisation"
        if kept is not None and figures is not None:
            write_whole(kept, figures.model_dump_json() + "\n")
    return SramRow.model_validate(
        {
            "name": name,
            "spec": spec,
            "config_hash": key,
            "cacti_version": VERSION,
            "cacti_source": binary.source,
            "status": status,
            "figures": figures,
        }
    )


def narrower_row(binary: CactiBinary, spec: SramSpec, timeout_s: float = TIMEOUT_S) -> SramRow | None:
    """Run CACTI on narrower arrays of the same size, until it finds one.

    Parameters
    ----------
    binary : CactiBinary
        The program.
    spec : SramSpec
        An array it finds none of.
    timeout_s : float
        Longest a run may take [s].

    Returns
    -------
    SramRow or None
        The widest of half the width, a quarter and so on that there is; None where there is none of a byte or more.

    Raises
    ------
    CactiError
        If a run fails in any other way than by finding none.
    """
    while spec.bus_bits > 1 and spec.block_bytes > 1:
        spec = spec.model_copy(update={"bus_bits": spec.bus_bits // 2, "block_bytes": spec.block_bytes // 2})
        row = run_row(binary, spec, timeout_s=timeout_s)
        if row.figures is not None:
            return row
    return None


def _kept_figures(kept: Path | None) -> SramFigures | None:
    if kept is None or not kept.is_file():
        return None
    try:
        return SramFigures.model_validate(json.loads(read_input(kept, MOST_OUTPUT_BYTES)))
    except (InputError, ValueError, RecursionError):
        # A damaged answer is no answer: it is computed and written again.
        return None


def run_rows(
    binary: CactiBinary,
    named_specs: Iterable[tuple[str, SramSpec]],
    *,
    cache: Path | None = None,
    worker_count: int | None = None,
    timeout_s: float = TIMEOUT_S,
    progress: Progress | None = None,
) -> list[SramRow]:
    """Run CACTI on many configurations, as many at a time as there are processors.

    Parameters
    ----------
    binary : CactiBinary
        The program.
    named_specs : iterable of (str, SramSpec)
        Name and array of each row.
    cache : Path or None
        Folder of earlier answers; None to run always.
    worker_count : int, optional
        Runs at a time; all processors where not given.
    timeout_s : float
        Longest a run may take [s].
    progress : callable, optional
        Told how many runs are done, of how many.

    Returns
    -------
    list of SramRow
        In the order asked for.

    Raises
    ------
    CactiError
        The first failure; runs that have not started are given up, answers already computed stay in the cache.
    """
    asked = list(named_specs)
    # Each thread only waits for a process of its own, so threads keep every processor busy.
    with ThreadPoolExecutor(worker_count or os.cpu_count() or 1) as pool:
        futures = [pool.submit(run_row, binary, spec, name, cache, timeout_s) for name, spec in asked]
        try:
            _await_all(futures, progress)
        except BaseException:
            pool.shutdown(cancel_futures=True)
            raise
    return [future.result() for future in futures]


def _await_all(futures: list[Future[SramRow]], progress: Progress | None) -> None:
    pending = set(futures)
    while pending:
        done, pending = wait(pending, timeout=0.1, return_when=FIRST_EXCEPTION)
        for future in done:
            future.result()
        if progress is not None:
            progress(len(futures) - len(pending), len(futures))


def answers_folder(environment: Mapping[str, str]) -> Path:
    """Return the folder answers are kept in.

    Parameters
    ----------
    environment : mapping
        Environment variables.

    Returns
    -------
    Path
        It need not exist.
    """
    return cache_folder(environment) / "cacti-answers"
