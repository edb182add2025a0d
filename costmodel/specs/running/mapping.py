"""Mappings: the dataflow each convolution runs under, with that dataflow's parameters; one for the network, or one a layer."""

from __future__ import annotations

import functools
import re
from collections.abc import Iterable, Iterator, Sequence
from typing import Any, Final, NamedTuple

from pydantic import GetCoreSchemaHandler
from pydantic_core import PydanticCustomError, core_schema

from costmodel.columns import Number
from costmodel.errors import InputError, SpecError, UnknownNameError
from costmodel.specs.base import MAX_EXTENT
from costmodel.specs.counting import Dataflow


class DataflowParameter(NamedTuple):
    """A whole number that a dataflow takes."""

    name: str
    minimum: int = 1
    maximum: int = MAX_EXTENT
    default: int | None = None
    """Taken where it is left out; None where it has to be given."""
    silent: bool = False
    """Whether the text leaves it out where it is the default."""

    def checked(self, dataflow: str, found: Any) -> int:
        """Return a value of the parameter, or raise SpecError naming its limits."""
        if type(found) is not int or not self.minimum <= found <= self.maximum:
            limits = f"a whole number from {self.minimum:,} to {self.maximum:,}"
            raise SpecError(f"{dataflow}: {self.name} should be {limits}, found {str(found)[:60]}")
        return found


class DataflowKind(NamedTuple):
    """A dataflow and the parameters it takes."""

    name: str
    parameters: tuple[DataflowParameter, ...] = ()
    """In the order in which closed form and execution take them."""
    in_box: bool = False
    """Whether the boxes of the operations hold what its closed form computes, as a test proves of each that says so; a sweep computes the
    others in Python ints."""
    linear: bool = False
    """Whether it applies to linear layers too, as to 1x1 convolutions of one pixel."""


BLOCKED: Final = "blocked-output-stationary"
"""Output stationary with a tile of pixels x filters in registers."""
SWAR: Final = "swar"
"""Its taps that two filters sum up in the halves of a register (SIMD within a register) before those are parted; 0: each by itself."""
WORD_BYTES: Final = 4
"""Of the weights of a tap under SWAR: two filters' in the halves of a word, or one's."""

DATAFLOWS: Final[dict[str, DataflowKind]] = {dataflow.value: DataflowKind(dataflow.value, in_box=True) for dataflow in Dataflow} | {
    BLOCKED: DataflowKind(
        BLOCKED,
        (DataflowParameter("pixels"), DataflowParameter("filters"), DataflowParameter(SWAR, 0, 63, 0, silent=True)),
        in_box=True,
        linear=True,
    )
}
"""Every dataflow by its name: the five that `all` stands for, then those with parameters."""


class ChosenDataflow(NamedTuple):
    """A dataflow with values of its parameters: what one layer runs under."""

    name: str
    values: tuple[Number, ...] = ()
    """In the order of the kind's parameters; ints, or columns in a sweep."""

    @property
    def text(self) -> str:
        """As people write it: `row-stationary`, `blocked(pixels=4)`."""
        parameters = DATAFLOWS[self.name].parameters
        values = ", ".join(
            f"{parameter.name}={value}"
            for parameter, value in zip(parameters, self.values, strict=True)
            if not (parameter.silent and isinstance(value, int) and value == parameter.default)
        )
        return f"{self.name}({values})" if values else self.name

    def place_of(self, parameter: str) -> int:
        """Return the position of a parameter among the values, or raise UnknownNameError with the nearest."""
        known = [known.name for known in DATAFLOWS[self.name].parameters]
        if parameter not in known:
            raise UnknownNameError(self.name, parameter, known, "a parameter of this dataflow")
        return known.index(parameter)


def blocked(pixels: Number, filters: Number, swar: Number = 0) -> ChosenDataflow:
    """Return the blocked dataflow in a tile, with the taps that halves of a register sum up, 0 for none."""
    return ChosenDataflow(BLOCKED, (pixels, filters, swar))


