"""Every kind of input the program reads, with sound examples of it and what is done with it: the whole way to an answer."""

from __future__ import annotations

import atexit
import contextlib
import io
import json
import struct
import tempfile
import warnings
import zipfile
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cache
from importlib import resources
from pathlib import Path
from typing import Any

import numpy as np
from joulescope_files import with_right_checks, written

from costmodel.cli.app import EXIT_FAULT, main
from costmodel.cli.battery_question import CommandInputs, answer_of
from costmodel.energy.cacti_config import cacti_config_text, checked_sram, sram_from_config
from costmodel.energy.cacti_output import sram_figures
from costmodel.errors import CollectedError, CostModelError
from costmodel.evaluation.evaluating import evaluate
from costmodel.measurement.device_log import read_device_log
from costmodel.measurement.trace_analysis import FOUND
from costmodel.printable_text import printable
from costmodel.report.formats.as_json import evaluation_from_json
from costmodel.sources.cacti.sram_table_file import read_sram_table
from costmodel.sources.catalogue import load_network, load_scenario
from costmodel.sources.measured.captures import analysed_capture
from costmodel.sweeps.engine.running import prepared_space, sweep
from costmodel.sweeps.front.summary import summary_of
from costmodel.sweeps.study.study_file import load_study
from costmodel.validation.targets.image import image_values
from tests.fuzz import file_targets as files
from tests.fuzz import model_targets as models
from tests.fuzz.mutators import BINARY, TEXT, Mutator

DATA = resources.files("costmodel.sources").joinpath("data")
MOST_DESIGNS = 3_000
"""Larger studies are prepared, and not run."""


@dataclass(frozen=True)
class Target:
    """One kind of input."""

    suffix: str
    """Of the file a mutant is written to."""
    seeds: Callable[[], tuple[bytes, ...]]
    """Sound examples."""
    run: Callable[[Path, bytes], None]
    """Takes the file and its content; returns, or raises CostModelError."""
    mutators: tuple[Mutator, ...] = TEXT


class NoPlainError(AssertionError):
    """An error that is not what a user should see."""


def check(target: Target, path: Path, content: bytes) -> None:
    """Run one input; whatever comes of it but an answer or a plain error is raised."""
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("error")
            target.run(path, content)
    except CostModelError as error:
        told = error.errors if isinstance(error, CollectedError) else (error,)
        for one in told:
            line = str(one)
            if not line or len(line) > 2_200 or line != printable(line):
                raise NoPlainError(f"an error that is not one plain line: {line[:300]!r}") from error
        if len(told) > 21:
            raise NoPlainError(f"{len(told)} lines of errors") from error


def _packaged(*names: str) -> Callable[[], tuple[bytes, ...]]:
    return lambda: tuple(_without_remarks(DATA.joinpath(name).read_bytes()) for name in names)


def _without_remarks(content: bytes) -> bytes:
    """A document without the lines that only people read: a change of one changes nothing."""
    return b"".join(line for line in content.splitlines(keepends=True) if line.strip() and not line.lstrip().startswith(b"#"))


def _network(path: Path, content: bytes) -> None:
    network = load_network(str(path))
    if len(network.layers) < 200:
        base = load_scenario("esp32-deck")
        plain = {"calibration": None, "calibration_network": None, "duration_s": None, "observed_heap": None}
        evaluate(base.model_copy(update={"network": network, **plain}))


def _scenario(path: Path, content: bytes) -> None:
    evaluate(load_scenario(str(path)))


def _calibration(path: Path, content: bytes) -> None:
    evaluate(load_scenario({**_calibrated_scenario(), "calibration": str(path)}))


@cache
def _calibrated_scenario() -> Mapping[str, Any]:
    scenario = load_scenario("esp32-deck").model_dump(mode="json", exclude_none=True)
    kept = {name: value for name, value in scenario.items() if name not in ("calibration", "calibration_network", "duration_s")}
    return kept | {"network": "cifar-aap-pruned", "device": "esp32-wroom", "battery": "deck-5v-1ah"}


