"""Whatever a file holds, the answer is a spec or one plain complaint: never another exception."""

import math
from collections.abc import Callable
from contextlib import suppress
from importlib import resources
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from costmodel.errors import InputError
from costmodel.sources.catalogue import _CALIBRATION, _DEVICE, _NETWORK, _SCENARIO, _checked, load_network, load_scenario
from costmodel.sources.documents.yaml_document import parse_document

DATA = resources.files("costmodel.sources").joinpath("data")
FILES = {
    "networks/resnet8": _NETWORK,
    "networks/cifar-aap-pruned": _NETWORK,
    "scenarios/esp32-deck": _SCENARIO,
    "devices/esp32-wroom": _DEVICE,
    "calibrations/esp32-wroom-deck": _CALIBRATION,
}
TEXTS = {name: DATA.joinpath(f"{name}.yaml").read_bytes() for name in FILES}


def _survives(content: bytes, kind: Any) -> None:
    try:
        _checked(kind, parse_document(content, "f.yaml"), None)
    except InputError as error:
        lines = str(error).splitlines()
        assert lines
        assert all(line.startswith(("f.yaml", "networks/", "devices/")) for line in lines), lines
        assert len(lines) <= 21


@pytest.mark.parametrize("name", FILES)
def test_files_cut_anywhere(name: str) -> None:
    text = TEXTS[name]
    for end in range(0, len(text), max(1, len(text) // 60)):
        _survives(text[:end], FILES[name])


@settings(max_examples=150, deadline=None)
@given(name=st.sampled_from(sorted(FILES)), edits=st.lists(st.tuples(st.integers(0, 5000), st.binary(max_size=3)), min_size=1, max_size=5))
def test_files_with_bytes_replaced(name: str, edits: list[tuple[int, bytes]]) -> None:
    text = TEXTS[name]
    for place, replacement in edits:
        at = place % len(text)
        text = text[:at] + replacement + text[at + len(replacement) // 2 :]
    _survives(text, FILES[name])


@settings(max_examples=150, deadline=None)
@given(name=st.sampled_from(sorted(FILES)), swaps=st.lists(st.tuples(st.integers(0, 200), st.integers(0, 200)), min_size=1, max_size=3))
def test_files_with_lines_swapped(name: str, swaps: list[tuple[int, int]]) -> None:
    lines = TEXTS[name].splitlines(keepends=True)
    for a, b in swaps:
        a, b = a % len(lines), b % len(lines)
        lines[a], lines[b] = lines[b], lines[a]
    _survives(b"".join(lines), FILES[name])


@settings(max_examples=200, deadline=None)
@given(st.one_of(st.text(max_size=80), st.text(alphabet="ab:-?[]{}&*!|>'\"%@` #,\n\t\\x0", max_size=60)))
def test_any_text(text: str) -> None:
    _survives(text.encode("utf-8", "surrogatepass"), _SCENARIO)


@settings(max_examples=100, deadline=None)
@given(st.binary(max_size=60))
def test_any_bytes(content: bytes) -> None:
    _survives(content, _NETWORK)


_KEYS = st.sampled_from(
    [
        "name",
        "network",
        "device",
        "dataflows",
        "counting",
        "taps",
        "layers",
        "kind",
        "kernel",
        "padding",
        "input",
        "inputs",
        "types",
        "out_channels",
        "stride",
        "value",
        "low",
        "source",
        "duration_s",
        "power",
        "battery",
        "observed_heap",
        "description",
        "x",
    ]
)
_LEAVES = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(),
    st.integers(min_value=10**300, max_value=10**400),
    st.floats(),
    st.sampled_from(["conv2d", "linear", "relu", "resnet8", "esp32-wroom", "valid", "int8", "3x8x8", "output-stationary", "a", ""]),
    st.text(max_size=5),
)
_VALUES = st.recursive(_LEAVES, lambda inner: st.lists(inner, max_size=4) | st.dictionaries(_KEYS, inner, max_size=5), max_leaves=12)


@pytest.mark.parametrize("load", [load_network, load_scenario])
@settings(max_examples=200, deadline=None)
@given(fields=st.dictionaries(_KEYS, _VALUES, max_size=6), sound=st.booleans())
def test_any_mapping(load: Callable[[dict[str, Any]], Any], fields: dict[str, Any], sound: bool) -> None:
    base = (
        {"name": "n", "input": "3x8x8", "layers": [{"name": "a", "kind": "relu"}]}
        if load is load_network
        else {"name": "n", "network": "resnet8", "device": "esp32-wroom"}
    )
    with suppress(InputError):
        load({**(base if sound else {}), **fields})


@settings(max_examples=150, deadline=None)
@given(
    field=st.sampled_from(["out_channels", "kernel", "stride", "padding", "dilation", "groups"]),
    value=st.one_of(st.integers(), st.floats(), st.sampled_from([10**12, 2**63, 2**40, 65_535, 65_536, -1, 0, math.nan, math.inf])),
)
def test_absurd_sizes_are_refused_or_computed_exactly(field: str, value: float) -> None:
    layer = {"name": "c", "kind": "conv2d", "out_channels": 4, "kernel": 3, field: value}
    with suppress(InputError):
        network = load_network({"name": "n", "input": "4x8x8", "layers": [layer]})
        assert isinstance(network.parameter_count, int)
        assert network.parameter_count > 0
