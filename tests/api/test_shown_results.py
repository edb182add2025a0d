"""What a Python user holds: results that are the bare ones, say what they are in a line, and show, draw and write themselves."""

from __future__ import annotations

import json
import pickle
from html.parser import HTMLParser
from pathlib import Path

import pytest

import costmodel
from costmodel.api.answer import Answer
from costmodel.cli.app import main
from costmodel.errors import MissingError, SpecError
from costmodel.evaluation.evaluating import evaluate as evaluate_bare
from costmodel.results.evaluation import Evaluation
from costmodel.results.frames import layers_frame
from costmodel.sources.starters.starter_capture import write_capture


@pytest.fixture(scope="module")
def answer() -> Answer:
    return costmodel.evaluate(costmodel.load_scenario("esp32-deck"))


class Text(HTMLParser):
    def __init__(self, text: str) -> None:
        super().__init__()
        self.open: list[str] = []
        self.tags: set[str] = set()
        self.said = ""
        self.feed(text)
        assert not self.open

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.open.append(tag)
        self.tags.add(tag)

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag

    def handle_data(self, data: str) -> None:
        self.said += data


def test_an_answer_is_the_bare_evaluation(answer: Answer) -> None:
    bare = evaluate_bare(costmodel.load_scenario("esp32-deck"))
    assert answer == bare
    assert bare == answer
    assert isinstance(answer, Evaluation)
    assert answer.model_dump() == bare.model_dump()
    assert Evaluation.model_validate_json(answer.model_dump_json()) == answer
    assert answer != costmodel.evaluate("resnet8")
    assert answer != "resnet8"


def test_its_document_leaves_its_json_alone(answer: Answer) -> None:
    before = answer.model_dump_json()
    assert answer.document.answer
    assert answer.outlook.life is not None
    assert answer.model_dump_json() == before


def test_texts_are_short(answer: Answer) -> None:
    assert repr(answer) == f"<{answer}>"
    assert str(answer).startswith("cifar-aap-pruned on esp32-wroom: FITS, 183.04 KiB RAM")
    assert len(repr(answer)) < 140
    for bare in (evaluate_bare(answer.asked), answer.dataflows[0], answer.memory.plan, answer.memory):
        assert len(repr(bare)) < 3_000, type(bare)


def test_a_notebook_shows_what_is_read_first(answer: Answer) -> None:
    shown = Text(answer._repr_html_())
    assert "✓ FITS" in shown.said
    assert "costmodel report cifar-aap-pruned --device esp32-wroom --sleep light" in shown.said
    assert "20.9 h" in shown.said
    assert "script" not in shown.tags
    assert len(answer._repr_html_()) < 5_000


def test_names_with_markup_are_text() -> None:
    network = costmodel.load_network("resnet8")
    fields = {"name": "x", "network": network, "device": "nrf52840", "description": "<script>alert(1)</script>"}
    hostile = costmodel.evaluate(costmodel.load_scenario(fields)).model_copy(update={"network": "<img src=x onerror=alert(1)>"})
    shown = Text(hostile._repr_html_())
    assert shown.tags <= {"div", "p", "strong", "table", "tbody", "thead", "tr", "td", "th", "caption", "pre"}


@pytest.mark.parametrize("name", ["memory", "energy", "time", "battery"])
def test_it_draws_itself(answer: Answer, name: str) -> None:
    figure = getattr(answer.plot, name)()
    assert figure.axes


def test_what_cannot_be_drawn_says_why() -> None:
    with pytest.raises(MissingError, match=r"plot\.time: nothing to draw: no duration"):
        costmodel.evaluate("resnet8", device="nrf52840").plot.time()


def test_layers_are_ten_columns_or_all(answer: Answer) -> None:
    assert answer.layers.shape == (14 + 2 * 4, 10) or answer.layers.shape[1] == 10
    assert answer.layers.all_columns.equals(layers_frame(answer))
    assert answer.layers.all_columns.shape[1] > 50
    assert answer.layers.loc[("output-stationary", "conv2"), "mac_count"] == 2_937_600


