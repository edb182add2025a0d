"""Fit what the packaged runtimes know of their speed to the public measurements, and write `costmodel/sources/data/runtimes/`.

Run: python benchmarks/fit_runtimes.py ../shared/data/measurements
The rows are read where they lie and stay there; coefficients go into the package.
"""

import ast
import copy
import math
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from ruamel.yaml import YAML
from scipy.optimize import least_squares, nnls

from costmodel.evaluation.timing.network_regressors import network_mix
from costmodel.latency.kernel_paths import REGRESSORS, KernelPath, kernel_regressors, path_of
from costmodel.latency.kernel_rates import FittedPath, fit_path
from costmodel.latency.operation_mix import MIX_KINDS, OperationMix
from costmodel.latency.scaling import USUAL_RATES
from costmodel.sources.catalogue import load_network
from costmodel.specs.axis import Axis
from costmodel.specs.operations import CONV2D
from costmodel.specs.work import LoopNest

RUNTIMES = Path(__file__).parents[1] / "costmodel" / "sources" / "data" / "runtimes"
ZOO = {"mlperf-ad": "autoencoder", "mlperf-ic": "resnet8", "mlperf-kws": "ds-cnn", "mlperf-vww": "mobilenet-v1-0.25"}
"""The networks of MLPerf Tiny in the zoo."""
PERSON_DETECT = OperationMix(convolution=165_888, pointwise=6_193_152, depthwise=798_336, linear=512)
"""The person detection of TensorFlow Lite Micro: MobileNet 0.25 on 96x96 of one channel; 7,157,888 in all."""
SLACK = 1.25
"""A class is wider than what was measured of it."""
ONE_BOARD = 1.8
"""Each way where all of it was measured on one board: with 1.25, another board's networks lay inside three times in four only."""
ONE_ROW = 2.0
"""Each way where one network was measured."""
PLAIN_LX7 = "Xtensa LX7 without vector instructions"
"""An ESP32-S2's core: what an ESP32-S3's vector instructions reach says nothing of it, what plain C reaches does."""
PLAIN_C = ("tinymaix", "tflm-reference")
"""Runtimes that leave vector instructions alone."""
CLASSES = {
    "Cortex-M0+": (8.0, 18.0),
    "Cortex-M33": (1.4, 4.3),
    "Cortex-M4F": (1.7, 8.3),
    "Cortex-M7": (1.0, 2.8),
}
"""Cycles per multiply-accumulate of int8 networks under optimised kernels of any runtime, from the fifth to the 95th percentile."""
CLASS_SOURCE = "measured: int8 networks of MLPerf Tiny and TinyMaix on this core under any optimised kernels, 5 to 95 %, widened by 1.25"
KERNEL_SOURCE = (
    "measured: {n} single convolutions of the public repository tk-king/MicroNas on {board}, TensorFlow Lite Micro with {version}"
)
DEFAULT_ON = {
    "tflm-cmsis-nn": ["Cortex-M0+", "Cortex-M3", "Cortex-M33", "Cortex-M4F", "Cortex-M55", "Cortex-M7"],
    "esp-nn": ["Xtensa LX6", "Xtensa LX7", PLAIN_LX7, "RV32IMC", "RV32IMAFC"],
}
ONLY_ON = {"esp-nn": ["esp32"], "x-cube-ai": ["stm32"]}
"""How the devices' names begin that a runtime is made for."""
ARENA = {"tflm-cmsis-nn": "cmsis-nn", "esp-nn": "esp-nn", "tflm-reference": "reference"}
"""Whose kernels ask for scratch in the arena of TensorFlow Lite Micro."""
ABOUT = {
    "tflm-cmsis-nn": "TensorFlow Lite Micro with CMSIS-NN's kernels: what Arm cores usually run.",
    "esp-nn": "TensorFlow Lite Micro with ESP-NN's kernels: what Espressif's chips usually run.",
    "tflm-reference": "TensorFlow Lite Micro with its reference kernels.",
    "tinymaix": "TinyMaix, a small interpreter in plain C.",
    "x-cube-ai": "STMicroelectronics' X-CUBE-AI (STM32Cube.AI).",
    "plumerai": "Plumerai's inference engine.",
    "bosch-hale": "Bosch's HALE.",
    "microtvm-cmsis-nn": "TVM for microcontrollers with CMSIS-NN's kernels.",
}
ROWS_OF = {"tflm-cmsis-nn": "tflm-cmsis-nn", "esp-nn": "tflm-esp-nn"}
"""Runtimes whose rows go by another name."""
PACKAGED_CHIPS = {
    "ESP32": "esp32-wroom",
    "ESP32-S3": "esp32-s3-wroom-1-n8",
    "ESP32-C3": "esp32-c3-mini-1-n4",
    "DISCO-F746NG": "stm32f746ng",
    "NUCLEO-H7A3ZI-Q": "stm32h7a3zi",
    "NUCLEO-L4R5ZI": "stm32l4r5zi",
    "NUCLEO-U575ZI-Q": "stm32u575zi",
    "nRF5340-DK": "nrf5340",
}


