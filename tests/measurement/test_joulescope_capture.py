"""Joulescope captures (JLS v2): read as the instrument's own library reads them, and never by it."""

import io
from importlib.metadata import version

import numpy as np
import pyjls
import pytest
from hypothesis import given
from hypothesis import strategies as st
from joulescope_files import chunks, with_right_checks, written

from costmodel.errors import FormatError, LimitError
from costmodel.measurement.captures.crc32c import crc32c
from costmodel.measurement.captures.joulescope_capture import read_jls_trace
from costmodel.measurement.synthetic_trace import synthetic_chunks, synthetic_truth
from costmodel.measurement.trace_analysis import analyse_trace
from costmodel.sources.measured.trace_files import open_trace


def read(content: bytes):
    return read_jls_trace(io.BytesIO(content), "capture.jls")


def currents(trace):
    return np.concatenate([chunk.current_a for chunk in trace.chunks])


@pytest.fixture(scope="module")
def ramp(tmp_path_factory):
    """Current and voltage in several chunks each, as they are stored."""
    samples = (np.arange(20_000) / 1e6).astype(np.float32)
    path = written(tmp_path_factory.mktemp("jls") / "ramp.jls", ("current", samples), ("voltage", np.full_like(samples, 3.3)))
    return path.read_bytes()


def changed(content: bytes, at: int, put: bytes) -> bytes:
    return with_right_checks(content[:at] + put + content[at + len(put) :])


def test_a_capture_is_analysed_as_its_csv_would_be(tmp_path, recipe):
    current = np.concatenate([chunk.current_a for chunk in synthetic_chunks(recipe)]).astype(np.float32)
    volts = np.full_like(current, recipe.supply_v)
    path = written(tmp_path / "c.jls", ("current", current), ("voltage", volts), ("power", current * volts), rate_hz=int(recipe.rate_hz))
    with open_trace(path) as trace:
        summary = analyse_trace(trace, 1.0, "given").summary
    truth = synthetic_truth(recipe)
    assert len(summary.windows) == len(truth.windows_s)
    assert summary.supply_v == pytest.approx(recipe.supply_v)
    assert summary.total_j == pytest.approx(truth.total_j, rel=1e-3)


@pytest.mark.parametrize("kind", ["<f4", "<f8"])
@pytest.mark.parametrize("count", [1, 8_191, 8_192, 300_001])
def test_samples_are_those_the_instruments_library_reads(kind, count, tmp_path):
    if count == 1 and tuple(map(int, version("pyjls").split(".")[:2])) < (0, 14):
        pytest.skip("the instrument's library reads no signal of a single sample before 0.14, which needs NumPy 2.1")
    samples = np.random.default_rng(7).normal(size=count).astype(kind)
    path = written(tmp_path / "c.jls", ("other", samples[::-1].copy()), ("current", samples), ("voltage", samples + 3))
    reader = pyjls.Reader(str(path))
    with open_trace(path) as trace:
        parts = list(trace.chunks)
    assert np.concatenate([part.current_a for part in parts]).tolist() == reader.fsr(2, 0, count).astype(float).tolist()
    assert np.concatenate([part.voltage_v for part in parts]).tolist() == reader.fsr(3, 0, count).astype(float).tolist()
    assert np.concatenate([part.time_s for part in parts]).tolist() == (np.arange(count) / 1000.0).tolist()
    assert [part.first for part in parts] == list(range(1, count + 1, 1 << 18))
    reader.close()


def test_what_was_never_closed_is_read_up_to_where_it_breaks_off_and_left_as_it_is(ramp, tmp_path):
    begins = [at for at, tag, _ in chunks(ramp) if tag == 0x22]
    path = tmp_path / "cut.jls"
    # In the third block of voltages: three of currents came before it, of which two have their voltages.
    path.write_bytes(ramp[: begins[5] + 100])
    with open_trace(path) as trace:
        read_samples = currents(trace)
    assert read_samples.tolist() == (np.arange(16_384) / 1e6).astype(np.float32).astype(float).tolist()
    assert trace.notes == ["the capture was not closed, or is cut off: the 16,384 samples up to there are read"]
    assert path.read_bytes() == ramp[: begins[5] + 100]


def test_damaged_samples_are_never_read(ramp, complaint_of):
    at = [at for at, tag, _ in chunks(ramp) if tag == 0x22][2] + 32
    flipped = ramp[: at + 5_000] + bytes([ramp[at + 5_000] ^ 1]) + ramp[at + 5_001 :]
    assert complaint_of(lambda: list(read(flipped).chunks)) == f"capture.jls the chunk at byte {at} is damaged: its content's check fails"