class Mapping(str):
    """The dataflow of every convolution of a network; as a text, what people write.

    A plain name is that name, so it equals the `Dataflow` it names and stays a plain string in JSON.

    Parameters
    ----------
    default : ChosenDataflow
        Of every layer that is not named.
    layers : iterable of (str, ChosenDataflow)
        Of the layers that are; written `default[conv1=other, conv2=blocked(pixels=4)]`.
    """

    default: ChosenDataflow
    layers: dict[str, ChosenDataflow]

    def __new__(cls, default: ChosenDataflow, layers: Iterable[tuple[str, ChosenDataflow]] = ()) -> Mapping:
        """Make the text of its parts."""
        chosen = dict(sorted(layers))
        named = ", ".join(f"{layer}={dataflow.text}" for layer, dataflow in chosen.items())
        self = super().__new__(cls, f"{default.text}[{named}]" if named else default.text)
        self.default, self.layers = default, chosen
        return self

    @property
    def value(self) -> str:
        """The text alone."""
        return str(self)

    def of(self, layer: str) -> ChosenDataflow:
        """Return the dataflow of a layer."""
        return self.layers.get(layer, self.default)

    def __reduce__(self) -> tuple[Any, tuple[str]]:
        """Travel between processes as text."""
        return mapping_of, (str(self),)

    @classmethod
    def __get_pydantic_core_schema__(cls, source: Any, handler: GetCoreSchemaHandler) -> core_schema.CoreSchema:
        """Read every written form; write the text."""
        return core_schema.no_info_plain_validator_function(_validated, serialization=core_schema.plain_serializer_function_ser_schema(str))

    @classmethod
    def __get_pydantic_json_schema__(cls, schema: core_schema.CoreSchema, handler: Any) -> dict[str, Any]:
        """Describe the written forms to editors."""
        dataflow: list[dict[str, Any]] = [
            {"enum": list(DATAFLOWS)},
            {"type": "string", "pattern": r"^[a-z-]+(\(.*\))?(\[.*\])?$"},
            {"type": "object", "minProperties": 1, "maxProperties": 1, "additionalProperties": {"type": ["object", "null"]}},
        ]
        layered = {"default": {"anyOf": dataflow}, "layers": {"type": "object", "additionalProperties": {"anyOf": dataflow}}}
        return {"anyOf": [*dataflow, {"type": "object", "properties": layered, "additionalProperties": False, "required": ["default"]}]}


def mapping_of(found: Any) -> Mapping:
    """Read a mapping as people write it.

    Parameters
    ----------
    found : str, Dataflow, Mapping or dict
        A name, `name(parameter=value, ...)`, either followed by `[layer=..., ...]`; `{name: {parameter: value}}`; or
        `{default: ..., layers: {layer: ...}}`.

    Returns
    -------
    Mapping
        With every parameter's value.

    Raises
    ------
    UnknownNameError
        If there is no such dataflow or parameter; offers the nearest.
    SpecError
        If it is written otherwise, or a value is missing or out of its limits.
    """
    if isinstance(found, Mapping):
        return found
    if isinstance(found, Dataflow):
        return _mapping_of_packaged(found)
    if isinstance(found, dict) and "default" in found:
        unknown = sorted(map(str, set(found) - {"default", "layers"}))
        if unknown:
            raise UnknownNameError("a mapping of layers", unknown[0], ["default", "layers"], "a field of it")
        layers = found.get("layers") or {}
        if not isinstance(layers, dict):
            raise SpecError(f"layers: expected each layer with its dataflow, found {str(layers)[:60]!r}")
        return Mapping(_chosen(found["default"]), [(str(layer), _chosen(dataflow)) for layer, dataflow in layers.items()])
    if isinstance(found, str) and (match := re.fullmatch(r"\s*([^\[\]]*)\[(.*)\]\s*", found)):
        pairs = [(part.partition("=")) for part in divided(match[2])]
        if not all(sign for _, sign, _ in pairs):
            raise SpecError(f"expected layer=dataflow in the brackets of {found[:60]!r}")
        return Mapping(_chosen(match[1]), [(layer.strip(), _chosen(dataflow)) for layer, _, dataflow in pairs])
    return Mapping(_chosen(found))


