"""A fixed set of mutants of every kind of input, and every input that failed once: each ends in an answer or in plain lines."""

import itertools
from pathlib import Path

import pytest

from tests.fuzz.searching import EXAMPLES, mutants_of, tried
from tests.fuzz.targets import TARGETS

pytestmark = pytest.mark.long

SHARES = {"yaml": 60, "scenario": 40, "study": 80, "trace": 60, "report": 80, "options": 80, "table": 60, "resume": 60, "calibration": 60}
SHARES |= dict.fromkeys(("device", "memory", "runtime", "measured", "checked-jls", "states", "battery"), 80)
"""Mutants of kinds that take long; of the others there are more."""
MANY = 150
EVERY = [(path.parent.name, path) for path in sorted(EXAMPLES.glob("*/*"))]


@pytest.mark.parametrize("kind", TARGETS)
def test_mutants_end_in_an_answer_or_in_plain_lines(kind: str, tmp_path: Path) -> None:
    mutants = itertools.islice(mutants_of(TARGETS[kind], seed=1), SHARES.get(kind, MANY))
    failures = [failure for content in mutants if (failure := tried(kind, TARGETS[kind], content, tmp_path)) is not None]
    assert not failures, f"{failures[0].told}\n{failures[0].content[:2000]!r}"


@pytest.mark.parametrize("kind", TARGETS)
def test_the_examples_that_are_changed_are_sound(kind: str, tmp_path: Path) -> None:
    for content in TARGETS[kind].seeds():
        path = tmp_path / f"seed{TARGETS[kind].suffix}"
        path.write_bytes(content)
        TARGETS[kind].run(path, content)


def test_what_failed_once_fails_no_more(tmp_path: Path) -> None:
    for kind, path in EVERY:
        failure = tried(kind, TARGETS[kind], path.read_bytes(), tmp_path)
        assert failure is None, f"{path}: {failure.told}"


def test_an_image_that_is_refused_is_told_once(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    """Pillow logs what it also raises, and what nobody configured goes to standard error."""
    image = next(content for content in TARGETS["image"].seeds() if content[:2] in (b"II", b"MM"))
    at = image.index(b"\x15\x01\x03\x00") if image[:2] == b"II" else image.index(b"\x01\x15\x00\x03")
    many = image[: at + 8] + b"\xff\xff" + image[at + 10 :]
    assert tried("image", TARGETS["image"], many, tmp_path) is None
    assert not caplog.records