def test_of_several_instruments_the_first_current_is_read_with_its_own_voltage(tmp_path):
    values = {"current": 0.1, "voltage": 1.0}
    signals = [("current", 0.1), ("current", 0.2), ("voltage", 2.0), ("voltage", 1.0)]
    columns = [(name, np.full(4, value, np.float32)) for name, value in signals]
    trace = read(written(tmp_path / "two.jls", *columns, sources=(1, 2, 2, 1)).read_bytes())
    chunk = next(trace.chunks)
    assert chunk.current_a[0] == pytest.approx(values["current"])
    assert chunk.voltage_v[0] == pytest.approx(values["voltage"])
    assert trace.notes == ["2 instruments in this file: the current of the first is analysed"]


def test_a_voltage_of_another_length_is_none(tmp_path):
    path = written(tmp_path / "c.jls", ("current", np.zeros(9, np.float32)), ("voltage", np.zeros(8, np.float32)))
    assert next(read(path.read_bytes()).chunks).voltage_v is None


@pytest.mark.parametrize(
    ("signals", "words"),
    [
        ((("power", np.zeros(3, np.float32)),), "no signal 'current' (signals with samples: power)"),
        ((("current", np.zeros(3, np.int16)),), "signal 'current' is stored as type 0x1001; expected real numbers"),
    ],
)
def test_a_capture_without_a_current_in_real_numbers_says_what_it_has(signals, words, tmp_path):
    content = written(tmp_path / "c.jls", *signals).read_bytes()
    with pytest.raises(FormatError) as told:
        read(content)
    assert words in str(told.value)


def test_what_no_instrument_writes_is_refused_with_its_place(ramp):
    data = [at for at, tag, _ in chunks(ramp) if tag == 0x22]
    defined = [at for at, tag, _ in chunks(ramp) if tag == 0x02]
    large = ramp[: data[0] + 20] + ((1 << 24) + 1).to_bytes(4, "little") + ramp[data[0] + 24 :]
    with pytest.raises(FormatError, match=f"the chunk at byte {data[0]} is damaged"):
        read(large)
    with pytest.raises(LimitError, match=r"has 16,777,217 bytes; at most 16,777,216 are read"):
        list(read(with_right_checks(large + bytes(1 << 24))).chunks)
    with pytest.raises(FormatError, match=r"8,193 samples of 32 bits need more"):
        read(changed(ramp, data[0] + 40, (8_193).to_bytes(4, "little")))
    with pytest.raises(FormatError, match=r"has samples of 16 bits; 'current' has 32"):
        list(read(changed(ramp, data[0] + 44, (16).to_bytes(2, "little"))).chunks)
    with pytest.raises(FormatError, match=r"signal 'current' goes on at sample 9000 where 8192 follows: samples were left out"):
        read(changed(ramp, [at for at in data if ramp[at + 18] == 1][1] + 32, (9_000).to_bytes(8, "little")))
    short = ramp[: defined[1] + 20] + (100).to_bytes(4, "little") + ramp[defined[1] + 24 :]
    with pytest.raises(FormatError, match=r"has 100 bytes; a signal is described by more"):
        read(with_right_checks(short))
    with pytest.raises(FormatError, match=r"states format 2; expected 1"):
        read(changed(ramp, 24, (2 << 24).to_bytes(4, "little")))
    with pytest.raises(FormatError, match=r"its header is damaged"):
        read(ramp[:16] + b"\0" + ramp[17:])
    with pytest.raises(FormatError, match=r"its first 32 bytes are not a JLS header"):
        read(b"jlsfmt")


@given(content=st.binary(max_size=1_100))
def test_a_check_is_that_of_the_definition(content):
    remainder = 0xFFFFFFFF
    for byte in content:
        remainder ^= byte
        for _ in range(8):
            remainder = remainder >> 1 ^ (0x82F63B78 if remainder & 1 else 0)
    assert crc32c(content) == remainder ^ 0xFFFFFFFF


def test_the_published_check_of_nine_digits():
    """RFC 3720, appendix B.4, gives the polynomial; the check value of its catalogue entry (CRC-32/ISCSI) is that of `123456789`."""
    assert crc32c(b"123456789") == 0xE3069283
