"""The layers of an answer as a pandas frame: ten columns to read, and all of them to compute with."""

from __future__ import annotations

from typing import Any, ClassVar, Final

import pandas as pd

from costmodel.results.evaluation import Evaluation
from costmodel.results.frames import layers_frame

SHORT: Final = (
    "kind",
    "output",
    "parameter_count",
    "mac_count",
    "input_read_count",
    "weight_read_count",
    "output_write_count",
    "tensor_pj",
    "memory_pj",
    "duration_s",
)
"""Columns to read."""


class LayersFrame(pd.DataFrame):
    """Layers, indexed by dataflow and layer."""

    _metadata: ClassVar[list[str]] = ["whole"]
    """Attributes that pandas hands on to copies."""
    whole: pd.DataFrame

    @property
    def _constructor(self) -> Any:
        """What is made of it is a plain frame."""
        return pd.DataFrame

    @property
    def all_columns(self) -> pd.DataFrame:
        """Every column."""
        return self.whole


def layers_of(evaluation: Evaluation) -> LayersFrame:
    """Return the layers of an answer.

    Parameters
    ----------
    evaluation : Evaluation
        The answer.

    Returns
    -------
    LayersFrame
        In ten columns.
    """
    whole = layers_frame(evaluation)
    frame = LayersFrame(whole[list(SHORT)])
    object.__setattr__(frame, "whole", whole)
    return frame
