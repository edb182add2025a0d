"""(1) Output against row, weight and input stationary across layer shapes: where does each win, in accesses, scratch and energy?

Run: python studies/01-dataflows/study.py
"""

from pathlib import Path

import numpy as np

from costmodel.report.figures.study_figures import HUES, save_figure, study_figure
from costmodel.report.figures.style import house_style
from costmodel.sweeps.engine.running import sweep
from costmodel.sweeps.front.study_output import run_study, write_study_table

DATAFLOWS = ("output-stationary", "row-stationary", "weight-stationary", "input-stationary")
TENSORS = ("input_read", "weight_read", "bias_read", "output_read", "output_write")
SCRATCH = ("input_row_read", "input_row_write", "weight_row_read", "weight_row_write", "psum_read", "psum_write")
LAYER = {"name": "one-convolution", "input": "16x16x16", "layers": [{"kind": "conv2d", "name": "conv", "out_channels": 16, "kernel": 3}]}
KERNELS, EXTENTS, CHANNELS = (1, 3, 5, 7), (4, 6, 8, 12, 16, 24, 32, 48, 64), (1, 2, 4, 8, 16, 32, 64, 128)
STUDY = {
    "name": "dataflows",
    "base": "esp32-deck",
    "set": {
        "network": LAYER,
        "counting": {"taps": "valid", "bias": True},
        "memory_energy": "esp32-40nm-lstp-320k-4b",
    },
    "axes": [
        {"path": "dataflow", "values": DATAFLOWS},
        {
            "name": "kernel",
            "values": KERNELS,
            "apply": [{"path": "layers.conv.kernel"}, {"path": "layers.conv.padding", "times": 0.5}],
        },
        {"name": "stride", "path": "layers.conv.stride", "values": [1, 2]},
        {"name": "extent", "path": "input.extent", "values": EXTENTS},
        {"name": "in_channels", "path": "input.channels", "values": CHANNELS},
        {"name": "out_channels", "path": "layers.conv.out_channels", "values": CHANNELS},
    ],
    "keep": "all",
    "columns": [
        "energy.memory",
        "energy.tensors",
        "network.scratch_bytes",
        *(f"conv.accesses.{counter}_count" for counter in (*TENSORS, *SCRATCH)),
    ],
}
COLORS = (HUES[0], HUES[1], HUES[2], HUES[4])


@house_style()
def main(folder: Path) -> None:
    """Write table and figure."""
    columns = sweep(STUDY).columns()
    shape = (len(DATAFLOWS), len(KERNELS), 2, len(EXTENTS), len(CHANNELS), len(CHANNELS))
    names = np.array([str(name) for name in columns["dataflow"]])
    keys = np.lexsort(
        [columns[axis] for axis in ("out_channels", "in_channels", "extent", "stride", "kernel")]
        + [np.array([DATAFLOWS.index(name) for name in names])]
    )

    def cube(figure: str) -> np.ndarray:
        return np.asarray(columns[figure], dtype=float)[keys].reshape(shape)

    def accesses(counters: tuple[str, ...]) -> np.ndarray:
        return sum(cube(f"conv.accesses.{counter}_count") for counter in counters)

    energies = {"rows in the same SRAM": cube("energy.memory"), "rows in registers": cube("energy.tensors")}
    counts = {"rows in the same SRAM": accesses((*TENSORS, *SCRATCH)), "rows in registers": accesses(TENSORS)}
    scratch = cube("network.scratch_bytes")
    measures = [("accesses", place, count) for place, count in counts.items()]
    measures += [("energy", place, energy) for place, energy in energies.items()]
    rows = []
    for measure, placement, cost in [*measures, ("scratch bytes", "wherever it lives", scratch)]:
        winner = cost.argmin(axis=0)
        for at, kernel in enumerate(KERNELS):
            shares = [float((winner[at] == flow).mean()) for flow in range(len(DATAFLOWS))]
            against = float(np.median(cost[0, at] / cost[1, at]))
            rows.append((measure, placement, kernel, *(round(100 * share, 1) for share in shares), round(against, 2)))
    header = ("fewest or least", "scratch", "kernel", *(f"{name} wins [%]" for name in DATAFLOWS), "median OS / RS")
    write_study_table(folder, "table", header, rows)
    figure, panels = study_figure(3)
    for panel, (placement, energy) in zip(panels[:2], energies.items(), strict=True):
        wins = np.array([[(energy.argmin(axis=0)[at] == flow).mean() for at in range(len(KERNELS))] for flow in range(4)])
        bottom = np.zeros(len(KERNELS))
        for flow, share in enumerate(wins):
            panel.bar([str(kernel) for kernel in KERNELS], 100 * share, bottom=100 * bottom, color=COLORS[flow], label=DATAFLOWS[flow])
            bottom += share
        panel.set(xlabel="kernel extent", ylabel="share of layer shapes [%]", ylim=(0, 100))
        panel.set_title(f"least energy, {placement}")
    at = KERNELS.index(3), 0, slice(None), CHANNELS.index(16), CHANNELS.index(16)
    for flow, name in enumerate(DATAFLOWS):
        panels[2].plot(EXTENTS, scratch[(flow, *at)], "o-", color=COLORS[flow], label=name, markersize=4)
    panels[2].set(xscale="log", yscale="log", xlabel="input rows and columns", ylabel="scratch [B]")
    panels[2].set_xticks([4, 8, 16, 32, 64], ["4", "8", "16", "32", "64"])
    panels[2].minorticks_off()
    panels[2].set_title("scratch of 3 x 3, 16 to 16 channels")
    panels[2].legend(fontsize=8)
    save_figure(figure, folder / "figure.png")


if __name__ == "__main__":
    run_study(main, __file__)
