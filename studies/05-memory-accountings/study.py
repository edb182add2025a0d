"""(5) Which memory accounting fits which device, and at what widths does each stop fitting?

Run: python studies/05-memory-accountings/study.py
"""

from pathlib import Path

import numpy as np

from costmodel.report.figures.study_figures import HUES, INK, save_figure, study_figure
from costmodel.report.figures.style import house_style
from costmodel.sources.catalogue import load_device, names
from costmodel.specs.scenario import MemoryAccounting
from costmodel.sweeps.engine.running import sweep
from costmodel.sweeps.front.study_output import run_study, write_study_table
from costmodel.units import BYTES_PER_KIB

ACCOUNTINGS = tuple(accounting.value for accounting in MemoryAccounting)
WIDTHS = {
    "name": "width_ratio",
    "range": {"start": 0.05, "stop": 12.0, "step": 0.01},
    "apply": [
        {"path": f"layers.{name}", "of_base": True, "rounding": "nearest", "at_least": 1}
        for name in ("conv1.out_channels", "conv2.out_channels", "fc1.out_features")
    ],
}
TYPES = {"name": "activations", "path": "types.activation", "values": ["int8", "float32"]}
SIZES = {
    "name": "memory-accountings",
    "base": "esp32-deck",
    "axes": [TYPES, WIDTHS],
    "keep": "all",
    "columns": [f"memory.{accounting}" for accounting in ACCOUNTINGS],
}
FITS = {
    "name": "what-fits",
    "base": "esp32-deck",
    "set": {"counting": {}, "power": None, "battery": None, "weights_in": "flash"},
    "axes": [
        {"path": "device", "values": list(names("devices"))},
        TYPES,
        {"path": "accounting", "values": list(ACCOUNTINGS)},
        WIDTHS,
    ],
    "constraints": ["fits heap"],
    "keep": "all",
    "columns": ["memory.ram"],
}
COLORS = (HUES[5], HUES[0], HUES[3], HUES[1], HUES[2])


@house_style()
def main(folder: Path) -> None:
    """Write table and figure."""
    fitting = sweep(FITS).columns()
    rows = []
    for name in names("devices"):
        regions = [region.largest_bytes or region.size_bytes for region in load_device(name).heap_regions]
        for kind in ("int8", "float32"):
            largest = []
            for accounting in ACCOUNTINGS:
                chosen = (fitting["device"] == name) & (fitting["activations"] == kind) & (fitting["accounting"] == accounting)
                largest.append(round(float(fitting["width_ratio"][chosen].max(initial=0.0)), 2))
            rows.append((name, kind, round(sum(regions) / BYTES_PER_KIB), round(max(regions) / BYTES_PER_KIB), *largest))
    header = ("device", "activations", "heap [KiB]", "largest region [KiB]", *(f"{accounting}: widest ratio" for accounting in ACCOUNTINGS))
    write_study_table(folder, "table", header, rows)
    columns = sweep(SIZES).columns()
    figure, panels = study_figure(2, width=5.4, height=4.6)
    for panel, kind in zip(panels, ("int8", "float32"), strict=True):
        chosen = columns["activations"] == kind
        for accounting, color in zip(ACCOUNTINGS, COLORS, strict=True):
            size = np.asarray(columns[f"memory.{accounting}"][chosen], dtype=float) / BYTES_PER_KIB
            panel.plot(
                columns["width_ratio"][chosen], size, color=color, label=accounting, linestyle="--" if accounting == "ping-pong" else "-"
            )
        for name in ("stm32l476rg", "nrf52840", "esp32-wroom"):
            room = max(region.largest_bytes or region.size_bytes for region in load_device(name).heap_regions) / BYTES_PER_KIB
            panel.axhline(room, color=INK, linewidth=0.8, linestyle=":")
            panel.text(0.055, room * 1.05, f"{name}, largest region", fontsize=7)
        panel.set(xscale="log", yscale="log", xlabel="width over the deck's pruned network", ylabel="tensor buffers [KiB]", title=kind)
    panels[0].legend(fontsize=8, loc="lower right")
    save_figure(figure, folder / "figure.png")


if __name__ == "__main__":
    run_study(main, __file__)
