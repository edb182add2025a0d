"""Tables of kept designs: what is written is what was kept, in every form, and never a part of it."""

import csv
import dataclasses
import errno
import weakref

import numpy as np
import pandas as pd
import pytest

from costmodel.errors import LimitError
from costmodel.sweeps.engine import job, job_results
from costmodel.sweeps.engine.running import sweep
from costmodel.sweeps.front import written_tables
from costmodel.sweeps.front.summary import chosen_row, write_answer_files

STUDY = {
    "name": "widths",
    "axes": [
        {"name": "conv1", "path": "layers.conv1.out_channels", "range": {"start": 2, "stop": 40}},
        {"name": "conv2", "path": "layers.conv2.out_channels", "values": [4, 8, 16, 32, 51]},
        {"name": "flow", "path": "dataflow", "values": ["output-stationary", "row-stationary"]},
    ],
    "objectives": [{"minimise": "energy.memory"}, {"maximise": "network.mac_count"}],
    "columns": ["memory.ram"],
    "keep": "all",
}
UNITS = {"energy.memory": "pJ"}


@pytest.fixture
def stored(tmp_path, monkeypatch):
    """A sweep of seven jobs, kept on disk, its tables too large for CSV."""
    monkeypatch.setattr(job, "KEPT_JOB", 30)
    monkeypatch.setattr(written_tables, "CSV_ROWS", 20)
    return sweep(STUDY, folder=tmp_path / "out")


def frame_of(answer):
    return pd.DataFrame(answer.columns())


def test_parquet_holds_every_row_its_types_and_its_units(stored, tmp_path):
    parquet = pytest.importorskip("pyarrow.parquet", reason="pip install 'costmodel[parquet]' runs this")
    files = {path.name for path in write_answer_files(stored, tmp_path / "out")}
    assert "all.parquet" in files
    found = pd.read_parquet(tmp_path / "out" / "all.parquet")
    pd.testing.assert_frame_equal(found, frame_of(stored), check_dtype=False)
    assert found["conv1"].dtype == np.int64
    schema = parquet.read_schema(tmp_path / "out" / "all.parquet")
    assert schema.field("energy.memory").metadata == {b"unit": b"pJ"}


def test_without_parquet_compressed_chunks_hold_every_row(stored, tmp_path, monkeypatch):
    monkeypatch.setattr(written_tables, "find_spec", lambda _: None)
    files = sorted(path for path in write_answer_files(stored, tmp_path / "out") if path.suffix == ".npz" and path.stem.startswith("all"))
    assert len(files) == len(stored.kept.sizes) > 1
    chunks = [np.load(path) for path in files]
    found = pd.DataFrame({name: np.concatenate([chunk[name] for chunk in chunks]) for name in chunks[0].files})
    for chunk in chunks:
        chunk.close()
    pd.testing.assert_frame_equal(found, frame_of(stored), check_dtype=False)


def test_csv_holds_every_row(stored, tmp_path, monkeypatch):
    monkeypatch.setattr(written_tables, "CSV_ROWS", 10**6)
    monkeypatch.setattr(written_tables, "_CSV_SLICE", 7)
    (path,) = written_tables.write_table(tmp_path, "all", stored.batches(), len(stored), UNITS)
    with path.open(encoding="utf-8", newline="") as stream:
        heading, *found = csv.reader(stream)
    assert heading == ["conv1", "conv2", "flow", "energy.memory [pJ]", "network.mac_count", "memory.ram"]
    assert found == [[str(cell) for cell in row] for row in frame_of(stored).to_numpy(dtype=object).tolist()]


def test_all_designs_and_their_front_are_those_of_memory_and_of_disk(stored):
    held = sweep(STUDY)
    pd.testing.assert_frame_equal(frame_of(stored), frame_of(held))
    alone = sweep(STUDY | {"keep": "front"})
    pd.testing.assert_frame_equal(pd.DataFrame(stored.front_columns()), frame_of(alone))
    assert stored.row(stored.knee) == alone.row(alone.knee)
    assert [stored.row(row) for row in stored.front.places.tolist()] == [alone.row(row) for row in range(len(alone))]


def test_the_least_and_the_most_are_found_across_batches(stored):
    columns = stored.columns()
    assert chosen_row(stored, "least:memory.ram") == int(np.argmin(columns["memory.ram"]))
    assert chosen_row(stored, "most:energy.memory") == int(np.argmax(columns["energy.memory"]))


def test_one_batch_is_held_at_a_time(stored, tmp_path):
    living, most = [], []

    def read(place):
        rows = stored.kept.read(place)
        living.append(weakref.ref(rows["conv1"]))
        most.append(sum(one() is not None for one in living))
        return rows

    watched = dataclasses.replace(stored, kept=dataclasses.replace(stored.kept, read=read))
    write_answer_files(watched, tmp_path / "out")
    assert len(most) >= len(stored.kept.sizes) > 10
    # The next batch is read while the last one is still at hand.
    assert max(most) <= 2


def test_a_row_that_is_not_there_is_refused(stored):
    for row in (-1, len(stored)):
        with pytest.raises(IndexError, match="of 390 designs"):
            stored.row(row)


def test_a_sweep_stopped_before_its_first_job_has_no_designs_and_still_writes(tmp_path, monkeypatch):
    def stopped(*_):
        raise KeyboardInterrupt
        yield

    monkeypatch.setattr("costmodel.sweeps.engine.running.run_here", stopped)
    for keep in ("all", "front"):
        answer = sweep(STUDY | {"keep": keep})
        assert len(answer) == 0
        write_answer_files(answer, tmp_path / keep)
        assert (tmp_path / keep / f"{keep}.csv").read_text(encoding="utf-8").startswith("conv1,conv2,flow,energy.memory [pJ]")


def test_a_full_disk_leaves_no_part_of_a_table(stored, tmp_path, monkeypatch):
    def full():
        yield from list(stored.batches())[:2]
        raise OSError(errno.ENOSPC, "No space left on device")

    for limit in (20, 10**6):
        monkeypatch.setattr(written_tables, "CSV_ROWS", limit)
        with pytest.raises(LimitError, match="the disk is full; the finished jobs are kept"):
            written_tables.write_table(tmp_path / "table", "all", full(), len(stored), UNITS)
        assert list((tmp_path / "table").iterdir()) == []


def test_a_front_too_large_to_hold_is_refused(monkeypatch):
    monkeypatch.setattr(job_results, "MAX_FRONT", 3)
    with pytest.raises(LimitError, match="more than 3 designs"):
        sweep(STUDY)
