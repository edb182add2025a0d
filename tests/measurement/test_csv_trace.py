"""Delimited traces: what each known header means, and the line of whatever is wrong."""

import io

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from costmodel.errors import FormatError, InputError, MissingError, UnknownNameError
from costmodel.measurement.captures.csv_trace import read_csv_trace


def joined(trace):
    chunks = list(trace.chunks)
    volts = [chunk.voltage_v for chunk in chunks]
    return (
        np.concatenate([chunk.time_s for chunk in chunks]),
        np.concatenate([chunk.current_a for chunk in chunks]),
        None if volts[0] is None else np.concatenate(volts),
    )


@pytest.mark.parametrize(
    ("header", "row", "expected", "dialect"),
    [
        ("Timestamp(ms),Current(uA),D0-D7", "10,36400.5,00000000", (0.01, 0.0364005, None), "Nordic PPK2 CSV"),
        ("Timestamp(ms),Current(uA),Bits", "10,36400.5,00XX-010", (0.01, 0.0364005, None), "Nordic PPK2 CSV"),
        ("Timestamp(ms),Current(uA),D0-D7,D0,D1,D2,D3,D4,D5,D6,D7", "10,1,00000000,0,0,0,0,0,0,0,0", (0.01, 1e-6, None), "Nordic PPK2 CSV"),
        ("Timestamp(ms),Current(uA)", "10,36400.5", (0.01, 0.0364005, None), "Nordic PPK2 CSV"),
        ("#time (s),current (A),voltage (V)", "0.01,3.64e-02,5.03", (0.01, 0.0364, 5.03), "Joulescope CSV"),
        ("time_ms,bus_voltage_V,shunt_voltage_mV,current_mA,power_mW", "10,5.03,3.6,36.4,183", (0.01, 0.0364, 5.03), "CSV by column name"),
        ("Time [s];Bus Voltage [V];Current [mA]", "0.01;5.03;36.4", (0.01, 0.0364, 5.03), "CSV by column name"),
        ("millis\tcurrent_uA", "10\t36400", (0.01, 0.0364, None), "CSV by column name"),
        ("elapsed_us,Current (µA)", "10000,36400", (0.01, 0.0364, None), "CSV by column name"),
        ("elapsed_us,Current (\u03bcA)", "10000,36400", (0.01, 0.0364, None), "CSV by column name"),
        ("Timestamp(ms),Current(uA),D0,D1,D2,D3,D4,D5,D6,D7", "10,36400.000,0,1,X,-,0,0,0,0", (0.01, 0.0364, None), "Nordic PPK2 CSV"),
        ("#time,current,voltage,power,charge,energy", "0.01,0.0364,5.03,0.18,0,0", (0.01, 0.0364, 5.03), "Joulescope statistics CSV"),
        ("# timestamp,JS220-1.current,JS220-1.voltage", "0.01,+3.64e-02,+5.03e+00", (0.01, 0.0364, 5.03), "CSV of a Joulescope JLS"),
        ("time,current,voltage\nms,mA,V", "10,36.4,5.03", (0.01, 0.0364, 5.03), "CSV by column name"),
        ("Time [s];Current [mA];Bus Voltage [V]", "0,01;36,4;5,03", (0.01, 0.0364, 5.03), "CSV by column name"),
        ("# logger, version 2\n# 10 samples/s\n\ntime_ms,current_mA", "10,36.4", (0.01, 0.0364, None), "CSV by column name"),
        ("INA219 current logger\nDate: 2024-03-01\n\ntime_ms,current_mA", "10,36.4", (0.01, 0.0364, None), "CSV by column name"),
    ],
)
def test_headers_are_mapped_by_name_and_unit(read_text, header, row, expected, dialect):
    trace = read_text(f"{header}\n{row}\n{row}\n")
    time, current, voltage = joined(trace)
    assert trace.format_name.startswith(dialect)
    assert (time[0], current[0]) == pytest.approx(expected[:2], rel=1e-12)
    assert (voltage is None) == (expected[2] is None)
    if voltage is not None:
        assert voltage[0] == expected[2]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("time_ms current_mA\n10 36.4\n20 36.5\n", (0.01, 0.0364, None)),
        ("  time_ms    current_mA   bus_V\n   10.0      36.4   5.03\n  20.0  \t 36.5   5.03  \n", (0.01, 0.0364, 5.03)),
        ("# Time (ms) Current (mA)\n10 36.4\n20 36.5\n", (0.01, 0.0364, None)),
        ("Time [ms]   Bus Voltage [V]   Current [mA]\n10   5.03   36.4\n20   5.03   36.5\n", (0.01, 0.0364, 5.03)),
        ("time_ms current_mA\n10,0 36,4\n20,0 36,5\n", (0.01, 0.0364, None)),
        ("INA219 current logger\n\ntime_ms current_mA\n10 36.4\n20 nan\n", (0.01, 0.0364, None)),
    ],
)
def test_columns_between_spaces_are_read(read_text, text, expected):
    time, current, voltage = joined(read_text(text))
    assert len(time) == 2
    assert (time[0], current[0]) == pytest.approx(expected[:2], rel=1e-12)
    assert (None if voltage is None else voltage[0]) == expected[2]


