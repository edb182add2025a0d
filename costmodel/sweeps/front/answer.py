"""What a sweep answers: the front, what the constraints left, the knee, and what explains each objective."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from costmodel.specs.base import Spec
from costmodel.specs.scenario import Scenario
from costmodel.sweeps.engine.job import PART
from costmodel.sweeps.engine.kept_designs import KeptDesigns, Rows
from costmodel.sweeps.front.sensitivity import Explained
from costmodel.sweeps.study.space import Space, scenario_at

if TYPE_CHECKING:
    import pandas as pd


class Front(NamedTuple):
    """The Pareto front."""

    places: np.ndarray
    """Its rows among the kept designs, ascending."""
    rows: Rows
    """Its designs."""


@dataclass(frozen=True)
class SweepAnswer:
    """A study's answer."""

    space: Space
    kept: KeptDesigns
    """Designs of the front, or all that satisfy the constraints: part, number, figures."""
    front: Front | None
    """None without objectives."""
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
    jobs_before: int = 0
    """Jobs of them that an earlier run had finished."""
    damaged: tuple[Path, ...] = ()
    """Results of an earlier run that were not as they had been written, and were computed anew."""

    def __len__(self) -> int:
        """Count the designs that were kept."""
        return len(self.kept)

    def columns(self) -> dict[str, np.ndarray]:
        """Return axes and figures of the kept designs by name, one entry a design; all at once, however many they are."""
        return self._labelled(self.kept.joined())

    def batches(self) -> Iterator[dict[str, np.ndarray]]:
        """Yield axes and figures of the kept designs by name, so many at a time as memory holds easily."""
        return (self._labelled(rows) for rows in self.kept.batches())

    def front_columns(self) -> dict[str, np.ndarray]:
        """Return axes and figures of the front by name, one entry a design; of nothing without objectives."""
        return {} if self.front is None else self._labelled(self.front.rows)

    def to_frame(self) -> pd.DataFrame:
        """Return the kept designs as a pandas frame."""
        import pandas as pd

        return pd.DataFrame(self.columns())

    def row(self, row: int) -> dict[str, Any]:
        """Return axes and figures of one kept design by name."""
        return {name: column[0] for name, column in self._labelled(self.kept.row(row)).items()}

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
        found = self.kept.row(row)
        part = self.space.parts[int(found[PART][0])]
        values: dict[str, Any] = {axis.label: found[axis.label][0].item() for axis in part.axes}
        return scenario_at(part, values)

    def _labelled(self, rows: Rows) -> dict[str, np.ndarray]:
        found: dict[str, np.ndarray] = {}
        for label in self.space.labels:
            if label in rows:
                found[label] = rows[label]
            else:
                values = np.empty(len(self.space.parts), dtype=object)
                for place, part in enumerate(self.space.parts):
                    values[place] = _told(part.choices.get(label))
                found[label] = values[rows[PART]]
        return found | {name: rows[name] for name in self.space.study.figures}


def _told(value: Any) -> Any:
    """Return a choice as it was written; what has a name goes by it."""
    if isinstance(value, Mapping) and isinstance(value.get("name"), str):
        return value["name"]
    return getattr(value, "name", str(value)) if isinstance(value, Spec) else value