def _battery_inputs(**changes: Any) -> CommandInputs:
    usual: dict[str, Any] = {
        "battery": "18650",
        "states": "esp32-module",
        "rate": "1/min",
        "sleep": None,
        "cycle": None,
        "model": "energy",
        "duration": "300ms",
        "trace": None,
        "supply_v": None,
        "temperature_degc": 20.0,
        "sample_count": 20,
        "seed": 0,
    }
    known = {name: value for name, value in (usual | changes).items() if name in CommandInputs._fields}
    return CommandInputs(**known)


MODELS = ("energy", "peukert", "kinetic", "diffusion", "voltage")


def _battery(path: Path, content: bytes) -> None:
    model = MODELS[sum(content) % len(MODELS)]
    answer_of(_battery_inputs(battery=str(path), model=model, temperature_degc=float(sum(content) % 60 - 20)))


def _states(path: Path, content: bytes) -> None:
    sleep = ("idle", "light", "deep")[sum(content) % 3]
    answer_of(_battery_inputs(states=str(path), sleep=sleep, model=MODELS[sum(content) % len(MODELS)]))


def _cycle(path: Path, content: bytes) -> None:
    answer_of(_battery_inputs(states="esp32-deck", rate=None, cycle=str(path)))


def _studies() -> tuple[bytes, ...]:
    studies: list[dict[str, Any]] = [
        {
            "name": "widths",
            "question": "How wide?",
            "base": "esp32-deck",
            "set": {"duration_s": 0.1, "weights_in": "flash"},
            "axes": [
                {"name": "channels", "range": {"start": 4, "stop": 20, "step": 4}, "apply": [{"path": "layers.conv1.out_channels"}]},
                {"path": "layers.conv2.kernel", "values": [1, 3, 5]},
                {"path": "accounting", "values": ["static-in-place", "arena-in-place"]},
            ],
            "conditions": ["channels >= 4"],
            "constraints": ["fits device", "memory.ram <= 65536"],
            "objectives": [{"maximise": "network.mac_count"}, {"minimise": "energy.memory"}, {"minimise": "memory.ram"}],
            "columns": ["network.parameters", "battery.duty_life"],
        },
        {
            "name": "sampled",
            "base": "esp32-deck",
            "axes": [
                {"path": "period_s", "log_range": {"start": 1.0, "stop": 86400.0, "count": 5}},
                {"path": "battery.capacity_ah", "range": {"start": 0.5, "stop": 3.0}},
                {
                    "name": "kept",
                    "values": [0.25, 0.5, 1],
                    "apply": [{"path": "layers.conv1.out_channels", "of_base": True, "at_least": 1}],
                },
            ],
            "set": {"duration_s": 0.1},
            "sample": {"designs": 50, "seed": 3},
            "objectives": [{"maximise": "battery.duty_life"}, {"minimise": "battery.capacity_ah"}],
            "columns": ["network.mac_count"],
            "keep": "all",
        },
        {
            "name": "variants",
            "base": "esp32-deck",
            "axes": [
                {"name": "clock", "variants": {"slow": {"duration_s": 0.6, "power.active_a": 0.04}, "fast": {"duration_s": 0.3}}},
                {"path": "dataflow", "values": ["output-stationary", "row-stationary"]},
                {"path": "types.activation", "values": ["int8", "float32"]},
            ],
            "given": [{"figure": "accuracy", "on": ["clock"], "rows": [["slow", 0.8], ["fast", 0.81]]}],
            "constraints": ["accuracy >= 0.5"],
            "objectives": [{"maximise": "accuracy"}, {"minimise": "energy.memory"}],
        },
    ]
    return tuple(json.dumps(study, indent=1).encode() for study in studies)


def _study(path: Path, content: bytes) -> None:
    written = load_study(path)
    space = prepared_space(written.study, written.beside, written.document)
    if space.designs <= MOST_DESIGNS:
        json.dumps(summary_of(sweep(space)), allow_nan=False)


