"""Published figures of the battery models, to the digits they are printed with."""

import pytest

from costmodel.battery.kinetic import Kinetic
from costmodel.battery.load_profile import LoadProfile, constant_load
from costmodel.battery.peukert import Peukert

MINUTE, HOUR = 60.0, 3600.0


@pytest.mark.parametrize(("current_a", "hours"), [(5.0, 20.0), (10.0, 8.7055), (20.0, 3.7893), (50.0, 1.2619), (100.0, 0.5493)])
def test_peukerts_rated_form_gives_its_published_hours(current_a, hours):
    assert round(Peukert(100.0, 20 * HOUR, 1.2).life_s(constant_load(current_a)) / HOUR, 4) == hours


def kibam(ampere_minutes):
    return Kinetic(ampere_minutes / 60.0, 0.166, 0.122 / MINUTE)


@pytest.mark.parametrize(
    ("ampere_minutes", "currents_a", "minutes"),
    [
        (5.5, (0.25,), 4.53),
        (5.5, (0.5,), 2.02),
        (11.0, (0.25,), 12.16),
        (11.0, (0.5,), 4.53),
        (5.5, (0.5, 0.25), 2.58),
        (11.0, (0.5, 0.25), 6.45),
        (5.5, (0.25, 0.0), 10.80),
        (5.5, (0.5, 0.0), 4.30),
        (11.0, (0.25, 0.0), 44.78),
        (11.0, (0.5, 0.0), 10.80),
    ],
)
def test_kibam_gives_its_published_minutes(ampere_minutes, currents_a, minutes):
    load = LoadProfile(currents_a, (MINUTE,) * len(currents_a))
    assert round(kibam(ampere_minutes).life_s(load) / MINUTE, 2) == minutes
