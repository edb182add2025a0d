"""What a sweep calls `device.*` is explained, and is the sweep's number."""

from __future__ import annotations

import pytest

from costmodel.evaluation.explained.explaining import recorded_figures
from costmodel.sources.catalogue import load_scenario
from costmodel.specs.base import with_changes
from costmodel.sweeps.engine.running import sweep

FIGURES = ("device.fits", "device.fits_heap", "device.fits_flash", "device.heap_bytes", "device.largest_region_bytes")


@pytest.mark.parametrize("accounting", ["static-in-place", "arena-in-place", "sum"])
@pytest.mark.parametrize("static_bytes", [0, 90_000, 230_000])
def test_fits_of_a_sweep_are_those_that_are_explained(accounting: str, static_bytes: int) -> None:
    changes = {"accounting": accounting, "static_bytes": static_bytes}
    scenario = load_scenario(
        {**load_scenario("esp32-deck").model_dump(mode="json", exclude_none=True, exclude={"observed_heap"}), **changes}
    )
    known = recorded_figures(scenario, scenario.dataflows[0])
    study = {
        "name": "fits",
        "base": scenario.model_dump(mode="json", exclude_none=True),
        "axes": [{"path": "period_s", "values": [60.0, 61.0]}],
        "columns": [*FIGURES, "battery.duty_life"],
        "keep": "all",
    }
    columns = sweep(study).columns()
    for name in FIGURES:
        assert columns[name][0] == known[name].value, name


def test_a_device_without_a_heap_has_no_fit_and_a_flash_that_is_too_small_does_not_hold() -> None:
    scenario = load_scenario("esp32-deck")
    bare = scenario.device.model_copy(update={"heap_regions": ()})
    assert (
        recorded_figures(with_changes(scenario, {"device": bare, "observed_heap": None}), scenario.dataflows[0])["device.fits"].value
        is None
    )
    small = scenario.device.model_copy(update={"flash_bytes": 10})
    in_flash = with_changes(scenario, {"device": small, "weights_in": "flash"})
    figures = recorded_figures(in_flash, scenario.dataflows[0])
    assert (figures["device.fits_heap"].value, figures["device.fits_flash"].value, figures["device.fits"].value) == (1, 0, 0)
