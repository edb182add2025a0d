"""(7) Which devices can run which MLPerf-Tiny-sized networks?

Run: python studies/07-devices-networks/study.py
"""

from pathlib import Path

import numpy as np

from costmodel.report.figures.study_figures import INK, PAPER, save_figure, study_figure
from costmodel.report.figures.style import house_style
from costmodel.sources.catalogue import load_device, names
from costmodel.sweeps.engine.running import sweep
from costmodel.sweeps.front.study_output import run_study, write_study_table
from costmodel.units import BYTES_PER_KIB

NETWORKS = ("autoencoder", "ds-cnn", "resnet8", "mobilenet-v1-0.25", "cifar-aap-pruned", "resnet18")
STUDY = {
    "name": "devices-networks",
    "base": "esp32-deck",
    "set": {
        "counting": {"taps": "valid", "bias": True},
        "accounting": "arena-in-place",
        "weights_in": "flash",
        "power": None,
        "battery": None,
    },
    "axes": [
        {"path": "device", "values": list(names("devices"))},
        {"path": "network", "values": list(NETWORKS)},
        {"name": "types", "path": "network.types", "values": [{"activation": "int8"}, {"activation": "float32", "weight": "float32"}]},
    ],
    "keep": "all",
    "columns": ["network.parameters", "network.weight_bytes", "memory.ram", "network.mac_count", "energy.memory"],
}


@house_style()
def main(folder: Path) -> None:
    """Write table and figure."""
    columns = sweep(STUDY).columns()
    rows, verdicts = [], {}
    for place in range(len(columns["device"])):
        device, network = load_device(columns["device"][place]), columns["network"][place]
        kind = columns["types"][place]["activation"]
        ram, weights = int(columns["memory.ram"][place]), int(columns["network.weight_bytes"][place])
        room = max(region.largest_bytes or region.size_bytes for region in device.heap_regions)
        missing = [what for what, fits in (("RAM", ram <= room), ("flash", weights <= device.flash_bytes)) if not fits]
        verdict = " and ".join(missing) + " too small" if missing else "fits"
        verdicts[kind, device.name, network] = (ram / room, weights / device.flash_bytes)
        rows.append(
            (
                device.name,
                network,
                kind,
                int(columns["network.mac_count"][place]),
                round(ram / BYTES_PER_KIB, 1),
                round(room / BYTES_PER_KIB, 1),
                round(weights / BYTES_PER_KIB, 1),
                device.flash_bytes // BYTES_PER_KIB,
                verdict,
            )
        )
    header = ("device", "network", "types", "MACs", "arena [KiB]", "largest region [KiB]", "weights [KiB]", "flash [KiB]", "verdict")
    write_study_table(folder, "table", header, rows)
    devices = names("devices")
    figure, panels = study_figure(2, width=6.6, height=1.2 + 0.22 * len(devices))
    for panel, kind in zip(panels, ("int8", "float32"), strict=True):
        grid = np.array([[max(verdicts[kind, device, network]) for network in NETWORKS] for device in devices])
        panel.grid(visible=False)
        panel.imshow(np.log10(grid), cmap="RdYlGn_r", vmin=-1.5, vmax=1.5, aspect="auto")
        for row, device in enumerate(devices):
            for column, network in enumerate(NETWORKS):
                ram, flash = verdicts[kind, device, network]
                tight = f"{100 * max(ram, flash):.0f} % {'RAM' if ram >= flash else 'flash'}"
                used = grid[row, column]
                # What does not fit stands out in bold; the ends of the colour scale are dark.
                panel.text(
                    column,
                    row,
                    tight,
                    ha="center",
                    va="center",
                    fontsize=7,
                    fontweight="bold" if used > 1 else "normal",
                    color=PAPER if abs(np.log10(used)) > 1 else INK,
                )
        panel.set_xticks(range(len(NETWORKS)), NETWORKS, rotation=30, ha="right")
        panel.set_yticks(range(len(devices)), devices)
        panel.set_title(f"{kind}: use of RAM or flash, the tighter (bold: does not fit)")
    save_figure(figure, folder / "figure.png")


if __name__ == "__main__":
    run_study(main, __file__)
