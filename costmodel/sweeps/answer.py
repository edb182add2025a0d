"""What a sweep answers: the front, what the constraints left, the knee, and what explains each objective."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from costmodel.specs.deployment import Scenario
from costmodel.sweeps.job import NUMBER, PART
from costmodel.sweeps.sensitivity import Explained
from costmodel.sweeps.space import Space, scenario_at

if TYPE_CHECKING:
    import pandas as pd


@dataclass(frozen=True)
class SweepAnswer:
    """A study's answer."""

    space: Space
    rows: Mapping[str, np.ndarray]
    """Designs of the front, or all that satisfy the constraints: part, number, figures."""
    designs: int
    """Designs of the space, before conditions."""
    evaluated: int
    survivors: tuple[tuple[str, int], ...]
    """Each constraint and the designs left after it."""
    knee: int | None
    """Row of the suggested compromise; None without a front."""
    explained: tuple[Explained, ...]
    """For each objective, the share of its variance each axis explains."""
    seconds: float
    complete: bool
    """False where the sweep was stopped."""
    jobs_done: int
    jobs: int

    def __len__(self) -> int:
        """Count the designs that were kept."""
        return len(self.rows[NUMBER])

    def columns(self) -> dict[str, np.ndarray]:
        """Return axes and figures by name, one entry a kept design."""
        found: dict[str, np.ndarray] = {}
        parts = self.rows[PART]
        for label in self.space.labels:
            if label in self.rows:
                found[label] = self.rows[label]
            else:
                values = np.empty(len(self.space.parts), dtype=object)
                for place, part in enumerate(self.space.parts):
                    values[place] = _told(part.choices.get(label))
                found[label] = values[parts]
        return found | {name: self.rows[name] for name in self.space.study.figures}

    def to_frame(self) -> pd.DataFrame:
        """Return the kept designs as a pandas frame."""
        import pandas as pd

        return pd.DataFrame(self.columns())

    def scenario(self, row: int) -> Scenario:
        """Return a kept design as a scenario that `evaluate` and `report` read.

        Parameters
        ----------
        row : int
            Position among the kept designs.

        Returns
        -------
        Scenario
            Named after the study and the design.
        """
        part = self.space.parts[int(self.rows[PART][row])]
        values: dict[str, Any] = {axis.label: self.rows[axis.label][row].item() for axis in part.axes}
        return scenario_at(part, values)


def _told(value: Any) -> Any:
    """Return a choice as it was written; a mapping that has a name goes by it."""
    return value["name"] if isinstance(value, Mapping) and isinstance(value.get("name"), str) else value
