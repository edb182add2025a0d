"""Results of jobs on disk: one file a job, written whole or not at all, and a manifest that says which study they belong to."""

from __future__ import annotations

import errno
import hashlib
import json
import zipfile
from collections.abc import Sequence
from pathlib import Path
from typing import Any, Final

import numpy as np

from costmodel.errors import FormatError, LimitError, SpecError
from costmodel.sources.documents.atomic_file import whole_file, write_whole
from costmodel.sweeps.engine.job import Job, JobResult
from costmodel.sweeps.study.space import Space

MANIFEST: Final = "manifest.json"
PARTS: Final = "parts"
OWN_FILES: Final = (
    MANIFEST,
    f"{PARTS}/[0-9]*.npz",
    *(f"{stem}{ending}" for stem in ("front", "all") for ending in (".csv", ".parquet", "-[0-9]*.npz")),
    "front.png",
    "summary.json",
    "chosen.scenario.yaml",
)
"""What sweeps write into their folder."""
_COUNTS: Final = "__counts"
_STUDY: Final = "__study"
_FORMAT: Final = 2


def study_digest(space: Space, jobs: Sequence[Job]) -> str:
    """Return a digest of everything the results depend on: study, resolved scenarios and division into jobs."""
    text = json.dumps(
        {
            "format": _FORMAT,
            "study": space.study.model_dump(mode="json", exclude={"base"}),
            "scenarios": [part.scenario.model_dump(mode="json") for part in space.parts],
            "jobs": jobs,
        },
        sort_keys=True,
        default=str,
    )
    return hashlib.sha256(text.encode("utf-8")).hexdigest()


class KeptFiles:
    """A folder of job results.

    Parameters
    ----------
    folder : Path
        Made if need be.
    digest : str
        Of the study.
    resume : bool
        Go on with what is there; otherwise a folder with results of any study is refused.
    replace : bool
        Delete what earlier sweeps left there first.

    Raises
    ------
    SpecError
        If the folder has results and neither was asked for, or they are another study's.
    """

    def __init__(self, folder: Path, digest: str, *, resume: bool, replace: bool) -> None:
        self._parts = folder / PARTS
        self._digest = digest
        manifest = folder / MANIFEST
        if resume and replace:
            raise SpecError("--resume goes on with results, --force replaces them: give one of the two")
        if replace and manifest.exists():
            _delete(folder)
        # A sweep that failed before its first result holds nobody up.
        found = _read_manifest(manifest) if self.done() else None
        if found is not None and resume and found != digest:
            raise SpecError(
                f"{folder} holds results of another study, or of this one before it was changed;"
                " --force replaces them, --out is another folder"
            )
        if found is not None and not resume:
            raise SpecError(f"{folder} already holds results; --resume goes on with them, --force replaces them, --out is another folder")
        try:
            self._parts.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise SpecError(f"cannot write to {folder}: {error.strerror}") from None
        write_whole(manifest, json.dumps({"format": _FORMAT, "study": digest}) + "\n")

    def done(self) -> frozenset[int]:
        """Return the numbers of the jobs whose results are there."""
        return frozenset(int(path.stem) for path in self._parts.glob("*.npz") if path.stem.isdecimal())

    def write(self, job: Job, result: JobResult) -> None:
        """Write a job's result.

        Raises
        ------
        LimitError
            If the disk is full; what was written before stays.
        """
        counts = np.array([result.evaluated, *result.survivors], dtype=np.int64)
        try:
            with whole_file(self._parts / f"{job.number:06d}.npz") as stream:
                np.savez(stream, **{_COUNTS: counts, _STUDY: np.array(self._digest)}, **result.rows)  # type: ignore[arg-type]
        except OSError as error:
            full = "the disk is full" if error.errno == errno.ENOSPC else error.strerror
            raise LimitError(
                f"{self._parts}: {full}; {len(self.done())} finished jobs are written and stay readable, make room and add --resume"
            ) from None

    def read(self, number: int) -> JobResult:
        """Return a job's result.

        Raises
        ------
        FormatError
            If the file is damaged.
        SpecError
            If another sweep has written it meanwhile.
        """
        path = self._parts / f"{number:06d}.npz"
        try:
            with path.open("rb") as stream, np.load(stream, allow_pickle=False) as stored:
                counts, study = stored[_COUNTS].tolist(), str(stored[_STUDY])
                rows = {name: stored[name] for name in stored.files if name not in (_COUNTS, _STUDY)}
        except (OSError, ValueError, KeyError, EOFError, zipfile.BadZipFile) as error:
            raise FormatError(f"{path} is damaged ({error}); delete it and add --resume") from None
        if study != self._digest:
            raise SpecError(f"{path} is another study's result: give each sweep a folder of its own (--out), or --force")
        return JobResult(rows, int(counts[0]), tuple(counts[1:]))


def kept_bytes(folder: Path) -> int:
    """Return the bytes of the job results in a folder."""
    return sum(path.stat().st_size for path in (folder / PARTS).glob("*.npz"))


def _delete(folder: Path) -> None:
    """Delete what a sweep writes, and nothing else."""
    for pattern in OWN_FILES:
        for path in folder.glob(pattern):
            path.unlink(missing_ok=True)


def _read_manifest(path: Path) -> Any:
    if not path.exists():
        return None
    try:
        found = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        raise FormatError(f"{path} is no manifest of a sweep") from None
    return found.get("study") if isinstance(found, dict) else None
