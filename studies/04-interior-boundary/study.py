"""(4) Interior and boundary: which share of pixels needs no check, and what does that save, by image and kernel size?

Run: python studies/04-interior-boundary/study.py
"""

from pathlib import Path

import numpy as np

from costmodel.report.figures.study_figures import HUES, save_figure, study_figure
from costmodel.report.figures.style import house_style
from costmodel.sweeps.engine.running import sweep
from costmodel.sweeps.front.study_output import run_study, write_study_table
from costmodel.units import MS_PER_S

EXTENTS, KERNELS = (4, 6, 8, 12, 16, 24, 32, 48, 64, 96, 128, 192, 224), (3, 5, 7, 9, 11)
LAYER = {
    "name": "one-convolution",
    "input": "3x32x32",
    "types": {"activation": "float32"},
    "layers": [{"kind": "conv2d", "name": "conv", "out_channels": 25, "kernel": 3, "padding": 1}],
}
STUDY = {
    "name": "interior-boundary",
    "base": "esp32-deck",
    "set": {"network": LAYER, "duration_s": None, "period_s": None, "counting": {"taps": "nominal", "bias": True}},
    "axes": [
        {
            "name": "kernel",
            "values": KERNELS,
            "apply": [{"path": "layers.conv.kernel"}, {"path": "layers.conv.padding", "times": 0.5}],
        },
        {"name": "extent", "path": "input.extent", "values": EXTENTS},
    ],
    "keep": "all",
    "columns": ["conv.mac_count", "conv.boundary_check_count", "conv.time", "conv.output_write_count"],
}


def shown(value: float, digits: int) -> float | str:
    """Return a figure that rests on a time: rates hold up to ten times the largest layer they were fitted to."""
    return "not calibrated" if np.isnan(value) else round(value, digits)


@house_style()
def main(folder: Path) -> None:
    """Write table and figure."""
    columns = sweep(STUDY).columns()
    taps, checks, time_s = (np.asarray(columns[name], dtype=float) for name in ("conv.mac_count", "conv.boundary_check_count", "conv.time"))
    unchecked = 1 - checks / taps
    # Where every pixel is boundary, every tap pays the boundary rate: the kernel covers the image.
    boundary_tap_s = float((time_s / taps)[unchecked == 0].mean())
    saved = 1 - time_s / (taps * boundary_tap_s)
    rows = [
        (int(kernel), int(extent), round(100 * float(share), 1), shown(float(time) * MS_PER_S, 2), shown(100 * float(gain), 1))
        for kernel, extent, share, time, gain in zip(columns["kernel"], columns["extent"], unchecked, time_s, saved, strict=True)
    ]
    header = ("kernel", "rows and columns", "unchecked pixels [%]", "time [ms]", "saved over checking every tap [%]")
    write_study_table(folder, "table", header, rows)
    figure, (left, right) = study_figure(2)
    for color, kernel in zip((HUES[0], HUES[2], HUES[4], HUES[1], HUES[3]), KERNELS, strict=True):
        chosen = columns["kernel"] == kernel
        left.plot(columns["extent"][chosen], 100 * unchecked[chosen], "o-", markersize=4, color=color, label=f"{kernel}x{kernel}")
        right.plot(columns["extent"][chosen], 100 * saved[chosen], "o-", markersize=4, color=color, label=f"{kernel}x{kernel}")
    for panel, label in ((left, "pixels without any check [%]"), (right, "time saved over checking every tap [%]")):
        panel.set(xscale="log", xlabel="image rows and columns", ylabel=label, ylim=(-2, 102))
        panel.set_xticks([4, 8, 16, 32, 64, 128, 224], ["4", "8", "16", "32", "64", "128", "224"])
        panel.minorticks_off()
    left.legend(fontsize=8, title="kernel", title_fontsize=8)
    figure.suptitle("stride 1, same padding; rates of the ESP32-WROOM calibration, output stationary, 3 to 25 channels", fontsize=9)
    save_figure(figure, folder / "figure.png")


if __name__ == "__main__":
    run_study(main, __file__)
