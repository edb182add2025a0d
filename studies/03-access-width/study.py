"""(3) Block size and access width: how does the deck's 64-byte convention distort the comparison?

Run: python studies/03-access-width/study.py
"""

from pathlib import Path

import numpy as np

from costmodel.report.figures.study_figures import HUES, save_figure, study_figure
from costmodel.report.figures.style import house_style
from costmodel.sources.catalogue import load_memory_energy
from costmodel.sweeps.engine.running import sweep
from costmodel.sweeps.front.study_output import run_study, write_study_table
from costmodel.units import PJ_PER_UJ

WIDTHS = (1, 4, 8, 16, 32, 64)
MEMORIES = [f"sram-40nm-lstp-320k-{width}b" if width not in (1, 4) else f"esp32-40nm-lstp-320k-{width}b" for width in WIDTHS]
TENSOR_READS = ("input_read_count", "weight_read_count", "bias_read_count", "output_read_count")
SCRATCH_READS = ("psum_read_count", "input_row_read_count", "weight_row_read_count")
SCRATCH_WRITES = ("psum_write_count", "input_row_write_count", "weight_row_write_count")
COUNTERS = (*TENSOR_READS, *SCRATCH_READS, *SCRATCH_WRITES, "output_write_count")
STUDY = {
    "name": "access-width",
    "base": "esp32-deck",
    "set": {"counting": {"taps": "valid", "bias": True, "element_bytes": 4}},
    "axes": [
        {"name": "memory", "path": "memory_energy", "values": MEMORIES},
        {"path": "dataflow", "values": ["output-stationary", "row-stationary"]},
    ],
    "keep": "all",
    "columns": ["energy.memory", "energy.tensors", *(f"network.{name}" for name in COUNTERS)],
}


@house_style()
def main(folder: Path) -> None:
    """Write table and figure."""
    packed, single = _energies()
    rows = []
    for place, width in enumerate(WIDTHS):
        for told, energy in (("packed", packed), ("one access an element", single)):
            output, sram, registers = (float(value) / PJ_PER_UJ for value in energy[place])
            rows.append(
                (width, told, round(output, 3), round(sram, 3), round(registers, 3), round(output / sram, 3), round(output / registers, 2))
            )
    header = (
        "access [B]",
        "counting",
        "OS [µJ]",
        "RS, rows in SRAM [µJ]",
        "RS, rows in registers [µJ]",
        "OS / RS SRAM",
        "OS / RS registers",
    )
    write_study_table(folder, "table", header, rows)
    figure, panels = study_figure(2, width=5.4)
    for panel, energy, title in zip(panels, (packed, single), ("elements packed into blocks", "one access an element"), strict=True):
        for column, (label, color) in enumerate(
            (
                ("output stationary", HUES[0]),
                ("row stationary, rows in SRAM", HUES[1]),
                ("row stationary, rows in registers", HUES[4]),
            )
        ):
            panel.plot(WIDTHS, energy[:, column] / PJ_PER_UJ, "o-", color=color, label=label)
        panel.set_xscale("log", base=2)
        panel.set(yscale="log", xlabel="bytes of one access of the SRAM", ylabel="dynamic energy of an inference [µJ]", title=title)
        panel.set_xticks(WIDTHS, [str(width) for width in WIDTHS])
        panel.legend(fontsize=8)
    save_figure(figure, folder / "figure.png")


def _energies() -> tuple[np.ndarray, np.ndarray]:
    """Energies by access width: output stationary, row stationary with rows in SRAM, and with rows in registers.

    First with elements packed into accesses, then with one access an element whatever the width: what a core without vector loads does.
    """
    columns = sweep(STUDY).columns()
    packed, single = np.zeros((len(WIDTHS), 3)), np.zeros((len(WIDTHS), 3))
    for row, (name, flow) in enumerate(zip(columns["memory"], columns["dataflow"], strict=True)):
        memory, place = load_memory_energy(name), MEMORIES.index(name)
        counts = {counter: float(columns[f"network.{counter}"][row]) for counter in COUNTERS}
        tensors = sum(counts[one] for one in TENSOR_READS) * memory.read_pj.value + counts["output_write_count"] * memory.write_pj.value
        reads, writes = (sum(counts[one] for one in names) for names in (SCRATCH_READS, SCRATCH_WRITES))
        scratch = reads * memory.read_pj.value + writes * memory.write_pj.value
        if flow == "output-stationary":
            packed[place, 0], single[place, 0] = columns["energy.memory"][row], tensors
        else:
            packed[place, 1:] = columns["energy.memory"][row], columns["energy.tensors"][row]
            single[place, 1:] = tensors + scratch, tensors
    return packed, single


if __name__ == "__main__":
    run_study(main, __file__)