def test_a_report_is_written_as_the_command_writes_it(answer: Answer, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    written = costmodel.write_report(answer, tmp_path / "out")
    assert [path.name for path in written] == ["report.html", "report.md", "report.json"]
    assert main(["report", "--out", str(tmp_path / "by-command")]) == 0
    capsys.readouterr()
    by_command = json.loads((tmp_path / "by-command" / "report.json").read_text(encoding="utf-8"))
    assert json.loads(written[2].read_text(encoding="utf-8"))["evaluation"] == by_command["evaluation"]
    assert "lives-table" in written[0].read_text(encoding="utf-8")
    assert {path.name for path in (tmp_path / "out" / "figures").iterdir()} == {
        path.name for path in (tmp_path / "by-command" / "figures").iterdir()
    }


def test_a_folder_with_other_files_is_left_alone(answer: Answer, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "thesis.tex").write_text("mine", encoding="utf-8")
    with pytest.raises(SpecError, match=r"holds thesis\.tex, which are no report's; --force writes beside them"):
        costmodel.write_report(answer, tmp_path)
    assert main(["report", "--out", str(tmp_path)]) == 2
    assert sorted(path.name for path in tmp_path.iterdir()) == ["thesis.tex"]
    costmodel.write_report(answer, tmp_path, force=True)
    assert main(["report", "--format", "html", "--out", str(tmp_path), "--force"]) == 0
    capsys.readouterr()
    (tmp_path / "thesis.tex").unlink()
    costmodel.write_report(answer, tmp_path)


def test_a_name_is_enough_and_a_scenario_says_its_device() -> None:
    assert costmodel.evaluate("resnet8", device="nrf52840").device == "nrf52840"
    assert costmodel.evaluate("esp32-deck").scenario == "esp32-deck"
    with pytest.raises(SpecError, match="this scenario names its own, esp32-wroom"):
        costmodel.evaluate(costmodel.load_scenario("esp32-deck"), device="nrf52840")


def test_batteries_plans_sweeps_and_traces_show_themselves(answer: Answer, tmp_path: Path) -> None:
    write_capture(tmp_path / "capture.csv")
    shown = (
        costmodel.estimate_battery(answer.asked),
        costmodel.plan_memory(answer),
        costmodel.sweep("pruning-pool-bits"),
        costmodel.read_trace(tmp_path / "capture.csv", supply_v=5.03),
    )
    assert repr(shown[0]) == "<deck-5v-1ah, esp32-deck: 20.9 h, once a minute, idle in between>"
    assert repr(shown[1]) == "<static-in-place: 152.13 KiB in 5 buffers, at least 100.00 KiB>"
    assert repr(shown[2]).startswith("<pruning-pool-bits: 456 designs evaluated, ")
    for one in shown:
        assert len(repr(one)) < 400
        assert Text(one._repr_html_()).said
    assert shown[0].plot().axes
    assert shown[3].plot().axes
    assert len(shown[2].plot().axes) == 6
    notebook = shown[2]._repr_html_()
    assert "The chosen design against the base" in notebook
    assert notebook.count('<img src="data:image/svg+xml;base64,') == 1
    assert shown[1].to_frame().shape[0] == len(shown[1].tensors)


def test_only_public_names_are_listed() -> None:
    assert dir(costmodel) == sorted([*costmodel.__all__, "__version__"])
    assert {"evaluate", "plan_memory", "read_trace", "write_report", "estimate_battery", "sweep"} <= set(costmodel.__all__)


def test_an_answer_can_be_kept(answer: Answer) -> None:
    kept = pickle.loads(pickle.dumps(answer))
    assert kept == answer
    assert kept.asked == answer.asked


def test_what_is_loaded_is_a_line_in_a_notebook() -> None:
    class Printer:
        said = ""

        def text(self, words: str) -> None:
            self.said += words

    lines = []
    for loaded in (
        costmodel.load_network("resnet8"),
        costmodel.load_scenario("esp32-deck"),
        costmodel.load_device("nrf52840"),
        costmodel.load_model("trained-pruned-int8"),
    ):
        printer = Printer()
        loaded._repr_pretty_(printer, False)
        lines.append(printer.said)
    assert lines[:3] == [
        "<Network resnet8: 3x32x32, 23 layers, 77,706 parameters>",
        "<Scenario esp32-deck: cifar-aap-pruned on esp32-wroom>",
        "<Device nrf52840>",
    ]
    assert lines[3].startswith("<Model trained-pruned-int8: 28,576 parameters, from ")
    assert max(map(len, lines)) < 200


def test_an_answer_lists_its_own_names(answer: Answer) -> None:
    names = [name for name in dir(answer) if not name.startswith("_")]
    assert {"layers", "plot", "outlook", "memory", "model_dump_json"} <= set(names)
    assert not {"construct", "parse_raw", "schema", "model_config", "model_rebuild"} & set(names)
    of_plan = [name for name in dir(costmodel.plan_memory(answer)) if name.startswith(("model_", "parse"))]
    assert of_plan == ["model_dump", "model_dump_json"]
