"""(2) Pruning ratio x pool size x bits: size, energy, RAM and life.

Run: python studies/02-pruning-pool-bits/study.py
"""

from pathlib import Path

from costmodel.report.answers.sweeps import front_illustration
from costmodel.report.figures.drawing import draw_png
from costmodel.sources.documents.atomic_file import write_whole
from costmodel.sweeps.engine.running import sweep
from costmodel.sweeps.front.study_output import run_study, write_study_table
from costmodel.sweeps.front.summary import shown_summary
from costmodel.sweeps.study.study_file import load_study
from costmodel.sweeps.study.study_spec import Keep
from costmodel.units import BYTES_PER_KIB, PJ_PER_UJ, S_PER_HOUR

START = {"kept_ratio": 1.0, "pooled": 4, "activations": "float32", "weights": "float32"}
LEVERS = (
    ("nothing", {}),
    ("keep 0.8 of the channels", {"kept_ratio": 0.8}),
    ("keep 0.5 of the channels", {"kept_ratio": 0.5}),
    ("pool to 2 x 2", {"pooled": 2}),
    ("int8 weights", {"weights": "int8"}),
    ("int8 activations and weights", {"weights": "int8", "activations": "int8"}),
    ("0.8, 2 x 2 and int8 weights (the deck's convolutions)", {"kept_ratio": 0.8, "pooled": 2, "weights": "int8"}),
    ("0.5, 2 x 2, int8 throughout", {"kept_ratio": 0.5, "pooled": 2, "weights": "int8", "activations": "int8"}),
)


def main(folder: Path) -> None:
    """Draw the front, and tell what each lever does alone and together."""
    study = load_study(Path(__file__).parent).study
    answer = sweep(study)
    write_whole(folder / "figure.png", draw_png(front_illustration(shown_summary(answer)).chart))
    columns = sweep(study.model_copy(update={"keep": Keep.ALL})).columns()
    rows = []
    for told, change in LEVERS:
        wanted = START | change
        row = next(
            place
            for place in range(len(columns["pooled"]))
            if all(
                columns[axis][place] == value if isinstance(value, str) else abs(columns[axis][place] - value) < 1e-9
                for axis, value in wanted.items()
            )
        )
        life_s = float(columns["battery.duty_life"][row])
        rows.append(
            (
                told,
                int(columns["network.parameters"][row]),
                round(float(columns["network.weight_bytes"][row]) / BYTES_PER_KIB, 1),
                round(float(columns["energy.memory"][row]) / PJ_PER_UJ, 1),
                round(float(columns["memory.ram"][row]) / BYTES_PER_KIB, 1),
                "not calibrated" if life_s != life_s else f"{life_s / S_PER_HOUR:.2f}",
            )
        )
    header = ("lever", "parameters", "weights [KiB]", "memory energy [µJ]", "arena [KiB]", "life at one inference a minute [h]")
    write_study_table(folder, "table", header, rows)


if __name__ == "__main__":
    run_study(main, __file__)
