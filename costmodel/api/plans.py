"""A memory plan, as a Python user holds it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from costmodel.api.answer import Answer, evaluate
from costmodel.api.shown import Shown, shown
from costmodel.results.storage.memory_plan import MemoryPlan
from costmodel.specs.scenario import Scenario

if TYPE_CHECKING:
    import pandas as pd


class ShownPlan(MemoryPlan, Shown):
    """A plan of a network's buffers that shows itself."""

    def to_frame(self) -> pd.DataFrame:
        """Return the tensors, one a row: where each lies, and from which step to which it is needed."""
        import pandas as pd

        return pd.DataFrame([tensor.model_dump(mode="json") for tensor in self.tensors])

    def _line(self) -> str:
        from costmodel.report.quantities import bytes_text

        if self.tensor_buffer_bytes is None:
            return f"{self.accounting.value}: {self.reason}"
        bound = "" if self.bound_bytes is None else f", at least {bytes_text(self.bound_bytes)}"
        count = self.tensor_buffer_count
        return f"{self.accounting.value}: {bytes_text(self.tensor_buffer_bytes)} in {count} buffer{'s' if count != 1 else ''}{bound}"

    def _repr_html_(self) -> str:
        """Show the buffers, in a notebook."""
        from costmodel.report.document import plain_table
        from costmodel.report.formats.as_fragment import html_fragment

        rows = [(buffer.name, buffer.size_bytes, ", ".join(buffer.tenants)) for buffer in self.buffers]
        return html_fragment(self._line(), [plain_table("Buffers", ("Buffer", "Bytes", "Holds in turn"), rows)])


def plan_memory(scenario: Scenario | Answer | str) -> ShownPlan:
    """Return where a scenario's tensors lie, under the accounting it names.

    Parameters
    ----------
    scenario : Scenario, Answer or str
        What is asked, its answer, or its name.

    Returns
    -------
    ShownPlan
        Buffers with their offsets.

    Raises
    ------
    InputError
        If a name is not known.

    Examples
    --------
    >>> import costmodel
    >>> costmodel.plan_memory("resnet8")
    <arena-in-place: 48.00 KiB in 16 buffers, at least 48.00 KiB>
    """
    answer = scenario if isinstance(scenario, Answer) else evaluate(scenario)
    return shown(ShownPlan, answer.memory.plan)
