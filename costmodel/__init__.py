"""What a neural network costs on a microcontroller: memory accesses, RAM, energy, time and battery days.

>>> import costmodel
>>> answer = costmodel.evaluate(costmodel.load_scenario("esp32-deck"))
>>> round(answer.battery.continuous_life_s / 3600, 1)
17.7
"""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    from costmodel.api.answer import evaluate as evaluate
    from costmodel.api.answer import write_report as write_report
    from costmodel.api.batteries import estimate_battery as estimate_battery
    from costmodel.api.plans import plan_memory as plan_memory
    from costmodel.api.sweeping import sweep as sweep
    from costmodel.api.traces import read_trace as read_trace
    from costmodel.errors import CostModelError as CostModelError
    from costmodel.evaluation.explained.explaining import explain as explain
    from costmodel.evaluation.layers.layer_counts import count as count
    from costmodel.evaluation.timing.estimate import estimate_time as estimate_time
    from costmodel.report.words.finding_words import findings_in_words as findings_in_words
    from costmodel.sources.catalogue import load_battery as load_battery
    from costmodel.sources.catalogue import load_device as load_device
    from costmodel.sources.catalogue import load_duty_cycle as load_duty_cycle
    from costmodel.sources.catalogue import load_memory_energy as load_memory_energy
    from costmodel.sources.catalogue import load_network as load_network
    from costmodel.sources.catalogue import load_power_states as load_power_states
    from costmodel.sources.catalogue import load_scenario as load_scenario
    from costmodel.sources.model_loading import load_model as load_model
    from costmodel.sources.runtimes import load_runtime as load_runtime
    from costmodel.specs.counting import CountingConvention as CountingConvention
    from costmodel.specs.counting import Dataflow as Dataflow
    from costmodel.specs.counting import Granularity as Granularity
    from costmodel.specs.counting import Taps as Taps
    from costmodel.specs.layers import AdaptiveAvgPool2d as AdaptiveAvgPool2d
    from costmodel.specs.layers import Add as Add
    from costmodel.specs.layers import AvgPool2d as AvgPool2d
    from costmodel.specs.layers import BatchNorm2d as BatchNorm2d
    from costmodel.specs.layers import Conv2d as Conv2d
    from costmodel.specs.layers import Flatten as Flatten
    from costmodel.specs.layers import Linear as Linear
    from costmodel.specs.layers import MaxPool2d as MaxPool2d
    from costmodel.specs.layers import ReLU as ReLU
    from costmodel.specs.layers import Softmax as Softmax
    from costmodel.specs.network import Network as Network
    from costmodel.specs.scenario import Scenario as Scenario

_HOMES: Final[dict[str, str]] = {
    "AdaptiveAvgPool2d": "costmodel.specs.layers",
    "Add": "costmodel.specs.layers",
    "AvgPool2d": "costmodel.specs.layers",
    "BatchNorm2d": "costmodel.specs.layers",
    "Conv2d": "costmodel.specs.layers",
    "CostModelError": "costmodel.errors",
    "CountingConvention": "costmodel.specs.counting",
    "Dataflow": "costmodel.specs.counting",
    "Flatten": "costmodel.specs.layers",
    "Granularity": "costmodel.specs.counting",
    "Linear": "costmodel.specs.layers",
    "MaxPool2d": "costmodel.specs.layers",
    "Network": "costmodel.specs.network",
    "ReLU": "costmodel.specs.layers",
    "Scenario": "costmodel.specs.scenario",
    "Softmax": "costmodel.specs.layers",
    "Taps": "costmodel.specs.counting",
    "count": "costmodel.evaluation.layers.layer_counts",
    "estimate_battery": "costmodel.api.batteries",
    "estimate_time": "costmodel.evaluation.timing.estimate",
    "evaluate": "costmodel.api.answer",
    "explain": "costmodel.evaluation.explained.explaining",
    "findings_in_words": "costmodel.report.words.finding_words",
    "load_battery": "costmodel.sources.catalogue",
    "load_device": "costmodel.sources.catalogue",
    "load_duty_cycle": "costmodel.sources.catalogue",
    "load_memory_energy": "costmodel.sources.catalogue",
    "load_model": "costmodel.sources.model_loading",
    "load_network": "costmodel.sources.catalogue",
    "load_power_states": "costmodel.sources.catalogue",
    "load_runtime": "costmodel.sources.runtimes",
    "load_scenario": "costmodel.sources.catalogue",
    "plan_memory": "costmodel.api.plans",
    "read_trace": "costmodel.api.traces",
    "sweep": "costmodel.api.sweeping",
    "write_report": "costmodel.api.answer",
}
"""Where each public name lives; it is imported when it is first asked for, so that starting up stays instant."""

__version__ = "0.1.0"
__all__ = sorted(_HOMES)  # noqa: PLE0605 - one list, not two that can drift apart


def __getattr__(name: str) -> Any:
    """Import a public name when it is first asked for."""
    home = _HOMES.get(name)
    if home is None:
        raise AttributeError(f"module 'costmodel' has no attribute {name!r}")
    found = getattr(importlib.import_module(home), name)
    globals()[name] = found
    return found


def __dir__() -> list[str]:
    """List the public names, and nothing that only the package itself uses."""
    return [*__all__, "__version__"]
