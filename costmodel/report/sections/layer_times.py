"""Where the time of an inference goes, layer by layer and by what a layer's kernel does."""

from __future__ import annotations

from typing import Final

from costmodel.report.cells import Cell, Form
from costmodel.report.document import Column, Row, Table
from costmodel.report.quantities import Scale, time_scale
from costmodel.results.timing.time_estimate import LayerTime, Term, TimeBasis, TimeEstimate

HEADINGS: Final = {Term.MULTIPLYING: "MACs", Term.COPYING: "Copies", Term.OUTPUTS: "Outputs", Term.OVERHEAD: "Overhead"}
FIGURE: Final = "outlook.time.layers"


def layers_table(time: TimeEstimate) -> tuple[Table, ...]:
    """Return the time of each layer, where rates tell layers apart.

    Parameters
    ----------
    time : TimeEstimate
        With its layers.

    Returns
    -------
    tuple of Table
        One, or none. Terms are columns where rates tell them; a network that was scaled from others has shares alone.
    """
    if not time.layers:
        return ()
    scale = time_scale([layer.duration_s for layer in time.layers])
    terms = [term for term in Term if any(own.term is term for layer in time.layers for own in layer.terms)]
    told = terms if time.basis is TimeBasis.KERNEL_RATES else []
    rows = []
    for layer in time.layers:
        name = f"{FIGURE}.{layer.layer}"
        parts = tuple(_part(layer, term, name, scale) for term in told)
        whole = Cell(layer.duration_s, Form.TIME, f"{name}.duration_s", scale=scale)
        rows.append(Row((layer.layer, layer.path, whole, Cell(layer.share_ratio, Form.SHARE, f"{name}.share_ratio"), *parts)))
    columns = (
        Column("Layer", number=False),
        Column("Kernel", number=False),
        Column("Time", scale.unit),
        Column("Share"),
        *(Column(HEADINGS[term], scale.unit) for term in told),
    )
    note = "Middle of the interval; outputs are rescaled as they are stored, overhead is what a call and its weights cost once."
    if not told:
        note = "The network's time shared out by the rates of its kinds of layer; what multiplies nothing is part of the others."
    return (Table("Where the time goes, layer by layer", columns, tuple(rows), note),)


def _part(layer: LayerTime, term: Term, name: str, scale: Scale) -> Cell:
    place = next((place for place, own in enumerate(layer.terms) if own.term is term), None)
    if place is None:
        return Cell(None, Form.TIME, scale=scale)
    return Cell(layer.terms[place].duration_s, Form.TIME, f"{name}.terms.{place}.duration_s", scale=scale)
