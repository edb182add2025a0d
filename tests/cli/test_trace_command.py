"""`costmodel trace` from a file to figures in every format."""

import json

import pytest

from costmodel.cli.app import main
from costmodel.measurement.synthetic_trace import SyntheticTrace, as_ppk2_csv


@pytest.fixture
def capture(tmp_path):
    path = tmp_path / "capture.csv"
    path.write_bytes(b"".join(as_ppk2_csv(SyntheticTrace(rate_hz=10_000.0, span_s=4.0))))
    return path


def test_the_decks_energy_stands_in_every_format(capsys, capture):
    for form in ("terminal", "markdown", "html"):
        assert main(["trace", str(capture), "--format", form]) == 0
        text = capsys.readouterr().out.replace("&#160;", " ")
        assert all(figure in text for figure in ("69.2 mJ", "58.6 mJ", "10.6 mJ", "183.1 mW", "216.3 mW", "84.")), form
        assert "dwells at 36.4, 43 mA" in text
        assert "assumed, the supply of esp32-deck" in text.replace("\n", " ")
    assert main(["trace", str(capture), "--format", "json"]) == 0
    summary = json.loads(capsys.readouterr().out)
    assert len(summary["windows"]) == 3
    assert summary["idle_current"]["sigma"] == pytest.approx(0.0001, rel=0.1)


def test_the_trace_is_drawn(capsys, capture, tmp_path):
    assert main(["trace", str(capture), "--chart", str(tmp_path / "trace.png")]) == 0
    assert (tmp_path / "trace.png").read_bytes().startswith(b"\x89PNG")


def test_a_capture_without_an_inference_is_told_and_drawn(capsys, tmp_path):
    path = tmp_path / "flat.csv"
    path.write_text("time_s,current_mA\n" + "".join(f"{place / 100},{36 + place % 3}\n" for place in range(300)), encoding="utf-8")
    assert main(["trace", str(path), "--supply-v", "3.3", "--chart", str(tmp_path / "flat.png")]) == 0
    text = capsys.readouterr().out
    assert "No inference is given" in text
    assert all(word in text for word in ("Mean current", "Charge", "Whole capture"))
    assert (tmp_path / "flat.png").read_bytes().startswith(b"\x89PNG")
    assert main(["battery", "--trace", str(path), "--battery", "18650"]) == 2
    assert "tells no inference" in capsys.readouterr().err


def test_thresholds_may_be_given_with_units(capsys, capture):
    options = ["--min-current", "40mA", "--max-current", "0.05", "--min-duration", "50ms", "--boot", "0.2s", "--supply-v", "3.3V"]
    assert main(["trace", str(capture), *options, "--format", "json"]) == 0
    summary = json.loads(capsys.readouterr().out)
    assert summary["thresholds"]["minimum_a"] == 0.04
    assert summary["supply_v"] == 3.3
    assert summary["inference"]["mean"] == pytest.approx(0.043 * 3.3 * 0.32, rel=1e-3)


def test_samples_without_times_are_read_at_a_given_rate(capsys, capture, tmp_path):
    path = tmp_path / "current.csv"
    path.write_text("\n".join(line.split(",")[1] for line in capture.read_text(encoding="utf-8").splitlines()) + "\n", encoding="utf-8")
    assert main(["trace", str(path), "--sample-rate", "10kHz", "--format", "json"]) == 0
    assert json.loads(capsys.readouterr().out)["inference"]["mean"] == pytest.approx(0.0692, rel=1e-3)


@pytest.mark.parametrize(
    ("content", "options", "words"),
    [
        (b"", (), "the file is empty"),
        (b"Timestamp(ms),Current(uA)\n0,1\n1,x\n", (), ":3 expected a number, found 'x'"),
        (b"PK\x03\x04broken", (), "not a whole .ppk2 archive"),
        (b"jlsfmt broken", (), "JLS"),
        (b'{"power": 3}', (), "no 'power' with 'samples'"),
        (b"a,b\n1,2\n", (), "no time column"),
        (b"jlsfmt", (), "JLS"),
        (
            b"time_s,current_A\n0,1\n",
            ("--min-current", "50mA", "--max-current", "0.04"),
            "--min-current 50mA is not below --max-current 0.04",
        ),
        (b"current_mA\n1\n", ("--sample-rate", "often"), "--sample-rate: expected a number with a unit (Hz, kHz, MHz)"),
        (b"t,current_mA\n1,2\n", ("--sample-rate", "1kHz", "--time-column", "t:s"), "--time-column and --sample-rate: one of the two"),
        (b"current_mA\n1\n", ("--sample-rate", "0"), "--sample-rate: expected at least 1e-06 Hz, found 0"),
        (b"current_mA\n1\n", (), "or --sample-rate where samples follow each other evenly"),
        (None, (), "does not exist"),
        (b"Timestamp(ms),Current(uA)\n0,1\n", ("--min-current", "lots"), "--min-current"),
    ],
)
def test_captures_that_cannot_be_read_are_refused_in_one_line(capsys, tmp_path, content, options, words):
    path = tmp_path / "capture.bin"
    if content is not None:
        path.write_bytes(content)
    assert main(["trace", str(path), *options]) == 2
    error = capsys.readouterr().err
    assert words in error
    assert error.count("\n") == 1


def test_a_folder_is_no_capture(capsys, tmp_path):
    assert main(["trace", str(tmp_path)]) == 2
    assert "is a folder" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("options", "told"),
    [
        (["--supply", "1e300"], "--supply-v: expected at most 1e+09 V, found '1e300'"),
        (["--sample-rate", "1e300"], "--sample-rate: expected at most 1e+09 Hz, found '1e300'"),
        (["--sample-rate", "1e-9"], "--sample-rate: expected at least 1e-06 Hz, found 1e-09"),
        (["--sample-rate", "1e-300"], "--sample-rate: expected 0 or at least 1e-30 Hz, found '1e-300'"),
        (["--min-current", "40"], "no inference window above 4e+04 mA: current lies at"),
    ],
)
def test_an_absurd_size_is_one_line(options, told, tmp_path, capsys):
    capture = tmp_path / "capture.csv"
    assert main(["init", "--capture", str(capture)]) == 0
    capsys.readouterr()
    assert main(["trace", str(capture), *options]) == 2
    error = capsys.readouterr().err
    assert told in error
    assert len(error.strip().splitlines()) == 1


def test_a_misspelt_capture_offers_the_one_beside_it(tmp_path, capsys):
    (tmp_path / "capture.csv").write_text("", encoding="utf-8")
    assert main(["trace", str(tmp_path / "captur.csv")]) == 2
    assert "does not exist (did you mean 'capture.csv'?)" in capsys.readouterr().err


def test_a_given_rate_says_that_the_files_own_times_are_not_read(tmp_path, capsys):
    capture = tmp_path / "capture.csv"
    assert main(["init", "--capture", str(capture)]) == 0
    capsys.readouterr()
    assert main(["trace", str(capture), "--supply", "5.03", "--sample-rate", "10kHz", "--format", "json"]) == 0
    assert any("the times of 'Timestamp(ms)' are not read" in note for note in json.loads(capsys.readouterr().out)["warnings"])
