"""Tables of trained accuracies: read back as written, and what is wrong with one is said with its line."""

from pathlib import Path

import pytest

from costmodel.errors import InputError
from costmodel.sources.trained_accuracies import accuracies_file, packaged_accuracies, read_accuracies, write_accuracies

HEADING = "recipe,seed,stage,parameter_count,numbers,top1_ratio,top3_ratio,first_right_count"


def test_a_table_comes_back_as_it_was_written(tmp_path: Path) -> None:
    rows = packaged_accuracies()
    write_accuracies(accuracies_file(tmp_path), rows)
    assert read_accuracies(accuracies_file(tmp_path)) == rows
    assert {row.parameter_count for row in rows} == {545_098, 53_578, 28_576}


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("", r"accuracies.csv:1 .*expected the columns recipe, seed, .*found nothing"),
        (HEADING.replace("seed", "sede") + "\n", r":1 .*found recipe, sede"),
        (HEADING + "\ndeck,0,trained\n", r":2 expected 8 cells, found 3"),
        (HEADING + "\ndeck,0,trained,10,float32,1.5,1,0\n", r":2 top1_ratio: "),
        (HEADING + "\ndeck,zero,trained,10,float32,0.5,1,0\n", r":2 seed: "),
    ],
)
def test_what_is_wrong_with_a_table_is_said(text: str, told: str, tmp_path: Path) -> None:
    accuracies_file(tmp_path).write_text(text, encoding="utf-8")
    with pytest.raises(InputError, match=told):
        read_accuracies(accuracies_file(tmp_path))
