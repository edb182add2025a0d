"""What the network of each stage costs on a device: the one evaluation, of the network with that stage's element types."""

from __future__ import annotations

from pathlib import Path

from costmodel.deployment.deployed import Variant
from costmodel.deployment.folding import network_as_deployed
from costmodel.evaluation.evaluating import evaluate
from costmodel.evaluation.timing.outlook import outlook_of
from costmodel.results.evaluation import Evaluation
from costmodel.results.timing.outlook import Outlook
from costmodel.sources.catalogue import load_battery, load_device, load_scenario
from costmodel.sources.usual_use import usual_use
from costmodel.specs.base import with_changes
from costmodel.specs.layers import DataType
from costmodel.specs.model import Model
from costmodel.specs.network import DataTypes, Network


def network_as_stored(model: Model) -> Network:
    """Return a model's network with the element types its numbers are stored and run with."""
    if model.quantised:
        return network_as_deployed(model.network, Variant.INT8)
    weights = DataType.INT8 if model.weight_quantisations else DataType.FLOAT32
    types = DataTypes(input=DataType.INT8, activation=DataType.FLOAT32, weight=weights, bias=weights)
    layers = tuple(
        with_changes(layer, {name: None for name in ("output_type", "weight_type") if hasattr(layer, name)})
        for layer in model.network.layers
    )
    return with_changes(model.network, {"types": types, "layers": layers})


def stage_cost(
    model: Model, device: str | Path, battery: str | Path, period_s: float, runtime: str | None = None
) -> tuple[Evaluation, Outlook]:
    """Evaluate a stage's network.

    Parameters
    ----------
    model : Model
        What the stage left.
    device, battery : str or Path
        As `load_device` and `load_battery` take them.
    period_s : float
        Between inferences [s].
    runtime : str, optional
        What runs it; left out, what is usual on the device's core.

    Returns
    -------
    Evaluation
        Counts, memory and energies.
    Outlook
        Time, energy and battery life, each with how far to trust it.
    """
    return network_cost(network_as_stored(model), device, battery, period_s, runtime)


def network_cost(
    network: Network, device: str | Path, battery: str | Path, period_s: float | None, runtime: str | None = None
) -> tuple[Evaluation, Outlook]:
    """Evaluate a network with the element types it has; see `stage_cost`. Without a period it sleeps as deep as its memory lasts."""
    board = {"device": load_device(device), "battery": load_battery(battery)} | ({} if period_s is None else {"period_s": period_s})
    scenario = load_scenario({"name": network.name, "network": network, **board})
    evaluation = evaluate(scenario)
    return evaluation, outlook_of(scenario, evaluation, usual_use(scenario, runtime))
