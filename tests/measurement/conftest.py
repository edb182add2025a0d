"""Small captures in each format, with a known truth."""

import io
import json
import zipfile

import numpy as np
import pytest

from costmodel.errors import InputError
from costmodel.measurement.captures.csv_trace import read_csv_trace
from costmodel.measurement.synthetic_trace import SyntheticTrace, as_ppk2_csv, synthetic_chunks


@pytest.fixture
def read_text():
    def read(text, name="capture.csv", **chosen):
        return read_csv_trace(io.BytesIO(text.encode("utf-8") if isinstance(text, str) else text), name, chosen)

    return read


@pytest.fixture
def recipe():
    return SyntheticTrace(rate_hz=10_000.0, span_s=4.0, first_s=0.8)


@pytest.fixture
def ppk2_csv(recipe):
    return b"".join(as_ppk2_csv(recipe))


@pytest.fixture
def ppk2_archive(recipe):
    def archive(frames=None, metadata=None, names=("session.raw", "metadata.json")):
        current = np.concatenate([chunk.current_a for chunk in synthetic_chunks(recipe)]) * 1e6
        raw = np.zeros(len(current), [("current", "<f4"), ("bits", "<u2")])
        raw["current"] = current
        stream = io.BytesIO()
        with zipfile.ZipFile(stream, "w", zipfile.ZIP_DEFLATED) as target:
            content = {
                "session.raw": raw.tobytes() if frames is None else frames,
                "metadata.json": json.dumps(metadata or {"metadata": {"samplesPerSecond": recipe.rate_hz}, "formatVersion": 2}),
            }
            for name in names:
                target.writestr(name, content[name])
        return stream.getvalue()

    return archive


@pytest.fixture
def complaint_of():
    """What a call complains of, in the one kind of error a user may cause; empty where it does not."""

    def complaint(call):
        try:
            call()
        except InputError as error:
            return str(error)
        return ""

    return complaint
