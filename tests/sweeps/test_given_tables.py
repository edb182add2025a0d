"""Figures a user brings along: joined on axes, and never silently missing."""

import numpy as np
import pytest

from costmodel.errors import FormatError, InputError, MissingError, SpecError, UnknownNameError
from costmodel.sweeps.engine.running import prepared_space, sweep
from costmodel.sweeps.front.summary import write_answer_files
from costmodel.sweeps.study.given_tables import given_figure, read_given
from costmodel.sweeps.study.study_spec import GivenTable

AXES = [
    {"name": "width", "path": "layers.conv1.out_channels", "values": [4, 8, 16]},
    {"name": "ratio", "path": "battery.converter_ratio", "range": {"start": 0.1, "stop": 0.9, "step": 0.1}},
    {"path": "dataflow", "values": ["output-stationary", "weight-stationary"]},
]
STUDY = {"name": "g", "axes": AXES, "keep": "all", "columns": ["accuracy", "network.mac_count", "battery.usable_energy"]}


def table(tmp_path, text):
    (tmp_path / "acc.csv").write_text(text, encoding="utf-8")
    return {"given": [{"figure": "accuracy", "file": "acc.csv"}]}


def test_a_table_joins_on_every_axis_it_has_a_column_for(tmp_path):
    """Numbers within rounding, texts, columns of something else, and rows not measured yet."""
    given = table(
        tmp_path, "note,ratio,dataflow,accuracy [%]\na,0.3,output-stationary,91\nb,0.7,weight-stationary,82.5\nc,0.1,weight-stationary,\n"
    )
    columns = sweep(STUDY | given, beside=tmp_path).columns()
    assert len(columns["accuracy"]) == 3 * 9 * 2
    for ratio, flow, accuracy in zip(columns["ratio"], columns["dataflow"], columns["accuracy"], strict=True):
        expected = {(0.3, "output-stationary"): 91.0, (0.7, "weight-stationary"): 82.5}.get((round(float(ratio), 3), flow), np.nan)
        assert accuracy == pytest.approx(expected, nan_ok=True)


def test_designs_without_a_row_are_counted_where_the_figure_decides(tmp_path):
    given = table(tmp_path, "width,accuracy\n4,0.5\n8,0.7\n")
    answer = sweep(
        STUDY | given | {"keep": "front", "objectives": [{"maximise": "accuracy"}, {"minimise": "energy.memory"}]}, beside=tmp_path
    )
    left = dict(answer.survivors)
    assert answer.evaluated - left["accuracy is given"] == 9 * 2
    assert set(answer.columns()["width"].tolist()) == {4, 8}
    bound = sweep(STUDY | given | {"constraints": ["accuracy >= 0.6"]}, beside=tmp_path)
    assert set(bound.columns()["width"].tolist()) == {8}


def test_what_a_sweep_wrote_can_be_given_to_another(tmp_path):
    """Headings carry units."""
    write_answer_files(sweep(STUDY | {"columns": ["energy.memory"], "axes": AXES[:1]}), tmp_path)
    found = sweep(
        STUDY
        | {
            "columns": ["energy.memory", "network.mac_count", "battery.usable_energy"],
            "axes": AXES[:2],
            "given": [{"figure": "energy.memory", "file": "all.csv"}],
        },
        beside=tmp_path,
    )
    assert len(set(found.columns()["energy.memory"].tolist())) == 3


def test_a_changed_table_is_another_study(tmp_path):
    study = STUDY | table(tmp_path, "width,accuracy\n4,0.5\n")
    sweep(study, beside=tmp_path, folder=tmp_path / "out")
    table(tmp_path, "width,accuracy\n4,0.6\n")
    with pytest.raises(SpecError, match="another study"):
        sweep(study, beside=tmp_path, folder=tmp_path / "out", resume=True)


