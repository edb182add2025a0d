"""Results of jobs on disk: one file a job, written whole or not at all, and a manifest that says which study they belong to."""

from __future__ import annotations

import errno
import hashlib
import io
import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any, Final

import numpy as np

from costmodel.errors import FormatError, InputError, LimitError, SpecError
from costmodel.sources.documents.atomic_file import sweep_unfinished, whole_file, write_whole
from costmodel.sources.documents.folder_lock import FolderLock
from costmodel.sources.documents.input_file import read_text_input
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
_MANIFEST_BYTES: Final = 1 << 16
_COUNTS: Final = "__counts"
_STUDY: Final = "__study"
_FORMAT: Final = 3
_DIGEST_BYTES: Final = 32
"""SHA-256 behind each result."""


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
        if resume and replace:
            raise SpecError("--resume goes on with results, --force replaces them: give one of the two")
        try:
            self._parts.mkdir(parents=True, exist_ok=True)
            self._lock = FolderLock(self._parts)
        except BlockingIOError:
            raise SpecError(f"another sweep is writing to {folder}; wait for it, or give this one a folder of its own (--out)") from None
        except OSError as error:
            raise SpecError(f"cannot write to {folder}: {error.strerror}") from None
        try:
            self._begin(folder, resume=resume, replace=replace)
        except BaseException:
            self.release()
            raise

    def release(self) -> None:
        """Let another sweep write to the folder; what is there can still be read."""
        self._lock.release()

    def _begin(self, folder: Path, *, resume: bool, replace: bool) -> None:
        manifest = folder / MANIFEST
        sweep_unfinished(folder)
        sweep_unfinished(self._parts)
        if replace and manifest.exists():
            _delete(folder)
        # A sweep that failed before its first result holds nobody up.
        found = _read_manifest(manifest) if self.done() else None
        if found is not None and resume and found != self._digest:
            raise SpecError(
                f"{folder} holds results of another study, or of this one before it was changed;"
                " --force replaces them, --out is another folder"
            )
        if found is not None and not resume:
            raise SpecError(f"{folder} already holds results; --resume goes on with them, --force replaces them, --out is another folder")
        write_whole(manifest, json.dumps({"format": _FORMAT, "study": self._digest}) + "\n")

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
            packed = io.BytesIO()
            # NumPy's stub takes the columns' names for its own options.
            np.savez(packed, **{_COUNTS: counts, _STUDY: np.array(self._digest)}, **result.rows)  # type: ignore[arg-type]
            with whole_file(self._path(job.number)) as stream:
                stream.write(packed.getbuffer())
                stream.write(hashlib.sha256(packed.getbuffer()).digest())
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
        path = self._path(number)
        packed = self._sound(number)
        if packed is None:
            raise FormatError(f"{path} is damaged; the same command with --resume computes it again")
        # What the checksum vouches for was written here: it holds these arrays.
        with np.load(io.BytesIO(packed), allow_pickle=False) as stored:
            counts, study = stored[_COUNTS].tolist(), str(stored[_STUDY])
            rows = {name: stored[name] for name in stored.files if name not in (_COUNTS, _STUDY)}
        if study != self._digest:
            raise SpecError(f"{path} is another study's result: give each sweep a folder of its own (--out), or --force")
        return JobResult(rows, int(counts[0]), tuple(counts[1:]))

    def drop_damaged(self) -> tuple[Path, ...]:
        """Delete the results that are not as they were written, and return their files: their jobs are done anew."""
        damaged = tuple(self._path(number) for number in sorted(self.done()) if self._sound(number) is None)
        for path in damaged:
            path.unlink(missing_ok=True)
        return damaged

    def _path(self, number: int) -> Path:
        return self._parts / f"{number:06d}.npz"

    def _sound(self, number: int) -> memoryview | None:
        """Return a result's bytes where its checksum says that they are as they were written."""
        try:
            content = memoryview(self._path(number).read_bytes())
        except OSError:
            return None
        packed, digest = content[:-_DIGEST_BYTES], content[-_DIGEST_BYTES:]
        return packed if hashlib.sha256(packed).digest() == digest else None


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
        found = json.loads(read_text_input(path, _MANIFEST_BYTES))
    except (InputError, ValueError, RecursionError):
        raise FormatError(f"{path} is no manifest of a sweep") from None
    return found.get("study") if isinstance(found, dict) else None