@pytest.mark.parametrize(
    "text",
    [
        "10,36.4\n20,36.5\n",
        "10 36.4\n20 36.5\n",
        "10,0;36,4\n20,0;36,5\n",
        "# taken on the bench\n10\t36.4\n20\t36.5\n",
        "what,ever\n10,36.4\n20,36.5\n",
        "2024-03-01 10:00:00.010,36.4\n2024-03-01 10:00:00.020,36.5\n",
    ],
)
def test_columns_without_a_name_are_read_by_their_number(read_text, text):
    unit = "" if text.startswith("2024") else ":ms"
    trace = read_text(text, time=f"1{unit}", current="2:mA")
    time, current, _ = joined(trace)
    assert time[1] - time[0] == pytest.approx(0.01)
    assert current.tolist() == pytest.approx([0.0364, 0.0365])
    if not text.startswith("what"):
        assert trace.format_name.startswith("CSV without a header: column 1 in")


def test_one_column_of_numbers_is_read_at_a_given_rate():
    trace = read_csv_trace(io.BytesIO(b"36.4\n36.5\n"), "capture.csv", {"current": "1:mA"}, sample_rate_hz=100.0)
    assert joined(trace)[:2] == (pytest.approx([0.0, 0.01]), pytest.approx([0.0364, 0.0365]))


@pytest.mark.parametrize(
    ("chosen", "words"),
    [
        ({"current": "2:mA"}, "no time column among '1', '2'"),
        ({"time": "1:ms", "current": "3:mA"}, "current column: '3' is not in the header"),
        ({"time": "1:ms", "current": "0:mA"}, "current column: '0' is not in the header"),
        ({"time": "1:ms", "current": "2"}, "current column '2' names no unit"),
        ({"time": "1:mA", "current": "2:mA"}, "time column '1' is in 'mA'; expected one of s,"),
        ({"time": "1:ms", "current": "2:mA", "power": "2:mW"}, "--current-column and --power-column"),
    ],
)
def test_numbers_of_columns_that_do_not_fit_are_refused(read_text, chosen, words):
    with pytest.raises(InputError) as caught:
        read_text("10,36.4\n20,36.5\n", **chosen)
    assert words in str(caught.value)
    assert "\n" not in str(caught.value)


def test_a_bad_line_between_spaces_is_named(read_text):
    with pytest.raises(FormatError, match=r"^capture.csv:4 found 3 fields, expected 2"):
        joined(read_text("time_ms current_mA\n0   1\n1  2\n2 3  4\n"))
    with pytest.raises(FormatError, match=r"^capture.csv:2 expected a number, found '1.2.3'"):
        joined(read_text("0,1\n1,1.2.3\n", time="1:s", current="2:mA"))


def test_a_power_is_divided_by_the_voltage_beside_it_or_the_given_supply(read_text):
    _, current, voltage = joined(read_text("time_ms,power_mW,bus_voltage_V\n0,182,5.0\n1,190,0\n2,91,2.5\n"))
    assert current[[0, 2]] == pytest.approx([0.0364, 0.0364])
    assert np.isnan(current[1])
    assert voltage.tolist() == [5.0, 0.0, 2.5]
    trace = read_csv_trace(io.BytesIO(b"time_s,Power (W)\n0,0.182\n1,0.182\n"), "capture.csv", supply_v=5.0)
    assert joined(trace)[1] == pytest.approx([0.0364, 0.0364])
    assert joined(read_text("time_ms,power_mW,bus_V,current_mA\n0,1,5.0,36.4\n"))[1] == pytest.approx([0.0364])
    assert joined(read_text("time_ms,power_mW,bus_V,current_mA\n0,5,5.0,36.4\n", power="power_mW"))[1] == pytest.approx([1e-3])


