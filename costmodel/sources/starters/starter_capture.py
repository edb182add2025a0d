"""An example of a current trace to start from."""

from __future__ import annotations

from pathlib import Path
from typing import Final

from costmodel.errors import SpecError
from costmodel.measurement.synthetic_trace import SyntheticTrace, as_ppk2_csv
from costmodel.sources.documents.atomic_file import write_whole
from costmodel.sources.starters.starter_files import refuse_in_the_way

_CAPTURE: Final = SyntheticTrace(rate_hz=5_000.0, span_s=20.0, boot_s=0.8, burst_s=0.01, noise_a=0.0005, jitter_s=0.004)
"""An example of a trace: the deck's currents, at five times its noise."""
CAPTURE_SUPPLY_V: Final = _CAPTURE.supply_v
"""A PPK2 file holds no voltage [V]."""


def write_capture(path: Path, *, force: bool = False) -> tuple[Path, ...]:
    """Write an example of a current trace, as a Nordic PPK2 exports it: boot, inferences, idling and radio bursts.

    Parameters
    ----------
    path : Path
        The file.
    force : bool
        Replace a file that is there.

    Returns
    -------
    tuple of Path
        The file.

    Raises
    ------
    SpecError
        If the name is unfit, a file is in the way, or it cannot be written.
    """
    if path.suffix != ".csv":
        raise SpecError(f"{path}: a capture ends in .csv, like {path.with_suffix('.csv').name or 'capture.csv'}")
    refuse_in_the_way(path, force=force)
    write_whole(path, b"".join(as_ppk2_csv(_CAPTURE)))
    return (path,)
