"""(6) Duty cycle and sleep: when does the dataflow matter at all?

Run: python studies/06-duty-cycle/study.py
"""

from pathlib import Path

import numpy as np

from costmodel.report.figures.study_figures import HUES, INK, save_figure, study_figure
from costmodel.report.figures.style import house_style
from costmodel.sweeps.engine.running import sweep
from costmodel.sweeps.front.study_output import run_study, write_study_table
from costmodel.units import PJ_PER_J, S_PER_DAY

SLEEPS = {
    "awake (deck, 36.4 mA)": 0.0364,
    "light sleep (0.8 mA)": 0.8e-3,
    "deep sleep (10 µA)": 10e-6,
}
"""ESP32 datasheet v5.2, consumption by power mode: light sleep, and deep sleep with RTC timer and memory; awake as the deck measured."""
BASE = {"name": "duty", "base": "esp32-deck", "keep": "all"}
PERIODS = {"name": "period", "path": "period_s", "log_range": {"start": 0.32, "stop": 86400.0, "count": 55}}


@house_style()
def main(folder: Path) -> None:
    """Write table and figure."""
    flows = sweep(
        {
            **BASE,
            "set": {"duration_s": 0.32},
            "axes": [{"path": "dataflow", "values": ["output-stationary", "row-stationary"]}],
            "columns": ["energy.memory", "energy.tensors"],
        }
    ).columns()
    output_pj = float(flows["energy.memory"][0])
    differences_j = {
        "rows in SRAM": abs(float(flows["energy.memory"][1]) - output_pj) / PJ_PER_J,
        "rows in registers": abs(float(flows["energy.tensors"][1]) - output_pj) / PJ_PER_J,
    }
    lives = sweep(
        {
            **BASE,
            "set": {"duration_s": 0.32},
            "axes": [{"name": "idle_a", "path": "power.idle_a", "values": list(SLEEPS.values())}, PERIODS],
            "columns": ["battery.duty_life", "battery.duty_power", "power.inference_energy"],
        }
    ).columns()
    figure, (left, right) = study_figure(2, width=5.2)
    rows = []
    for (label, idle), color in zip(SLEEPS.items(), (HUES[1], HUES[4], HUES[0]), strict=True):
        chosen = np.isclose(lives["idle_a"], idle)
        period, life, power = (lives[name][chosen] for name in ("period", "battery.duty_life", "battery.duty_power"))
        # What an inference and the wait for the next one take together.
        each_j = power * period
        left.plot(period, life / S_PER_DAY, color=color, label=label)
        share = 100 * max(differences_j.values()) / each_j
        right.plot(period, share, color=color, label=label)
        for wanted in (0.32, 1.0, 60.0, 3600.0, 86400.0):
            at = int(np.argmin(np.abs(np.log(period / wanted))))
            rows.append(
                (
                    label,
                    round(float(period[at]), 2),
                    round(float(life[at]) / S_PER_DAY, 3),
                    round(1e3 * float(each_j[at]), 2),
                    *(float(f"{100 * difference / each_j[at]:.2g}") for difference in differences_j.values()),
                )
            )
    header = (
        "between inferences",
        "period [s]",
        "life [days]",
        "energy a period [mJ]",
        "OS vs RS, rows in SRAM [%]",
        "OS vs RS, rows in registers [%]",
    )
    write_study_table(folder, "table", header, rows)
    left.set(xscale="log", yscale="log", xlabel="period [s]", ylabel="battery life [days]", title="life by period and sleep")
    right.set(
        xscale="log",
        yscale="log",
        xlabel="period [s]",
        ylabel="share of a period's energy [%]",
        title="what choosing the dataflow moves at most",
    )
    right.axhline(1.0, color=INK, linewidth=0.8, linestyle=":")
    right.text(0.35, 1.15, "1 %", fontsize=8)
    left.legend(fontsize=8)
    save_figure(figure, folder / "figure.png")


if __name__ == "__main__":
    run_study(main, __file__)