def _table_seeds() -> tuple[bytes, ...]:
    rows = [f"{channels},{kernel},{0.5 + channels / 100:.3f}" for channels in (4, 8, 12, 16, 20) for kernel in (1, 3, 5)]
    return ("\n".join(["channels,kernel,accuracy", *rows]).encode() + b"\n",)


def _table(path: Path, content: bytes) -> None:
    study = json.loads(_studies()[0])
    study["axes"][1] |= {"name": "kernel"}
    sweep(study | {"given": [{"figure": "accuracy", "file": str(path)}], "objectives": [{"maximise": "accuracy"}], "constraints": []})


@cache
def _captures() -> tuple[bytes, ...]:
    rows = []
    for place in range(1500):
        current = 43.0 if place % 300 > 220 else 36.4
        rows.append((place * 2.0, (current + 0.1 * ((place * 7919) % 11 - 5)) * 1000))
    ppk = "Timestamp(ms),Current(uA)\n" + "".join(f"{time:.3f},{current:.1f}\n" for time, current in rows)
    volts = "#time (s),current (A),voltage (V)\n" + "".join(f"{time / 1e3:.6f},{current / 1e6:.7f},5.0\n" for time, current in rows)
    power = [current * 1e-9 * 3.3 for _, current in rows]
    runner = {"voltage": 3.3, "infer": {"iterations": 5}, "power": {"samples": power, "timestamps": [[0, 100], [1, 1100]]}}
    return ppk.encode(), volts.encode(), json.dumps({"results": [runner]}).encode()


def _trace(path: Path, content: bytes) -> None:
    supply_v = 3.3 if sum(content) % 2 else None
    analysed_capture(path, supply_v, FOUND, {})


@cache
def _archives() -> tuple[bytes, ...]:
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("metadata.json", json.dumps({"metadata": {"samplesPerSecond": 500}}))
        frames = [struct.pack("<fH", 43_000.0 if place % 300 > 220 else 36_400.0, 0) for place in range(1500)]
        archive.writestr("session.raw", b"".join(frames))
    return (stream.getvalue(),)


@cache
def _joulescope() -> tuple[bytes, ...]:
    currents = np.where(np.arange(3000) % 500 > 350, 0.043, 0.0364).astype(np.float32)
    path = written(Path(_scratch()) / "seed.jls", ("current", currents), ("voltage", np.full_like(currents, 3.3)))
    return (path.read_bytes(),)


def _joulescope_with_right_checks(path: Path, content: bytes) -> None:
    path.write_bytes(with_right_checks(content))
    _trace(path, content)


@cache
def _figures() -> tuple[bytes, ...]:
    with contextlib.redirect_stdout(io.StringIO()) as shown:
        path = Path(_scratch()) / "figures-seed.csv"
        path.write_bytes(_captures()[0])
        main(["trace", str(path), "--supply-v", "5", "--format", "json"])
    # The folder has another name each time, and the same seed tries the same mutants.
    return (shown.getvalue().replace(json.dumps(str(path))[1:-1], "figures-seed.csv").encode(),)


@cache
def _scratch() -> str:
    """A folder for what sound examples are made from, gone when the program ends."""
    folder = tempfile.TemporaryDirectory(prefix="costmodel-fuzz-seeds-")
    atexit.register(folder.cleanup)
    return folder.name


def _figures_again(path: Path, content: bytes) -> None:
    inputs = _battery_inputs(states="esp32-deck", trace=path, duration=None)
    answer_of(inputs)


@cache
def _reports() -> tuple[bytes, ...]:
    with contextlib.redirect_stdout(io.StringIO()) as shown:
        main(["report", "--format", "json"])
    return (shown.getvalue().encode(),)


def _report(path: Path, content: bytes) -> None:
    evaluation_from_json(content.decode("utf-8", errors="replace"))