def layer_of(row: Any) -> LoopNest | None:
    """Return a measured convolution as a loop nest; None where its shape does not follow from its padding."""
    _, rows, columns, channels = row.input
    _, out_rows, out_columns, filters = row.output
    axes = []
    for extent, out, kernel, stride in zip((rows, columns), (out_rows, out_columns), row.kernel, row.stride, strict=True):
        same = out == -(-extent // stride) and out != (extent - kernel) // stride + 1
        padding = max((out - 1) * stride + kernel - extent, 0) if same else 0
        axis = Axis(H=extent, K=kernel, s=stride, p=padding // 2, q=padding - padding // 2, d=1)
        if axis.output != out:
            return None
        axes.append(axis)
    return LoopNest(CONV2D, 1, filters, channels, axes[0], axes[1], True)


def measured_layers(folder: Path) -> pd.DataFrame:
    """Return the single convolutions that were measured, each with its loop nest and path."""
    table = pd.read_csv(folder / "cmsis_nn_layers.csv").dropna(subset=["input", "output", "kernel", "stride"])
    for column in ("input", "output", "kernel", "stride"):
        table[column] = table[column].map(ast.literal_eval)
    table["nest"] = [layer_of(row) for row in table.itertuples()]
    table = table[table["nest"].notna()]
    table["path"] = [path_of(nest) for nest in table["nest"]]
    return table


def counts_of(path: KernelPath, rows: pd.DataFrame) -> tuple[list[list[int]], list[float], list[str]]:
    """Return what a path's layers have of each regressor, their cycles, and their shapes."""
    counts = [[getattr(kernel_regressors(nest), name) for name in REGRESSORS[path]] for nest in rows["nest"]]
    return counts, rows["op_cycles"].tolist(), [str(nest[1:]) for nest in rows["nest"]]


def kernels_of_cmsis(folder: Path) -> Iterator[dict[str, Any]]:
    """Fit the paths of CMSIS-NN on each board."""
    for board, rows in measured_layers(folder).groupby("board"):
        fits = [
            (path, fit_path(REGRESSORS[path], *counts_of(path, rows[rows["path"] == path])))
            for path in REGRESSORS
            if (rows["path"] == path).any()
        ]
        version = rows["kernel_library"].iloc[0]
        yield {
            "core": rows["core"].iloc[0],
            "board": board,
            "version": version,
            "clock_hz": sorted(float(mhz) * 1e6 for mhz in rows["mhz"].unique()),
            "paths": [path_entry(path, fit) for path, fit in fits],
            "board_ratio": 1.05,
            "source": KERNEL_SOURCE.format(n=len(rows), board=board, version=version),
        }


def path_entry(path: KernelPath, fit: FittedPath) -> dict[str, Any]:
    """Return a path as its file has it."""
    return {
        "path": path.value,
        "rates": [{"per": name, "rate_cycles": round_to(rate)} for name, rate in fit.cycles.items() if rate > 0.0],
        "low_ratio": round_to(fit.low_ratio),
        "high_ratio": round_to(fit.high_ratio),
        "median_error_ratio": round_to(fit.median_error_ratio),
        "p90_error_ratio": round_to(fit.p90_error_ratio),
        "layer_count": fit.layer_count,
        "shape_count": fit.shape_count,
    }


def kernels_of_esp_nn(devices: pd.DataFrame) -> Iterator[dict[str, Any]]:
    """Solve what ESP-NN's kernel table tells of a core: two kernels a path, products and outputs."""
    outputs = {
        "kernel conv1x1 64->64 10x10": 6_400,
        "kernel conv1x1 16->16 8x8": 1_024,
        "kernel dw3x3x16 18x18in": 4_096,
        "kernel dw3x3x16 16x16in": 3_136,
        "kernel dw5x5 8x4 12x12": 4_608,
        "kernel fc 271x3": 3,
    }
    kinds = {"conv1x1": ("pointwise", "one-row", "general"), "dw": ("depthwise",), "fc": ("linear",)}
    for core, rows in devices[devices["kernel_library"] == "esp-nn-kernel"].groupby("core"):
        paths = []
        for stem, names in kinds.items():
            found = rows[rows["model"].str.startswith(f"kernel {stem}")]
            cycles = (found["latency_ms"] * 1e3 * found["clock_mhz"]).to_numpy()
            counts = np.array([[row.macs, outputs[row.model]] for row in found.itertuples()], float)
            used = ["mac", "output"] if len(found) > 1 else ["mac"]
            rates, _ = nnls(counts[:, : len(used)] / cycles[:, None], np.ones(len(cycles)))
            entry = {
                "rates": [{"per": name, "rate_cycles": round_to(rate)} for name, rate in zip(used, rates, strict=True)],
                # What whole networks measured with these kernels showed: 0.95 to 1.24 times the table's sum.
                "low_ratio": 0.90,
                "high_ratio": 1.25,
                "median_error_ratio": 0.05,
                "p90_error_ratio": 0.24,
                "layer_count": len(found),
                "shape_count": len(found),
            }
            paths += [{"path": name, **copy.deepcopy(entry)} for name in names]
        yield {
            "core": core,
            "board": rows["board"].iloc[0],
            "version": str(rows["version"].iloc[0]),
            "clock_hz": [float(rows["clock_mhz"].iloc[0]) * 1e6],
            "paths": paths,
            "board_ratio": 1.05,
            "source": "measured: ESP-NN's own table of kernels, in internal RAM; networks in PSRAM are outside",
        }


def stacks(devices: pd.DataFrame) -> pd.DataFrame:
    """Return cycles by board, runtime, version and submission, a column a network of MLPerf Tiny."""
    rows = devices[devices["model"].isin(ZOO) & devices["clock_mhz"].notna() & devices["version"].notna()]
    rows = rows[~rows["board"].str.contains("float")]
    rows = rows.assign(cycles=rows["latency_ms"] * 1e3 * rows["clock_mhz"], network=rows["model"].map(ZOO))
    keys = ["kernel_library", "version", "board", "submission"]
    return rows.pivot_table(index=keys, columns="network", values="cycles", aggfunc="first").dropna()


def profile_of(cycles: pd.DataFrame, mixes: dict[str, OperationMix]) -> tuple[OperationMix, dict[str, float]]:
    """Return how the kinds of layers compare on the boards of a version, and what each network lies beside that."""
    networks = list(cycles.columns)
    counts = np.array([mixes[network] for network in networks], float)
    reference = networks.index("resnet8")
    logs = np.log(cycles.to_numpy())
    seen = (logs - logs[:, [reference]]).mean(axis=0)

    def predicted(rates: np.ndarray) -> np.ndarray:
        logs = np.log(counts @ np.exp(np.concatenate([[0.0], rates])))
        return logs - logs[reference]

    usual = np.log(np.array(USUAL_RATES[1:]))
    found = least_squares(lambda rates: np.concatenate([(predicted(rates) - seen) / 0.05, (rates - usual) / 0.35]), usual).x
    factors = np.exp(seen - predicted(found))
    return OperationMix(1.0, *np.exp(found)), dict(zip(networks, factors.tolist(), strict=True))


def profiles_of(library: str, table: pd.DataFrame, mixes: dict[str, OperationMix]) -> Iterator[dict[str, Any]]:
    """Return the profiles of a runtime's versions that were measured on two boards or more."""
    for (name, version), cycles in table.groupby(level=["kernel_library", "version"]):
        boards = cycles.index.get_level_values("board").nunique()
        if name != library or boards < 2:
            continue
        rates, factors = profile_of(cycles, mixes)
        yield {
            "version": str(version),
            "board_count": int(boards),
            **{f"{kind}_ratio": round_to(rate) for kind, rate in zip(MIX_KINDS, rates, strict=True)},
            "networks": [{"network": network, "factor_ratio": round_to(factor)} for network, factor in sorted(factors.items())],
            "source": f"measured: MLPerf Tiny, closed division, {library} {version} on {boards} boards",
        }


def profile_of_esp_nn(devices: pd.DataFrame) -> Iterator[dict[str, Any]]:
    """Return how the kinds of layers compare in ESP-NN's plain C, which an ESP32 and an ESP32-C3 run: one loop serves every convolution."""
    rows = devices[(devices["kernel_library"] == "esp-nn-ansi-kernel") & (devices["core"] == "Xtensa LX7")]
    cycles = rows["latency_ms"] * 1e3 * rows["clock_mhz"] / rows["macs"]

    def middle(stem: str) -> float:
        return float(np.exp(np.log(cycles[rows["model"].str.startswith(f"kernel {stem}")]).mean()))

    convolution = middle("conv1x1")
    yield {
        "version": str(rows["version"].iloc[0]),
        "board_count": 1,
        "convolution_ratio": 1.0,
        "pointwise_ratio": 1.0,
        "depthwise_ratio": round_to(middle("dw") / convolution),
        "linear_ratio": round_to(middle("fc") / convolution),
        "source": "measured: ESP-NN's own table of kernels, its plain C",
    }


def class_rows(devices: pd.DataFrame) -> pd.DataFrame:
    """Return the whole networks whose cycles per multiply-accumulate say how fast a class of cores is."""
    rows = devices[devices["core"].notna() & devices["clock_mhz"].notna() & (devices["macs"] > 10_000)]
    rows = rows[~rows["note"].fillna("").str.contains("suspicious")]
    # An accelerator's times are none of the core's kernels, whatever library they are filed under.
    accelerated = rows["runtime_as_published"].fillna("").str.contains("mvp", case=False) & (rows["kernel_library"] != "tflm-mvp")
    rows = rows[~accelerated]
    return rows.assign(cycles_per_mac=rows["latency_ms"] * 1e3 * rows["clock_mhz"] / rows["macs"])


def widened(rows: pd.DataFrame) -> tuple[float, float, float]:
    """Return the range of a class, from the networks measured in it, and the factor it was widened by."""
    slack = ONE_ROW if len(rows) == 1 else ONE_BOARD if rows["board"].nunique() == 1 else SLACK
    return rows["cycles_per_mac"].min() / slack, rows["cycles_per_mac"].max() * slack, slack


def ranges_of(library: str, devices: pd.DataFrame) -> Iterator[dict[str, Any]]:
    """Return the range of each class of cores under a runtime."""
    seen = set()
    rows = class_rows(devices)
    for core, found in rows[rows["kernel_library"] == library].groupby("core"):
        low, high, slack = widened(found)
        seen.add(core)
        yield {
            "core": core,
            "low_cycles": round_to(low),
            "high_cycles": round_to(high),
            "network_count": len(found),
            "source": f"measured: {len(found)} public time{'s' if len(found) > 1 else ''} of int8 networks, widened by {slack:g} each way",
        }
        if core == "Xtensa LX7" and library in PLAIN_C:
            times = f"{len(found)} public time{'s' if len(found) > 1 else ''}"
            yield {
                "core": PLAIN_LX7,
                "low_cycles": round_to(low),
                "high_cycles": round_to(high),
                "network_count": len(found),
                "source": f"measured: {times} of int8 networks in plain C, widened by {slack:g} each way",
            }
    if library == "tflm-esp-nn":
        found = devices[(devices["kernel_library"] == "esp-nn-ansi-kernel") & (devices["core"] == "Xtensa LX7")]
        cycles = found["latency_ms"] * 1e3 * found["clock_mhz"] / found["macs"]
        yield {
            "core": PLAIN_LX7,
            "low_cycles": round_to(cycles.min() / SLACK),
            "high_cycles": round_to(cycles.max() * SLACK),
            "network_count": 0,
            "source": f"measured: {len(found)} kernels in plain C of ESP-NN's own table, widened by {SLACK:g} each way",
        }
    for core, (low, high) in CLASSES.items():
        if core not in seen and library in ("tflm-cmsis-nn", "x-cube-ai"):
            yield {
                "core": core,
                "low_cycles": round_to(low / SLACK),
                "high_cycles": round_to(high * SLACK),
                "network_count": 0,
                "source": CLASS_SOURCE,
            }


def newest_stack(rows: pd.DataFrame) -> pd.DataFrame:
    """Return a board's newest submission that has every network of MLPerf Tiny: single networks of newer versions tell no other's time."""
    whole = [
        (submission.split()[0], [int(part) for part in str(version).split(".") if part.isdigit()], stack)
        for (submission, version), stack in rows.groupby(["submission", "version"], dropna=False)
        if set(stack["model"]) == set(ZOO)
    ]
    return max(whole, key=lambda found: found[:2])[2].drop_duplicates("model") if whole else rows.iloc[:0]


def submitted(row: Any) -> str:
    """Return who measured a row of MLPerf Tiny."""
    results, _, submitter = row.submission.partition(" closed/")
    return f"measured: MLPerf Tiny {results.rpartition('_')[2].partition('/')[0]}, closed division, submitted by {submitter}"


def measured_stacks(library: str, devices: pd.DataFrame, mixes: dict[str, OperationMix]) -> Iterator[dict[str, Any]]:
    """Return the networks of MLPerf Tiny that were measured on packaged devices, of one version a device."""
    rows = devices[(devices["kernel_library"] == library) & devices["board"].isin(PACKAGED_CHIPS) & devices["model"].isin(ZOO)]
    for board, found in rows.groupby("board"):
        for row in newest_stack(found).sort_values("model").itertuples():
            energy = {} if math.isnan(row.energy_uj) else {"energy_j": round_to(row.energy_uj / 1e6)}
            yield {
                "device": PACKAGED_CHIPS[str(board)],
                "network": ZOO[row.model],
                "clock_hz": float(row.clock_mhz) * 1e6,
                "version": version_text(row),
                "duration_s": round_to(row.latency_ms / 1e3),
                **energy,
                **{f"{kind}_mac_count": int(count) for kind, count in zip(MIX_KINDS, mixes[ZOO[row.model]], strict=True) if count},
                "source": submitted(row),
            }


def version_text(row: Any) -> str:
    """Return a row's version, or that it has none."""
    return str(row.version) if isinstance(row.version, str) else "not stated"


def measured_of(library: str, devices: pd.DataFrame, mixes: dict[str, OperationMix]) -> Iterator[dict[str, Any]]:
    """Return the networks that were measured on packaged devices."""
    yield from measured_stacks(library, devices, mixes)
    rows = devices[(devices["kernel_library"] == library) & devices["board"].isin(PACKAGED_CHIPS) & (devices["model"] == "person_detect")]
    for row in rows.drop_duplicates("board", keep="last").itertuples():
        yield {
            "device": PACKAGED_CHIPS[row.board],
            "network": row.model,
            "clock_hz": float(row.clock_mhz) * 1e6,
            "version": version_text(row),
            "duration_s": round_to(row.latency_ms / 1e3),
            **{f"{kind}_mac_count": int(count) for kind, count in zip(MIX_KINDS, PERSON_DETECT, strict=True)},
            "source": "measured: espressif/esp-nn, README, person detection",
        }


def round_to(value: float, digits: int = 5) -> float:
    """Return a number of five digits: more is noise."""
    return float(f"{value:.{digits}g}") if math.isfinite(value) else value


def main(folder: Path) -> int:
    """Write every runtime's file."""
    writer = YAML(typ="safe", pure=True)
    writer.default_flow_style, writer.width, writer.sort_base_mapping_type_on_output = None, 140, False
    devices = pd.read_csv(folder / "devices.csv")
    mixes = {network: network_mix(load_network(network)) for network in ZOO.values()}
    table = stacks(devices)
    for name, about in ABOUT.items():
        library = ROWS_OF.get(name, name)
        runtime: dict[str, Any] = {
            "name": name,
            "description": about,
            "default_on": DEFAULT_ON.get(name, []),
            "only_on": ONLY_ON.get(name, []),
            "arena": ARENA.get(name, []),
        }
        kernels = (
            list(kernels_of_cmsis(folder)) if name == "tflm-cmsis-nn" else list(kernels_of_esp_nn(devices)) if name == "esp-nn" else []
        )
        runtime |= {
            "kernels": kernels,
            "profiles": list(profile_of_esp_nn(devices) if name == "esp-nn" else profiles_of(library, table, mixes)),
            "measured": list(measured_of(library, devices, mixes)),
            "ranges": list(ranges_of(library, devices)),
            "source": "measured: public times, fitted by benchmarks/fit_runtimes.py",
        }
        with (RUNTIMES / f"{name}.yaml").open("w", encoding="utf-8", newline="\n") as file:
            writer.dump({key: value for key, value in runtime.items() if value != []}, file)
    return 0


if __name__ == "__main__":
    sys.exit(main(Path(sys.argv[1])))