def test_a_decimal_comma_among_semicolons_is_known_even_where_the_first_sample_has_none(read_text):
    assert joined(read_text("time_s;current_mA\n0;36\n0,5;36,5\n1;37\n"))[1] == pytest.approx([0.036, 0.0365, 0.037])


def test_a_micro_sign_of_a_windows_code_page_is_read(read_text):
    assert joined(read_text("Time (ms),Current (µA)\n0,1\n1,2\n".encode("latin-1")))[1][1] == pytest.approx(2e-6)


@pytest.mark.parametrize("moment", ["2024-03-01 23:59:{:09.6f}", "2024-03-01T23:59:{:09.6f}Z", '"2024-03-01 23:59:{:09.6f}+01:00"'])
def test_date_times_are_counted_from_the_first(read_text, moment, monkeypatch):
    monkeypatch.setattr("costmodel.measurement.captures.delimited_lines._BLOCK_BYTES", 64)
    rows = "".join(f"{moment.format(58 + 0.125 * place)},{place}\n" for place in range(16))
    trace = read_text(f"timestamp,current_mA\n{rows}")
    time, current, _ = joined(trace)
    assert time.tolist() == [0.125 * place for place in range(16)]
    assert current.tolist() == pytest.approx([1e-3 * place for place in range(16)])
    assert "timestamp in date-time" in trace.format_name
    with pytest.raises(FormatError, match=r"^capture.csv:18 expected a date and time, found '12,3'"):
        joined(read_text(f"timestamp,current_mA\n{rows}12,3\n"))


@pytest.mark.parametrize("header", ["current_mA", "Current(mA),D0-D7", "sample,current_mA"])
def test_samples_without_a_time_follow_each_other_at_a_given_rate(header, monkeypatch):
    monkeypatch.setattr("costmodel.measurement.captures.delimited_lines._BLOCK_BYTES", 64)
    position = header.split(",").index(next(name for name in header.split(",") if "urrent" in name))
    rows = "".join(",".join(str(place) if cell == position else "0" for cell in range(header.count(",") + 1)) + "\n" for place in range(40))
    trace = read_csv_trace(io.BytesIO(f"{header}\n{rows}".encode()), "capture.csv", sample_rate_hz=500.0)
    time, current, _ = joined(trace)
    assert time.tolist() == [place / 500.0 for place in range(40)]
    assert current.tolist() == pytest.approx([1e-3 * place for place in range(40)])
    assert trace.format_name.endswith("at 500 samples/s as given")


def test_a_decimal_comma_that_is_also_the_separator_is_refused_rather_than_misread(read_text):
    with pytest.raises(FormatError, match=r"^capture.csv:2 found 6 fields under 3 names: .* the decimal comma is also the separator"):
        read_text('"time_s","current_mA","bus_V"\n"0,0","36,4","5,03"\n')


@pytest.mark.parametrize("ending", ["\n", "\r\n"])
@pytest.mark.parametrize("last", [True, False])
def test_line_ends_of_either_kind_and_none_at_the_end_are_read(read_text, ending, last):
    text = ending.join(["Timestamp(ms),Current(uA)", "0,1", "1,2", "2,3"]) + (ending if last else "")
    trace = read_text(text)
    assert joined(trace)[1].tolist() == pytest.approx([1e-6, 2e-6, 3e-6])
    assert trace.notes == ([] if last else ["line 4 has no line end: the file may be cut off there"])


def test_a_byte_order_mark_and_empty_lines_at_the_ends_are_passed_over(read_text):
    text = b"\xef\xbb\xbf\n\nTimestamp(ms),Current(uA)\n0,1\n1,2\n\n\n"
    assert len(joined(read_text(text))[0]) == 2


def test_numbers_are_those_python_reads(read_text):
    rng = np.random.default_rng(3)
    values = [repr(float(value)) for value in rng.normal(0.0, 1e4, 500)] + ["1e-5", "-0.0", "+3", "5E2", ".5", "7."]
    text = "time_s,current_uA\n" + "".join(f"{index},{value}\n" for index, value in enumerate(values))
    assert joined(read_text(text))[1] == pytest.approx([float(value) * 1e-6 for value in values], rel=1e-14, abs=0.0)