def test_many_rows_over_several_axes_stay_small():
    """A thousand rows on four axes are a thousand rows, not a product of a thousand four times."""
    draw = np.random.default_rng(1)
    points = draw.random((1000, 4))
    rows = tuple((*point, float(at)) for at, point in enumerate(points.tolist()))
    labels = ("a", "b", "c", "d")
    found = given_figure(GivenTable(on=labels, figure="f", rows=rows), {}, labels)
    order = draw.permutation(1000)
    axes = dict(zip(labels, points[order].T, strict=True))
    assert found.at(axes).tolist() == order.tolist()
    assert np.isnan(found.at(axes | {"c": axes["c"] + 1e-3})).all()
    assert found.codes.nbytes + sum(key.nbytes for key in found.keys) < 100_000


@pytest.mark.parametrize(
    ("text", "kind", "message"),
    [
        (None, MissingError, r"acc.csv does not exist"),
        ("", FormatError, r"acc.csv is empty"),
        ("width,acuracy\n4,1\n", UnknownNameError, r"acc.csv:1 .*'accuracy' is not a column of this table \(did you mean 'acuracy'\?\)"),
        ("breite,accuracy\n4,1\n", MissingError, r"'on' should name the axes"),
        ("width,accuracy\n4,1\n8,high\n", FormatError, r"acc.csv:3 accuracy should be a number, found 'high'"),
        ("width,accuracy\n4,1\n8\n", FormatError, r"acc.csv:3 expected 2 values, found 1"),
        ("width,accuracy\n4,1\n4,2\n", SpecError, r"two rows are for 4"),
        ("width,width,accuracy\n4,4,1\n", FormatError, r"two columns are called 'width'"),
        ("width,accuracy\nfour,1\n", SpecError, r"axis 'width' has numbers, found 'four'"),
        ('width,accuracy\n"4,1\n', FormatError, r"is not a CSV table"),
        ("width,accuracy\n4,nan\n", FormatError, r"should be a number, found 'nan'"),
    ],
)
def test_a_wrong_table_is_one_line_with_its_place(text, kind, message, tmp_path):
    given = table(tmp_path, text or "")
    if text is None:
        (tmp_path / "acc.csv").unlink()
    with pytest.raises(kind, match=message) as found:
        prepared_space(STUDY | given, tmp_path)
    assert "\n" not in str(found.value)


@pytest.mark.parametrize(
    ("given", "message"),
    [
        ({"on": ["widht"], "figure": "accuracy", "rows": [[4, 1]]}, r"'widht' is not an axis of this study \(did you mean 'width'"),
        ({"on": ["width"], "figure": "accuracy", "rows": [[4, 1, 1]]}, r"row 0 should have 1 axis value"),
        ({"on": ["width"], "figure": "accuracy", "rows": [[4, "x"]]}, r"row 0 should end in a finite number, found 'x'"),
        ({"figure": "accuracy", "rows": [[4, 1]]}, r"'on' should name the axes"),
        ({"on": ["width"], "figure": "width", "rows": [[4, 1]]}, r"is an axis of this study"),
        ({"on": ["width"], "figure": "accuracy", "rows": [[4, 1]], "file": "x.csv"}, r"rows or a file, and not both"),
    ],
)
def test_wrong_rows_are_told(given, message):
    with pytest.raises(InputError, match=message):
        sweep(STUDY | {"given": [given]})


@pytest.mark.parametrize("cut", range(0, 60, 7))
def test_a_truncated_table_is_read_or_refused_and_never_crashes(cut, tmp_path):
    whole = "width,ratio,accuracy\n4,0.3,0.91\n8,0.5,0.92\n16,0.7,0.93\n"
    given = table(tmp_path, whole[:cut])
    try:
        found = read_given(GivenTable(**given["given"][0]), ["width", "ratio"], tmp_path)
    except InputError as error:
        told = str(error)
    else:
        told = f"accuracy of {found.on}"
        assert all(len(row) == len(found.on) + 1 for row in found.rows)
    assert "acc.csv" in told or "accuracy" in told