RESUMED: Mapping[str, Any] = {
    "name": "resumed",
    "base": "esp32-deck",
    "set": {"duration_s": 0.1},
    "axes": [{"path": "layers.conv1.out_channels", "values": [4, 8, 12]}],
    "objectives": [{"minimise": "energy.memory"}, {"maximise": "network.mac_count"}],
}


@cache
def _kept() -> tuple[bytes, ...]:
    folder = Path(_scratch()) / "kept-seed"
    sweep(RESUMED, folder=folder)
    return (folder / "parts" / "000000.npz").read_bytes(), (folder / "manifest.json").read_bytes()


def _resumed(path: Path, content: bytes) -> None:
    folder = path.parent / "resumed"
    part, manifest = _kept()
    (folder / "parts").mkdir(parents=True, exist_ok=True)
    is_manifest = content[:1] == b"{"
    (folder / "parts" / "000000.npz").write_bytes(part if is_manifest else content)
    (folder / "manifest.json").write_bytes(content if is_manifest else manifest)
    sweep(RESUMED, folder=folder, resume=True)


@cache
def _images() -> tuple[bytes, ...]:
    from PIL import Image

    pixels = (np.arange(40 * 30 * 3) % 251).astype(np.uint8).reshape(30, 40, 3)
    seeds = []
    for kind in ("PNG", "JPEG", "GIF", "BMP", "TIFF", "WEBP", "PPM"):
        stream = io.BytesIO()
        Image.fromarray(pixels).save(stream, kind)
        seeds.append(stream.getvalue())
    return tuple(seeds)


def _image(path: Path, content: bytes) -> None:
    image_values(path, load_network("resnet8"))


def _cacti_seeds() -> tuple[bytes, ...]:
    from tests.energy.test_cacti_output import LISTING, TABLE

    return (f"{LISTING}\f{TABLE}".encode(),)


def _cacti(path: Path, content: bytes) -> None:
    from fake_cacti import DECK

    listing, _, table = content.decode("utf-8", errors="replace").partition("\f")
    sram_figures(listing, table, checked_sram(DECK))


def _config_seeds() -> tuple[bytes, ...]:
    from fake_cacti import DECK

    return (cacti_config_text(checked_sram(DECK)).encode(),)


def _config(path: Path, content: bytes) -> None:
    sram_from_config(content.decode("utf-8", errors="replace"), path.name)


def _sram_table_seeds() -> tuple[bytes, ...]:
    lines = DATA.joinpath("memories/sram_table.csv").read_bytes().splitlines(keepends=True)
    return (b"".join(lines[:6]),)


def _sram_table(path: Path, content: bytes) -> None:
    read_sram_table(content.decode("utf-8", errors="replace"), path.name)


def _log_seeds() -> tuple[bytes, ...]:
    from tests.measurement.test_device_log import LINES

    return (b"\n".join(LINES) + b"\n",)


def _log(path: Path, content: bytes) -> None:
    read_device_log(io.BytesIO(content))


OPTIONS = (
    "battery\n--battery\n18650\n--states\nesp32-module\n--rate\n4/h\n--sleep\nlight\n--duration\n300ms\n--model\nkinetic\n--samples\n100",
    "count\nconv2d\n--input\n25x16x16\n--out-channels\n51\n--kernel\n3\n--padding\n1\n--stride\n2\n--groups\n1\n--dataflow\nall\n--format\njson",
    "count\n--network\nresnet8\n--layer\nconv1\n--taps\nnominal\n--granularity\nblock_packed\n--block-bytes\n64\n--format\ncsv",
    "explain\nconv1.energy\n--format\njson",
    "report\n--network\nresnet8\n--device\nstm32l476rg\n--dataflow\ninput-stationary\n--duration\n300ms\n--format\njson",
    "list\nnetworks\n--format\njson",
)


