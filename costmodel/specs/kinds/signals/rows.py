"""Rows of the table of layer kinds: front and back ends."""

from __future__ import annotations

from typing import Final

from costmodel.specs.kinds.operation_row import Action, Operation
from costmodel.specs.kinds.signals import drawn, lowering

_COSTED: Final = "front and back ends are costed, and executed in Python alone"

CUMULATIVE_SUM: Final = Operation(
    kind="cumulative_sum",
    action=Action.RUN_UP,
    lowering=lowering.lower_cumulative,
    box=lowering.cumulative_box,
    draw=drawn.draw_cumulative,
    kernel=_COSTED,
)
REAL_FFT: Final = Operation(
    kind="real_fft",
    action=Action.TRANSFORM,
    lowering=lowering.lower_fft,
    box=lowering.fft_box,
    draw=drawn.draw_fft,
    kernel=_COSTED,
)
FILTER_BANK: Final = Operation(
    kind="filter_bank",
    action=Action.SLOPES,
    lowering=lowering.lower_bank,
    box=lowering.bank_box,
    draw=drawn.draw_bank,
    kernel=_COSTED,
    weight_shape=lambda layer, _shape: (2, sum(layer.widths)),
)
DETECTION: Final = Operation(
    kind="detection",
    action=Action.PICK_BOXES,
    arity=2,
    lowering=lowering.lower_detection,
    box=lowering.detection_box,
    draw=drawn.draw_detection,
    kernel=_COSTED,
    weight_shape=lambda _layer, shape: (lowering.boxes_of(shape), lowering.COORDINATES),
)
SIGNAL_ROWS: Final = (CUMULATIVE_SUM, REAL_FFT, FILTER_BANK, DETECTION)
"""Those rows."""
