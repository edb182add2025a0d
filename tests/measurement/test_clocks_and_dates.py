"""Clocks of loggers that begin anew, times of day with and without dates, and instruments that put units in a line of their own."""

import datetime
import io
import random

import pytest

from costmodel.errors import FormatError
from costmodel.measurement.captures.csv_trace import read_csv_trace

_COUNT, _STEP_MS = 4000, 2
_BEGIN = datetime.datetime(2025, 3, 14, 23, 59, 57)


def read(header, row, **options):
    text = header + "\n" + "".join(row(place) + "\n" for place in range(_COUNT))
    trace = read_csv_trace(io.BytesIO(text.encode()), "log.csv", **options)
    times = [float(second) for chunk in trace.chunks for second in chunk.time_s]
    assert [second - times[0] for second in times] == pytest.approx([1e-3 * _STEP_MS * place for place in range(_COUNT)], abs=1e-6)
    return trace


def at(place):
    return _BEGIN + datetime.timedelta(milliseconds=_STEP_MS * place)


@pytest.mark.parametrize(
    ("name", "bits", "an_ms"), [("time_ms", 16, 1), ("millis", 32, 1), ("micros", 32, 1000), ("timestamp_us", 31, 1000)]
)
def test_a_counter_that_begins_anew_is_read_on(name, bits, an_ms):
    full = 2**bits
    trace = read(f"{name},current_mA", lambda place: f"{(full - 3000 * an_ms + _STEP_MS * an_ms * place) % full},40.0")
    assert any("the clock began anew once" in note for note in trace.notes)


def test_a_counter_that_begins_anew_again_and_again_is_read_on():
    trace = read("time_ms,current_mA", lambda place: f"{(65_000 + _STEP_MS * place * 1) % 65_536},40.0")
    assert sum("began anew" in note for note in trace.notes) == 1


def test_a_step_back_that_no_counter_explains_is_refused():
    with pytest.raises(FormatError, match="time runs backwards"):
        read("time_ms,current_mA", lambda place: f"{(50_000 + _STEP_MS * place) % 53_000},40.0")


@pytest.mark.parametrize("form", ["%Y-%m-%d,%H:%M:%S.%f", "%d.%m.%Y,%H:%M:%S.%f", "%d/%m/%Y,%I:%M:%S.%f %p", "%m/%d/%Y,%H:%M:%S.%f"])
def test_date_and_time_in_two_columns_are_joined(form):
    assert not read("Date,Time,Current (mA)", lambda place: f"{at(place).strftime(form)},40.0").notes


def test_times_of_day_without_a_date_are_read_past_midnight():
    trace = read("Time,Current (mA)", lambda place: f"{at(place):%H:%M:%S.%f},40.0")
    assert any("began anew once, 86400 s" in note for note in trace.notes)


def test_units_in_a_line_of_their_own_are_those_of_an_oscilloscope():
    trace = read("Time,Channel A\n(ms),(mV)\n", lambda place: f"{_STEP_MS * place}.0,3.64", shunt_ohm=0.1)
    assert "Channel A in mV over 0.1 ohm" in trace.format_name


def test_the_letter_of_a_channel_is_no_ampere():
    with pytest.raises(FormatError, match="no current column"):
        read("time_ms,Channel A", lambda place: f"{_STEP_MS * place},3.64")


def test_a_value_a_line_is_told_to_print_lines_of_columns():
    with pytest.raises(FormatError, match=r"a value a line, such as 'Bus Voltage:   5\.00 V'"):
        read_csv_trace(io.BytesIO(b"Bus Voltage:   5.00 V\nCurrent:       36.4 mA\n\n" * 100), "serial.txt")


def test_a_clock_wraps_where_chunks_meet(monkeypatch):
    monkeypatch.setattr("costmodel.measurement.captures.delimited_lines._BLOCK_BYTES", random.Random(3).randrange(700, 900))
    read("time_ms,current_mA", lambda place: f"{(62_536 + _STEP_MS * place) % 65_536},40.0")