def test_blocks_of_any_size_give_the_same_samples(read_text, ppk2_csv, monkeypatch):
    whole = joined(read_text(ppk2_csv))
    monkeypatch.setattr("costmodel.measurement.captures.delimited_lines._BLOCK_BYTES", 4096)
    pieces = list(read_text(ppk2_csv).chunks)
    assert len(pieces) > 100
    assert np.concatenate([piece.current_a for piece in pieces]).tolist() == whole[1].tolist()
    lines = ppk2_csv.decode().splitlines()
    for piece in pieces[:: len(pieces) // 7]:
        assert lines[piece.first - 1].split(",")[0] == f"{piece.time_s[0] * 1e3:.2f}"


@pytest.mark.parametrize(
    ("body", "line", "words"),
    [
        ("0,1\n1,x2\n2,3\n", 3, "expected a number, found 'x2'"),
        ("0,1\n1,2,3\n2,3\n", 3, "found 3 fields, expected 2"),
        ("0,1\n1\n2,3\n", 3, "found 1 fields, expected 2"),
        ("0,1\n\n2,3\n", 3, "found 1 fields, expected 2"),
        ("0,1\n2,2\n1,3\n", 4, "time runs backwards: 0.001 s after 0.002 s"),
        ("0,1\nnan,2\n2,3\n", 3, "time is not a number"),
        ("0,1\n1,2\n2", 4, "cut off in its last line"),
        ("0,1\n1,36400000000\n", 3, "a current of 36400 A"),
        ("", 2, "ends after its header"),
    ],
)
def test_what_is_wrong_is_named_with_its_line(read_text, body, line, words):
    with pytest.raises(FormatError) as caught:
        joined(read_text(f"Timestamp(ms),Current(uA)\n{body}"))
    assert caught.value.location.line == line
    assert words in str(caught.value)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize(("line", "said"), [(b"3123.30,36.4.5,00000000\n", "found '36.4.5'"), (b"3123.30,36\n", "found 2 fields")])
def test_one_bad_line_in_many_is_left_out_and_named(read_text, ppk2_csv, line, said):
    lines = ppk2_csv.splitlines(keepends=True)
    lines[31_234] = line
    trace = read_text(b"".join(lines))
    assert len(joined(trace)[0]) == len(lines) - 2
    assert len(trace.notes) == 1
    assert trace.notes[0].startswith("line 31235 is left out: ")
    assert said in trace.notes[0]


def test_many_bad_lines_are_refused_at_the_first(read_text, ppk2_csv):
    lines = ppk2_csv.splitlines(keepends=True)
    for place in range(30_000, 30_010):
        lines[place] = b"3123.30,36.4.5,00000000\n"
    with pytest.raises(FormatError, match=r"^capture.csv:30001 expected a number, found '36.4.5'"):
        joined(read_text(b"".join(lines)))


def test_one_absurd_sample_in_many_is_left_for_the_tally(read_text, ppk2_csv):
    lines = ppk2_csv.splitlines(keepends=True)
    lines[20_000] = b"1999.90,9e12,00000000\n"
    assert np.count_nonzero(joined(read_text(b"".join(lines)))[1] > 1000.0) == 1


def test_the_only_column_in_volts_is_the_voltage_and_two_are_asked_about(read_text):
    text = "Timestamp [s],VOLT in slot 1 [V],CURR in slot 1 [A]\n0.0,3.3,0.045\n0.1,3.3,0.045\n"
    _, current, voltage = joined(read_text(text))
    assert (current[0], voltage[0]) == (0.045, 3.3)
    with pytest.raises(FormatError, match=r"2 columns hold a voltage: 'a .V.', 'b .V.'; choose one with --voltage-column"):
        read_text("time_s,a [V],b [V],current_mA\n0,1,2,3\n")


def test_a_voltage_over_a_shunt_is_a_current():
    scope = b"x-axis,1\nsecond,Volt\n0.0,0.0045\n0.1,0.0046\n"
    trace = read_csv_trace(io.BytesIO(scope), "scope.csv", shunt_ohm=0.1)
    assert joined(trace)[1] == pytest.approx([0.045, 0.046])
    assert trace.format_name.endswith("over 0.1 ohm")
    chosen = read_csv_trace(io.BytesIO(b"0,4.5\n1,4.6\n"), "bare.csv", {"time": "1:ms", "current": "2:mV"}, shunt_ohm=0.1)
    assert joined(chosen)[1] == pytest.approx([0.045, 0.046])
    with pytest.raises(FormatError, match="--shunt: 2 columns in volts"):
        read_csv_trace(io.BytesIO(b"time_s,a [V],b [V]\n0,1,2\n"), "scope.csv", shunt_ohm=0.1)


@pytest.mark.parametrize("moment", ["04-03-2026 09:08:{:09.6f}", "04.03.2026 09:08:{:09.6f}", "2026-03-04 09:08:{:09.6f}"])
def test_a_python_loggers_dates_may_begin_with_the_day(read_text, moment):
    time, current, _ = joined(read_text("ts,avg1000\n" + "".join(f"{moment.format(7 + 0.5 * place)},44836.7\n" for place in range(4))))
    assert time.tolist() == [0.0, 0.5, 1.0, 1.5]
    assert current[0] == pytest.approx(0.0448367)


def test_the_monsoon_librarys_clock_is_in_seconds_whatever_its_column_says(read_text):
    time, current, voltage = joined(read_text("Time(ms),Main(mA),Main Voltage(V),\n0.5,36.4,3.9,\n1.5,36.5,3.9,\n"))
    assert time.tolist() == [0.5, 1.5]
    assert (current[0], voltage[0]) == pytest.approx((0.0364, 3.9))


def test_a_power_far_from_the_product_beside_it_is_said(read_text):
    notes = read_text("time_s,voltage_v,current_ma,power_w\n0,10.788,863.0,0.009470\n").notes
    assert notes == [
        "'power_w' is 1,000 times too small beside 'voltage_v' times 'current_ma': a unit is wrong in the file; "
        "current and voltage are read, the power is not"
    ]
    assert read_text("time_s,voltage_v,current_ma,power_w\n0,10.0,860.0,8.4\n").notes == []


@pytest.mark.parametrize(
    ("header", "low", "high", "mark"),
    [
        ("PD13", "0", "1", "PD13"),
        ("D0-D7", "00000000", "00100000", "D2"),
        ("D0,D1", "0,0", "0,1", "D1"),
        ("pin", "0", "1", "3"),
        ("D0-D7", "-00-X001", "-01-X00X", "D2"),
        ("pin", "LOW", "HIGH", "pin"),
        ("D0,D1", "X,0", "1,X", "D1"),
    ],
)
def test_a_pin_that_is_high_while_the_board_infers_marks_its_inferences(read_text, monkeypatch, header, low, high, mark):
    monkeypatch.setattr("costmodel.measurement.captures.delimited_lines._BLOCK_BYTES", 64)
    rows = "".join(f"{place / 10},36.4,{high if place % 10 in (3, 4, 5) else low}\n" for place in range(34))
    trace = read_text(f"time_s,current_mA,{header}\n{rows}", mark=mark)
    joined(trace)
    assert [(run.start_s, run.end_s) for run in trace.runs] == [(pytest.approx(0.3 + each), pytest.approx(0.6 + each)) for each in range(3)]


def test_a_level_that_is_not_known_leaves_a_pin_as_it_was(read_text):
    levels = ["-", "0", "1", "-", "1", "0", "0", "-", "0"]
    trace = read_text("time_s,current_mA,D0\n" + "".join(f"{place},36,{level}\n" for place, level in enumerate(levels)), mark="D0")
    joined(trace)
    assert [(run.start_s, run.end_s) for run in trace.runs] == [(2.0, 5.0)]


def test_what_tells_no_level_of_a_pin_is_named_with_its_line(read_text):
    with pytest.raises(FormatError, match=r"capture.csv:3 expected the level of a pin .* found 'maybe'"):
        joined(read_text("time_s,current_mA,D0\n0,36,low\n1,36,maybe\n", mark="D0"))


def test_a_pin_that_is_not_there_is_named(read_text):
    with pytest.raises(UnknownNameError, match=r"--marks: 'PD12' is not in the header, nor a file \(did you mean 'PD13'"):
        read_text("time_s,current_mA,PD13\n0,1,0\n", mark="PD12")


@pytest.mark.parametrize(
    ("header", "error", "words"),
    [
        ("Timestamp(ms),Charge(mC)", FormatError, "or of a power such as 'power_mW', or give --current-column NAME:UNIT"),
        ("Timestamp(ms),Power(mW)", MissingError, "'Power(mW)' is a power, and no column a voltage to divide it by: give --supply-v"),
        ("Timestamp(ms),Power(mV)", FormatError, "power column 'Power(mV)' is in 'mv'; expected one of W, mW, uW"),
        ("Current(uA),D0-D7", FormatError, "no time column"),
        ("time,current_mA", FormatError, "time column 'time' names no unit; expected one of s,"),
        ("time_s,Current(mW)", FormatError, "current column 'Current(mW)' is in 'mw'; expected one of A, mA, uA, nA"),
        ("time_s,current_mA,current_uA", FormatError, "2 current columns"),
        ("0.0,36.4", FormatError, "columns by number: --time-column 1:ms --current-column 2:mA"),
        ("\0\1\2", FormatError, "not delimited text"),
    ],
)
def test_headers_that_cannot_be_read_say_what_is_expected(read_text, header, error, words):
    with pytest.raises(error) as caught:
        read_text(f"{header}\n0,1\n")
    assert words in str(caught.value)


@pytest.mark.parametrize("moment", ["2024-03-01", "3/1/2024", "25:61"])
def test_half_a_date_time_says_what_is_read(read_text, moment):
    with pytest.raises(FormatError, match=f"time column 'Time' holds '{moment}'; expected a number, a time of day such as 10:00:00.125"):
        read_text(f"Time;Current [mA]\n{moment};36.4\n")


@settings(max_examples=300, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow])
@given(
    pieces=st.lists(
        st.sampled_from(
            ["time_ms", "current_mA", "power_mW", "1", "2.5", "nan", "0,5", ";", ",", " ", "  ", "\t", "\n", "\n", "# c", "ms", "mA"]
        )
    ),
    chosen=st.dictionaries(st.sampled_from(["time", "current", "power"]), st.sampled_from(["1:ms", "2:mA", "2:mW", "x", ":"])),
    supply_v=st.sampled_from([None, 3.3]),
)
def test_no_text_escapes_as_anything_but_an_input_error(complaint_of, pieces, chosen, supply_v):
    stream = io.BytesIO("".join(pieces).encode())
    assert "\n" not in complaint_of(lambda: list(read_csv_trace(stream, "capture.csv", chosen, supply_v=supply_v).chunks))


