"""A user's text in every place it is shown: nothing in it steers a terminal, a spreadsheet, a drawing or a reading direction."""

from __future__ import annotations

import csv
import io
import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from costmodel.printable_text import csv_cell, drawable, printable, shortened


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("conv1", "conv1"),
        ("=1+1", "'=1+1"),
        ("+1+1", "'+1+1"),
        ("@SUM(A1)", "'@SUM(A1)"),
        ("-cmd|' /C calc'!A0", "'-cmd|' /C calc'!A0"),
        ("  =1+1", "'  =1+1"),
        ("\t=1+1", "' =1+1"),
        ("\uff1d1+1", "'\uff1d1+1"),
        ("-1.5", "-1.5"),
        ("+3e-9", "+3e-9"),
        ("-inf", "-inf"),
        ("a=1", "a=1"),
        ("", ""),
        ("two\nlines", "two lines"),
        ("\x1b[31mred", "\ufffd[31mred"),
    ],
)
def test_a_cell_is_no_formula_and_one_line(text: str, shown: str) -> None:
    assert csv_cell(text) == shown


@given(st.text())
def test_a_cell_never_begins_like_a_formula_unless_it_is_a_number(text: str) -> None:
    shown = csv_cell(text)
    written = io.StringIO()
    csv.writer(written).writerow([shown])
    assert next(csv.reader(io.StringIO(written.getvalue()))) == [shown]
    if shown.lstrip()[:1] in ("=", "+", "-", "@"):
        float(shown)
    assert not any(unicodedata.category(character) in ("Cc", "Cs") for character in shown)


@pytest.mark.parametrize(
    ("text", "shown"),
    [("$a_1$", r"\$a_1\$"), ("5 $ and 6 $", r"5 \$ and 6 \$"), ("plain", "plain"), ("\x1b$", "\ufffd\\$"), ("one\r\ntwo", "one  two")],
)
def test_a_label_of_a_drawing_is_no_mathematics(text: str, shown: str) -> None:
    assert drawable(text) == shown


@pytest.mark.parametrize("text", ["$", "$$", "$x", r"\$", "$\\frac{1}{0}$", "${", "a_b^c", "\u202e$\u202c", "$" * 9])
def test_a_drawing_takes_any_label_and_gives_the_dollars_back(text: str) -> None:
    import matplotlib as mpl

    mpl.use("agg")
    from matplotlib.figure import Figure

    figure = Figure()
    figure.text(0.1, 0.5, drawable(text))
    drawn = io.BytesIO()
    with mpl.rc_context({"svg.fonttype": "none"}):
        figure.savefig(drawn, format="svg")
    assert drawn.getvalue().count(b"$") >= text.count("$")


@pytest.mark.parametrize("text", ["\u202eevil", "a\u2066b\u2069", "\u200fx", "\u061c"])
def test_no_reading_direction_is_left(text: str) -> None:
    assert not set(printable(text)) & set("\u061c\u200e\u200f\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069")


@given(st.text(max_size=400), st.integers(60, 200))
def test_a_shortened_text_is_short_and_says_what_is_missing(text: str, longest: int) -> None:
    shown = shortened(text, longest)
    assert shown == text if len(text) <= longest else "characters ...]" in shown
    assert len(shown) <= longest + 30