@functools.cache
def _mapping_of_packaged(dataflow: Dataflow) -> Mapping:
    return Mapping(_chosen(dataflow))


def divided(text: str) -> Iterator[str]:
    """Yield the parts of a text between commas that stand in no brackets."""
    depth, start = 0, 0
    for place, sign in enumerate(text):
        depth += (sign in "([") - (sign in ")]")
        if sign == "," and depth == 0:
            yield text[start:place]
            start = place + 1
    yield text[start:]


def check_layers(mappings: Sequence[Mapping], convolutions: Sequence[str], network: str, linear: Sequence[str] = ()) -> None:
    """Refuse a mapping for a layer that its dataflow does not apply to.

    Parameters
    ----------
    mappings : sequence of Mapping
        What was asked for.
    convolutions : sequence of str
        Layers that every dataflow applies to.
    network : str
        Whose they are.
    linear : sequence of str
        Layers that some apply to besides.

    Raises
    ------
    UnknownNameError
        With the nearest layer.
    """
    for layer, chosen in (pair for mapping in mappings for pair in mapping.layers.items()):
        both = DATAFLOWS[chosen.name].linear
        served = [*convolutions, *linear] if both else convolutions
        if layer not in served:
            kinds = "a convolution or linear layer" if both else "a convolution"
            raise UnknownNameError("dataflows", layer, served, f"{kinds} of {network}")


def _chosen(found: Any) -> ChosenDataflow:
    name: Any = found
    given: Any = {}
    if isinstance(found, dict):
        if len(found) != 1:
            raise SpecError(f"expected one dataflow with its parameters, found {', '.join(map(str, found))[:60]!r}")
        ((name, given),) = found.items()
        given = {} if given is None else given
    elif isinstance(found, str) and (match := re.fullmatch(r"([^()]*)\((.*)\)\s*", found)):
        name, given = match[1], dict(_written(part, found) for part in divided(match[2]) if part.strip())
    if not isinstance(name, str) or not isinstance(given, dict):
        raise SpecError(f"expected a dataflow, {{name: {{parameter: value}}}} or name(parameter=value), found {str(found)[:60]!r}")
    kind = DATAFLOWS.get(name.strip().lower().replace("_", "-"))
    if kind is None:
        raise UnknownNameError("dataflow", name.strip(), DATAFLOWS, "one of the choices")
    known = [parameter.name for parameter in kind.parameters]
    for parameter in given:
        if parameter not in known:
            raise UnknownNameError(kind.name, str(parameter), known, "a parameter of this dataflow")
    missing = [parameter.name for parameter in kind.parameters if parameter.default is None and parameter.name not in given]
    if missing:
        written = ", ".join(f"{name}=..." for name in missing)
        verb = "is" if len(missing) == 1 else "are"
        raise SpecError(f"{kind.name}: {' and '.join(missing)} {verb} not given; write {kind.name}({written})")
    values = (parameter.checked(kind.name, given.get(parameter.name, parameter.default)) for parameter in kind.parameters)
    return ChosenDataflow(kind.name, tuple(values))


def _written(part: str, whole: str) -> tuple[str, Any]:
    name, sign, value = (each.strip() for each in part.partition("="))
    if not sign:
        raise SpecError(f"expected parameter=value in {whole[:60]!r}, found {part.strip()[:60]!r}")
    return name, int(value) if re.fullmatch(r"-?[0-9]{1,18}", value) else value


def _validated(found: Any) -> Mapping:
    try:
        return mapping_of(found)
    except InputError as error:
        raise PydanticCustomError("dataflow", "{message}", {"message": error.message.removeprefix("dataflow: ")}) from None
