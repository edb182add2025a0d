"""What the report tests share: the reference deployment, a hostile one, and a document with one block of each kind."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path

import pytest

from costmodel.cli.answers.report_additions import accuracy_of
from costmodel.cli.answers.report_output import with_choices
from costmodel.evaluation.advice import advise
from costmodel.evaluation.evaluating import evaluate
from costmodel.evaluation.explained.grounds import grounds_of
from costmodel.evaluation.timing.outlook import outlook_of
from costmodel.report.additions import Additions
from costmodel.report.charts import BarPanel, BarSeries, BufferBar, CurveMark, LayerBars, LifeCurve, LimitLine, MemoryTimeline, ShareBars
from costmodel.report.document import (
    Column,
    Document,
    Fact,
    Facts,
    Illustration,
    Paragraph,
    Remark,
    Remarks,
    Row,
    Section,
    Table,
)
from costmodel.report.reporting import report_document
from costmodel.results.conclusions.finding import Finding, Weight
from costmodel.results.conclusions.reason import ReasonKind, reason
from costmodel.results.evaluation import Evaluation
from costmodel.sources.catalogue import load_scenario
from costmodel.sources.usual_use import usual_use
from costmodel.specs.scenario import Scenario

GOLDEN = Path(__file__).parent / "golden"
HOSTILE = (
    "<script>alert(1)</script> [bold red]rich[/] {{ 7*7 }} {% raw %} *a* _b_ `c` | d # e &amp; \"f' $x^2$ ![g](http://evil.example/p.png)"
    " [h](javascript:alert) https://evil.example \x1b[31m \u202e \x00 \ud800 </title></style> -->\n# heading\n- item"
)


@pytest.fixture(scope="session")
def deck() -> Scenario:
    return load_scenario("esp32-deck")


@pytest.fixture(scope="session")
def deck_evaluation(deck: Scenario) -> Evaluation:
    return evaluate(deck)


@pytest.fixture(scope="session")
def deck_document(deck: Scenario, deck_evaluation: Evaluation) -> Document:
    return report_document(deck_evaluation, deck, grounds_of(deck, deck_evaluation), "1.2.3")


@pytest.fixture(scope="session")
def deck_page_document(deck: Scenario, deck_evaluation: Evaluation) -> Document:
    """As the command writes it to a page: the answer first, lives to choose from, figures that explain themselves."""
    use = usual_use(deck)
    outlook = outlook_of(deck, deck_evaluation, use)
    accuracy = accuracy_of("esp32-deck", deck.network)
    found = Additions(outlook=outlook, advice=advise(deck, deck_evaluation, outlook), accuracy=accuracy)
    return report_document(deck_evaluation, deck, grounds_of(deck, deck_evaluation), "1.2.3", with_choices(deck, found, use))


@pytest.fixture(scope="session")
def hostile_document(deck: Scenario, deck_evaluation: Evaluation) -> Document:
    """Free text of a user in every place it can come from."""
    values = {"layer": HOSTILE, "layer_ratio": 0.5, "convolutions_ratio": 1.0, "layer_pj": 1.0, "layer_mac_count": 1}
    finding = Finding(id="energy.dominant_layer", weight=Weight.DOMINATES, values=values)
    measured = reason(ReasonKind.DURATION_MEASURED, source=HOSTILE)
    evaluation = deck_evaluation.model_copy(
        update={
            "description": HOSTILE,
            "duration_basis": (measured,),
            "findings": (finding,),
            "missing": {"power": measured},
            "power": None,
        }
    )
    power = deck.power
    assert power is not None
    sourced = power.model_copy(update={"idle_a": power.idle_a._replace(source=HOSTILE)})
    compute = deck.compute_energy.model_copy(update={"source": HOSTILE})
    scenario = deck.model_copy(update={"power": sourced, "compute_energy": compute})
    return report_document(evaluation, scenario, grounds_of(scenario, evaluation), "1.2.3")


@pytest.fixture(scope="session")
def small_document() -> Document:
    """One block of each kind, in few words: what the renderers' golden files are made of."""
    bars = LayerBars(
        ("conv1", "conv2"),
        (BarPanel("Energy [µJ]", (BarSeries("row-stationary", "row-stationary", (1.0, 2.0), (3.0, 0.0), ("4.00", "2.00")),)),),
        "tensors",
        "scratch rows",
    )
    shares = ShareBars("Time [ms]", ("conv2", "conv1"), (30.0, 10.0), ("30.00 (75.0%)", "10.00 (25.0%)"), (True, False))
    curve = LifeCurve(
        "Inferences an hour", "Battery life [h]", (1.0, 10.0), (20.0, 18.0), (CurveMark(10.0, 18.0, "without pause"),), 21.0, "idle"
    )
    timeline = MemoryTimeline(
        "Buffers [KiB]",
        ("conv1", "fc1"),
        (BufferBar("conv1", 0, 1, 100.0, 0.0, 0, False), BufferBar("", 0, 0, 50.0, 100.0, 1, True)),
        (LimitLine(180.0, "largest block 180.00 KiB"), LimitLine(900.0, "flash 900.00 KiB")),
    )
    table = Table(
        "Layers",
        (Column("Layer", number=False), Column("Reads"), Column("Energy", "µJ"), Column("Remark", number=False)),
        (
            Row(("conv1", "86,400", "8.23", "interior and boundary pixels told apart, and so a remark that folds")),
            Row(("all", "86,400", "8.23", ""), total=True),
        ),
        "A note.",
    )
    return Document(
        "net on chip",
        ("What does it cost?", "Counted: valid taps."),
        (
            Section("findings", "Findings", (Remarks((Remark("dominates", "dominates", "conv1 decides.", "8.23 µJ of 8.23 µJ."),)),)),
            Section("figures", "Key figures", (Facts((Fact("Energy", "8.23 µJ", "dynamic"), Fact("Battery", "17.7 h"))),)),
            Section(
                "tables",
                "Tables",
                (
                    Paragraph("In words – 2.07× more."),
                    table,
                    Table("More", (Column("Name", number=False), Column("Value")), (Row(("x", "1")),), supplementary=True),
                ),
            ),
            Section(
                "charts",
                "Charts",
                tuple(
                    Illustration(f"chart-{place}", f"Caption {place}.", f"Words {place}.", chart)
                    for place, chart in enumerate((bars, shares, curve, timeline))
                ),
            ),
        ),
        "Scenario s, costmodel 1.2.3.",
    )


@pytest.fixture(scope="session")
def matches_golden() -> Callable[[str, str], None]:
    """Compares with a golden file; COSTMODEL_UPDATE_GOLDEN=1 writes it anew, for a change that was looked at."""

    def compare(name: str, text: str) -> None:
        path = GOLDEN / name
        if os.environ.get("COSTMODEL_UPDATE_GOLDEN"):
            path.write_text(text, encoding="utf-8", newline="\n")
        assert text == path.read_text(encoding="utf-8"), f"{name} differs; if it should, run again with COSTMODEL_UPDATE_GOLDEN=1"

    return compare
