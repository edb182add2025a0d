"""Sweeps on a Dask cluster: a scheduler and workers of their own processes, as on other machines, and every way it can fail."""

import contextlib
import json
import os
import re
import subprocess
import sys
from pathlib import Path

import pytest
from patience import PATIENT_S

from costmodel.cli.app import main
from costmodel.errors import ToolError, UnknownNameError
from costmodel.sweeps.engine import job
from costmodel.sweeps.engine.running import sweep

pytest.importorskip("distributed", reason="pip install 'costmodel[dask]' runs these")
pytestmark = [pytest.mark.slow, pytest.mark.filterwarnings("default")]

STUDY = {
    "name": "widths",
    "axes": [
        {"name": "conv1", "path": "layers.conv1.out_channels", "range": {"start": 2, "stop": 64}},
        {"name": "conv2", "path": "layers.conv2.out_channels", "range": {"start": 2, "stop": 96}},
    ],
    "sample": {"designs": 3 * job.SCATTER_JOB // 2, "seed": 1},
    "ties": "first",
    "objectives": [{"minimise": "energy.memory"}, {"maximise": "network.mac_count"}],
}
ROOT = Path(__file__).parents[2]


@contextlib.contextmanager
def started(*words, ready, imports=ROOT):
    """Start a process, wait for a line that matches, yield the match, and stop it again."""
    process = subprocess.Popen(
        [sys.executable, *words],
        stderr=subprocess.PIPE,
        stdout=subprocess.DEVNULL,
        text=True,
        encoding="utf-8",
        env=os.environ | {"PYTHONPATH": str(imports)},
        cwd=imports,
    )
    try:
        for line in process.stderr:
            if found := re.search(ready, line):
                break
        else:
            raise AssertionError(f"{words} ended without a line that matches {ready!r}")
        yield found
    finally:
        process.terminate()
        process.communicate(timeout=PATIENT_S)


@pytest.fixture(scope="module")
def scheduler():
    """Address of a scheduler on the loopback interface."""
    words = ("-m", "distributed.cli.dask_scheduler", "--host", "127.0.0.1", "--port", "0", "--no-dashboard")
    with started(*words, ready=r"Scheduler at: +(tcp://127\.0\.0\.1:\d+)") as found:
        yield found[1]


@contextlib.contextmanager
def worker(address, imports=ROOT):
    words = ("-m", "distributed.cli.dask_worker", address, "--nthreads", "1", "--no-nanny", "--no-dashboard")
    with started(*words, ready=r"Registered to: +tcp", imports=imports):
        yield


def rows_of(answer):
    return {name: column.tolist() for name, column in answer.columns().items()}


def test_a_scheduler_with_two_workers_gives_the_rows_of_this_process(scheduler, tmp_path, capfd):
    study = tmp_path / "study.json"
    study.write_text(json.dumps(STUDY), encoding="utf-8")
    with worker(scheduler), worker(scheduler):
        assert rows_of(sweep(STUDY, scheduler=scheduler)) == rows_of(sweep(STUDY))
        assert main(["sweep", str(study), "--dask", scheduler, "--out", str(tmp_path / "far"), "--format", "csv"]) == 0
    assert main(["sweep", str(study), "--out", str(tmp_path / "near"), "--workers", "1", "--format", "csv"]) == 0
    assert (tmp_path / "far" / "front.csv").read_bytes() == (tmp_path / "near" / "front.csv").read_bytes()


def test_a_mistake_found_by_a_worker_is_the_users_own(scheduler, monkeypatch):
    changed = STUDY | {"constraints": ["network.mac_count <= 5e6"]}
    from costmodel.sweeps.engine import running

    monkeypatch.setattr(running, "check_name", lambda *_: None)
    with worker(scheduler), pytest.raises(UnknownNameError, match=r"network.mac_cuont.*network.mac_count"):
        sweep(changed | {"columns": ["network.mac_cuont"]}, scheduler=scheduler)


def test_a_scheduler_without_workers_says_so(scheduler, monkeypatch):
    from costmodel.sweeps.engine import workers

    monkeypatch.setattr(workers, "_ANSWER_S", 1)
    with pytest.raises(ToolError, match=r"has no workers; start some"):
        sweep(STUDY, scheduler=scheduler)


def test_a_worker_with_another_version_is_refused(scheduler, tmp_path):
    (tmp_path / "costmodel").mkdir()
    (tmp_path / "costmodel" / "__init__.py").write_text('__version__ = "0.0.1"\n', encoding="utf-8")
    with worker(scheduler, tmp_path), pytest.raises(ToolError, match=r"has costmodel 0\.0\.1, and this machine has"):
        sweep(STUDY, scheduler=scheduler)


@pytest.mark.parametrize("address", ["tcp://127.0.0.1:9", "nowhere", "http//x"])
def test_an_address_where_nothing_answers_is_one_line(address, tmp_path, monkeypatch, capfd):
    from costmodel.sweeps.engine import workers

    monkeypatch.setattr(workers, "_ANSWER_S", 1)
    study = tmp_path / "study.json"
    study.write_text(json.dumps(STUDY), encoding="utf-8")
    assert main(["sweep", str(study), "--dask", address, "--out", str(tmp_path / "o")]) == 2
    told = capfd.readouterr().err.strip().splitlines()
    assert f"no Dask scheduler answers at {address}" in told[-1]
    assert len(told) == 1


def test_a_cluster_that_dies_keeps_what_is_done(tmp_path):
    words = ("-m", "distributed.cli.dask_scheduler", "--host", "127.0.0.1", "--port", "0", "--no-dashboard")
    with contextlib.ExitStack() as living:
        address = living.enter_context(started(*words, ready=r"Scheduler at: +(tcp://127\.0\.0\.1:\d+)"))[1]
        living.enter_context(worker(address))
        with pytest.raises(ToolError, match=r"was lost.*--resume"):
            sweep(STUDY, scheduler=address, folder=tmp_path, on_progress=lambda _: living.close())
    assert rows_of(sweep(STUDY, folder=tmp_path, resume=True)) == rows_of(sweep(STUDY))


def test_a_local_cluster_gives_the_rows_of_this_process():
    assert rows_of(sweep(STUDY, local_cluster=1)) == rows_of(sweep(STUDY))