def test_a_chosen_column_settles_what_the_header_leaves_open(read_text):
    text = "time,current_mA,current_uA\n0,1,5\n1,2,6\n"
    time, current, _ = joined(read_text(text, time="time:ms", current="current_uA"))
    assert (time[1], current[1]) == pytest.approx((1e-3, 6e-6))
    with pytest.raises(UnknownNameError, match="did you mean 'current_mA'"):
        read_text(text, time="time:ms", current="curent_mA")


def test_samples_without_a_number_stay_nan(read_text):
    current = joined(read_text("Timestamp(ms),Current(uA)\n0,1\n1,nan\n2,NaN\n3,\n4,2\n"))[1]
    assert np.isnan(current).tolist() == [False, True, True, True, False]


@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow])
@given(data=st.data())
def test_no_corruption_of_a_file_escapes_as_anything_but_an_input_error(complaint_of, data):
    body = b"".join(b"%d,%d.%03d,00000000\n" % (n, 36400 + n % 7, n % 1000) for n in range(60))
    text = bytearray(b"Timestamp(ms),Current(uA),D0-D7\n" + body)
    for _ in range(data.draw(st.integers(1, 4))):
        text[data.draw(st.integers(0, len(text) - 1))] = data.draw(st.integers(0, 255))
    cut = data.draw(st.integers(0, len(text)))

    def walk():
        for chunk in read_csv_trace(io.BytesIO(bytes(text[:cut])), "capture.csv").chunks:
            assert len(chunk.time_s) == len(chunk.current_a)

    assert "\n" not in complaint_of(walk)


@pytest.mark.parametrize(
    ("begin", "end"),
    [
        ("2/3/2024 1:00:00.5", "2/3/2024 1:00:02"),
        ("03/21/2024 11:59:59.5 AM", "03/21/2024 12:00:01 PM"),
        ("3/21/2024 12:59:59.5 pm", "3/21/2024 1:00:01 pm"),
        ("2024/03/21 23:59:59.5", "2024/03/22 00:00:01"),
        ("21.03.2024 9:59:59.5", "21.03.2024 10:00:01"),
    ],
)
def test_date_times_as_spreadsheets_write_them(read_text, begin, end):
    trace = read_text(f"Time,Current (mA)\n{begin},36\n{end},43\n")
    assert joined(trace)[0].tolist() == [0.0, 1.5]


def test_a_voltage_alone_names_the_option_for_a_shunt(read_text):
    with pytest.raises(FormatError, match="or --shunt where the voltage over a resistor was taken"):
        read_text("time_s,CH1 (mV)\n0,3.6\n")
