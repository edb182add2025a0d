"""Options of commands that take a model file: shapes it leaves open, and operators that are not understood."""

from __future__ import annotations

import re
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Final

import typer

if TYPE_CHECKING:
    from costmodel.specs.network import Network

InputShapes = Annotated[
    list[str] | None,
    typer.Option(
        "--input-shape",
        metavar="NAME=SHAPE",
        help="Shape of an input whose extents the model file leaves open, such as x=1x3x48x192. Several times.",
        show_default=False,
    ),
]
"""`--input-shape` of a command."""
AllowUnsupported = Annotated[
    bool,
    typer.Option(
        "--allow-unsupported",
        help="Leave out operators of a model file that are not understood: totals are then at least what is told.",
    ),
]
"""`--allow-unsupported` of a command."""
_SHAPE: Final = re.compile(r"^[0-9]{1,12}(?:[x,][0-9]{1,12})*$")


def model_network(reference: str | None, shapes: Sequence[str] | None, allow_unsupported: bool = False) -> str | Network | None:
    """Return a reference as it is, or where options say how a model file is read, its network.

    Parameters
    ----------
    reference : str or None
        What a command was given for a network.
    shapes : sequence of str or None
        Of `--input-shape`.
    allow_unsupported : bool, optional
        Of `--allow-unsupported`.

    Returns
    -------
    str, Network or None
        The reference itself where no option was given.

    Raises
    ------
    InputError
        If an option was given and the reference is no model file, or the file cannot be read.
    """
    if not shapes and not allow_unsupported:
        return reference
    from costmodel.errors import SpecError
    from costmodel.sources.importers.model_files import is_model_file, load_model_graph
    from costmodel.sources.importers.partial_network import network_in_part
    from costmodel.sources.importers.to_network import network_of

    if reference is None or not is_model_file(reference):
        option = "--input-shape" if shapes else "--allow-unsupported"
        raise SpecError(f"{option}: goes with a model file, found {reference or 'none'}")
    graph = load_model_graph(Path(reference), given_shapes(shapes or ()))
    return network_in_part(graph) if allow_unsupported else network_of(graph)


def given_shapes(texts: Sequence[str]) -> dict[str, tuple[int, ...]]:
    """Return shapes by the names of inputs.

    Parameters
    ----------
    texts : sequence of str
        `x=1x3x48x192`, `x=1,3,48,192`.

    Returns
    -------
    dict
        Input to extents.

    Raises
    ------
    SpecError
        If one is no name and shape, an extent is 0, or an input is given twice.
    """
    from costmodel.errors import SpecError

    found: dict[str, tuple[int, ...]] = {}
    for text in texts:
        name, equals, shape = text.rpartition("=")
        if not equals or not name or not _SHAPE.match(shape):
            raise SpecError(f"--input-shape: expected NAME=SHAPE such as x=1x3x48x192, found {text!r}")
        if name in found:
            raise SpecError(f"--input-shape: {name} is given twice")
        found[name] = tuple(int(extent) for extent in re.split("[x,]", shape))
        if 0 in found[name]:
            raise SpecError(f"--input-shape: {text}: an extent of 0 holds nothing")
    return found
