"""A power beside a current, in a capture without a voltage: its energy is that power's, not that of an assumed supply."""

import io

import numpy as np
import pytest

from costmodel.measurement.captures.csv_trace import read_csv_trace
from costmodel.measurement.captures.power_beside import voltage_of


def capture(unit="mW", volts=4.0, zero=False, names="Time (s),Main Avg Current (mA),Main Avg Power ({})"):
    lines = [names.format(unit)]
    for place in range(400):
        current_ma = 50.0 if place % 100 >= 40 else 0.0 if zero and place else 20.0
        lines.append(f"{place / 100.0:.2f},{current_ma},{current_ma * volts}")
    return ("\n".join(lines) + "\n").encode()


def volts_of(content, **options):
    chunks = list(read_csv_trace(io.BytesIO(content), "capture.csv", **options).chunks)
    return None if chunks[0].voltage_v is None else np.concatenate([chunk.voltage_v for chunk in chunks])


@pytest.mark.parametrize("zero", [False, True])
def test_the_power_tells_the_voltage_also_where_nothing_flows(zero):
    assert volts_of(capture(zero=zero)) == pytest.approx(np.full(400, 4.0))


def test_names_of_columns_may_be_german():
    assert volts_of(capture(names="Zeit [s],Strom [mA],Leistung [{}]")) == pytest.approx(np.full(400, 4.0))


@pytest.mark.parametrize(
    ("content", "options"),
    [(capture("W"), {}), (capture("uW"), {}), (capture(), {"supply_v": 3.3}), (capture(names="Time (s),Current (mA),Power"), {})],
    ids=["a thousand times too much", "a thousand times too little", "a supply is given", "no unit"],
)
def test_what_tells_no_credible_voltage_is_not_read(content, options):
    assert volts_of(content, **options) is None


def test_a_moment_without_a_number_has_no_voltage():
    found = voltage_of(np.array([0.1, np.nan, 0.0]), np.array([0.02, 0.02, 0.0]))
    assert found.tolist()[::2] == [5.0, 5.0]
    assert np.isnan(found[1])