def _options(path: Path, content: bytes) -> None:
    arguments = [one for one in content.decode("utf-8", errors="surrogateescape").split("\n") if "\0" not in one]
    if arguments[:1] == [] or any(one in ("--out", "--chart") or one.startswith(("--out=", "--chart=")) for one in arguments):
        return
    with contextlib.redirect_stdout(io.StringIO()), contextlib.redirect_stderr(io.StringIO()) as told:
        status = main(arguments)
    if status == EXIT_FAULT or status not in (0, 1, 2):
        raise NoPlainError(f"status {status}: {told.getvalue()[:600]}")
    if status == 2 and (told.getvalue().count("\n") > 21 or not told.getvalue()):
        raise NoPlainError(f"not plain: {told.getvalue()[:600]!r}")


TARGETS: Mapping[str, Target] = {
    "yaml": Target(".yaml", _packaged("networks/resnet8.yaml", "networks/cifar-aap-pruned.yaml"), _network),
    "scenario": Target(".yaml", _packaged("scenarios/esp32-deck.yaml"), _scenario),
    "study": Target(".json", _studies, _study),
    "battery": Target(".yaml", _packaged("batteries/lipo-500mah.yaml", "batteries/18650.yaml"), _battery),
    "states": Target(".yaml", _packaged("power_states/esp32-module.yaml", "power_states/esp32-deck.yaml"), _states),
    "cycle": Target(".yaml", _packaged("duty_cycles/sense-and-infer.yaml"), _cycle),
    "calibration": Target(".yaml", _packaged("calibrations/esp32-wroom-deck.yaml"), _calibration),
    "table": Target(".csv", _table_seeds, _table),
    "trace": Target(".csv", _captures, _trace),
    "ppk2": Target(".ppk2", _archives, _trace, BINARY),
    "jls": Target(".jls", _joulescope, _trace, BINARY),
    "checked-jls": Target(".jls", _joulescope, _joulescope_with_right_checks, BINARY),
    "figures": Target(".json", _figures, _figures_again),
    "report": Target(".json", _reports, _report),
    "resume": Target(".bin", _kept, _resumed, BINARY),
    "image": Target(".png", _images, _image, BINARY),
    "cacti": Target(".txt", _cacti_seeds, _cacti),
    "config": Target(".cfg", _config_seeds, _config),
    "sram": Target(".csv", _sram_table_seeds, _sram_table),
    "log": Target(".jsonl", _log_seeds, _log),
    "tflite": Target(".tflite", models.tflite_seeds, models.read_model_file, BINARY),
    "onnx": Target(".onnx", models.onnx_seeds, models.read_model_file, BINARY),
    "pt2": Target(".pt2", models.pt2_seeds, models.read_model_file, BINARY),
    "program": Target(".pt2", models.program_seeds, models.read_program),
    "h5": Target(".h5", models.h5_seeds, models.read_model_file, BINARY),
    "keras": Target(".keras", models.configuration_seeds, models.read_configuration),
    "device": Target(".yaml", _packaged("devices/esp32-wroom.yaml", "devices/nrf52840.yaml"), files.read_device),
    "pasted": Target(".txt", files.pasted_seeds, files.read_pasted),
    "elf": Target(".elf", files.elf_seeds, files.read_elf, BINARY),
    "memory": Target(".yaml", _packaged("memories/deck-printed.yaml"), files.read_memory),
    "runtime": Target(".yaml", _packaged("runtimes/tflm-cmsis-nn.yaml", "runtimes/esp-nn.yaml"), files.read_runtime),
    "recipe": Target(".yaml", _packaged("recipes/best.recipe.yaml", "recipes/deck.recipe.yaml"), files.read_recipe),
    "measured": Target(".csv", files.measured_seeds, files.read_measured),
    "marks": Target(".json", files.marks_seeds, files.read_marked),
    "manifest": Target(".json", files.manifest_seeds, files.read_manifest),
    "weights": Target(".safetensors", files.weights_seeds, files.read_weights, BINARY),
    "data-set": Target(".npz", files.data_set_seeds, files.read_data_set, BINARY),
    "options": Target(".txt", lambda: tuple(line.encode() for line in OPTIONS), _options),
}
"""Every kind by the name `make fuzz ONLY=...` takes."""
