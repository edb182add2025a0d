"""The answer about a scenario, as a Python user holds it."""

from __future__ import annotations

import functools
import shlex
from pathlib import Path
from typing import TYPE_CHECKING, Final

from pydantic import PrivateAttr

from costmodel.api.shown import Shown, shown
from costmodel.errors import MissingError, SpecError
from costmodel.evaluation.evaluating import evaluate as evaluate_bare
from costmodel.evaluation.layers.tracing import Progress
from costmodel.results.evaluation import Evaluation
from costmodel.results.timing.outlook import Outlook
from costmodel.specs.scenario import Scenario

if TYPE_CHECKING:
    from matplotlib.figure import Figure

    from costmodel.api.layer_frame import LayersFrame
    from costmodel.report.additions import Additions
    from costmodel.report.document import Document
    from costmodel.results.graphs.tflm_arena import TflmArena
    from costmodel.specs.devices.usual_use import UsualUse

_CHARTS: Final = {"memory": "memory_over_run", "energy": "energy_per_layer", "time": "time_per_layer", "battery": "battery_life"}
"""Name of each plot, and of its illustration in the report."""


class Plots:
    """Charts of an answer in the style of its report, as matplotlib figures."""

    def __init__(self, answer: Answer) -> None:
        self._answer = answer

    def __repr__(self) -> str:
        """Say what there is."""
        return f"<plots: {', '.join(_CHARTS)}>"

    def memory(self) -> Figure:
        """Draw the buffers over the run, against what the device has."""
        return self._drawn("memory")

    def energy(self) -> Figure:
        """Draw accesses and dynamic energy of each layer."""
        return self._drawn("energy")

    def time(self) -> Figure:
        """Draw where the time of an inference goes."""
        return self._drawn("time")

    def battery(self) -> Figure:
        """Draw battery life against rate."""
        return self._drawn("battery")

    def _drawn(self, name: str) -> Figure:
        from costmodel.report.figures.drawing import figure_of
        from costmodel.report.figures.style import house_style
        from costmodel.report.words.reason_words import reasons_text

        found = next((one for one in self._answer.document.illustrations if one.id == _CHARTS[name]), None)
        if found is None:
            reasons = reasons_text(self._answer.missing.values())
            raise MissingError(f"plot.{name}: nothing to draw" + (f": {reasons}" if reasons else ""))
        with house_style():
            return figure_of(found.chart)


class Answer(Evaluation, Shown):
    """A scenario's answer: an evaluation that shows itself, draws itself and writes itself."""

    _scenario: Scenario = PrivateAttr()
    _model_file: Path | None = PrivateAttr(default=None)
    _named: tuple[str | None, str | None] = PrivateAttr(default=(None, None))
    """What the scenario or network, and the device, were named by; None where they were given as they are."""

    @property
    def asked(self) -> Scenario:
        """What was asked."""
        return self._scenario

    @functools.cached_property
    def _use(self) -> UsualUse:
        from costmodel.sources.usual_use import usual_use

        return usual_use(self._scenario)

    @functools.cached_property
    def outlook(self) -> Outlook:
        """Time, energy and battery life, each with an interval and how far to trust it."""
        from costmodel.evaluation.timing.outlook import outlook_of

        return outlook_of(self._scenario, self, self._use)

    @functools.cached_property
    def _arena(self) -> TflmArena | None:
        """What TensorFlow Lite Micro needs for the file that the network was read from; None where it was read from another kind."""
        if self._model_file is None:
            return None
        from costmodel.evaluation.graphs.tflm import plan_tflm_arena, used_arena
        from costmodel.sources.importers.model_files import load_model_graph

        return used_arena(plan_tflm_arena(load_model_graph(self._model_file)), self._scenario, self.memory, self._use.runtime)

    @property
    def plot(self) -> Plots:
        """Charts: `answer.plot.memory()`."""
        return Plots(self)

    @property
    def layers(self) -> LayersFrame:
        """The layers under each dataflow in ten columns; `.all_columns` has every one."""
        from costmodel.api.layer_frame import layers_of

        return layers_of(self)

    @functools.cached_property
    def document(self) -> Document:
        """The report, as data."""
        return self._document(self._additions())

    def _additions(self) -> Additions:
        from costmodel.evaluation.accuracies import known_accuracy
        from costmodel.evaluation.advice import advise
        from costmodel.report.additions import Additions
        from costmodel.sources.stored_models.trained_weights import trained_weights_of

        trained = trained_weights_of(self._named[0], self._scenario.network)
        return Additions(
            outlook=self.outlook,
            advice=advise(self._scenario, self, self.outlook),
            command=self._command("report", *self._named),
            restless_command=self._command("report", *self._named),
            plan_command=self._plan_command,
            tflm=self._arena,
            accuracy=None if trained is None else known_accuracy(trained.manifest, self._scenario.network, own=trained.own),
        )

    @property
    def _plan_command(self) -> str:
        from costmodel.sources.scenario_changes import named_parts

        named, device = self._named
        network, runs_on = (self.network, self.device) if named is None else named_parts(named, None, device)
        return "" if network is None or runs_on is None else self._command("plan", network, runs_on)

    def _command(self, name: str, of: str | None, device: str | None) -> str:
        """A command about what was asked; what was given as it is goes by its own name."""
        words = ["costmodel", name, shlex.quote(of or self.network)]
        runs_on = self.device if of is None else device
        return " ".join(words if runs_on is None else [*words, "--device", shlex.quote(runs_on)])

    def _document(self, additions: Additions) -> Document:
        from costmodel import __version__
        from costmodel.evaluation.explained.grounds import grounds_of
        from costmodel.report.reporting import report_document

        return report_document(self, self._scenario, grounds_of(self._scenario, self), __version__, additions)

    def _line(self) -> str:
        from costmodel.report.first.answer import fit_verdict

        found = fit_verdict(self, self._arena)
        return f"{self.network} on {self.device}: {found.word}, {found.text}"

    def _repr_html_(self) -> str:
        """Show what is read first, in a notebook."""
        from costmodel.report.formats.as_fragment import html_of_document

        return html_of_document(self.document)


def evaluate(scenario: Scenario | str, progress: Progress | None = None, *, device: str | None = None) -> Answer:
    """Answer a scenario.

    Parameters
    ----------
    scenario : Scenario or str
        Network, device and everything the answer depends on; or the name or path of a scenario, or of a network: everything else is then
        as in a scenario file that does not say it.
    progress : callable, optional
        Called as progress(layer, done, total) while layers are executed; only granularity `block_traced` executes any.
    device : str, optional
        Name or path of another device than the scenario's; with a name or path only.

    Returns
    -------
    Answer
        Every figure, for each of the scenario's dataflows; what cannot be told is None with a reason.

    Raises
    ------
    InputError
        If a name is not known, or the convention contradicts itself.

    Examples
    --------
    >>> import costmodel
    >>> costmodel.evaluate("resnet8", device="nrf52840")
    <resnet8 on nrf52840: FITS, 48.00 KiB RAM of 256.00 KiB at boot (give --static-bytes); 1 buffer>
    """
    model_file = None
    named: tuple[str | None, str | None] = (None, None)
    if isinstance(scenario, str):
        from costmodel.sources.network_references import tflite_of
        from costmodel.sources.scenario_changes import ScenarioChanges, changed_scenario

        model_file, named = tflite_of(scenario), (scenario, device)
        scenario = changed_scenario(scenario, ScenarioChanges(device=device))
    elif device is not None:
        raise SpecError(f"device: this scenario names its own, {scenario.device.name}; give the name of a network instead")
    answer = shown(Answer, evaluate_bare(scenario, progress))
    answer._scenario, answer._model_file, answer._named = scenario, model_file, named
    return answer


def write_report(answer: Answer, folder: str | Path, *, force: bool = False) -> tuple[Path, ...]:
    """Write an answer's report: `report.html`, `report.md`, `report.json` and its figures.

    Parameters
    ----------
    answer : Answer
        What `evaluate` returned.
    folder : str or Path
        Made if need be.
    force : bool, optional
        Write into a folder that holds other files, too.

    Returns
    -------
    tuple of Path
        The files.

    Raises
    ------
    InputError
        If the folder holds other files, or cannot be written.
    """
    from costmodel import __version__
    from costmodel.evaluation.explained.grounds import grounds_of
    from costmodel.evaluation.explained.key_explanations import key_explanations
    from costmodel.evaluation.life_table import life_table
    from costmodel.report.formats.as_json import evaluation_json
    from costmodel.report.writing import FILE_NAMES, refuse_other_files, write_report_files
    from costmodel.sources.catalogue import load_battery, names

    place, scenario = Path(folder), answer.asked
    refuse_other_files(place, force=force)
    additions = answer._additions()
    lives = life_table(scenario, answer._use, answer.outlook, [load_battery(name) for name in names("batteries")])
    additions = additions._replace(lives=lives, explained=key_explanations(scenario))
    bare = Evaluation.model_construct(**{name: getattr(answer, name) for name in Evaluation.model_fields})
    as_json = evaluation_json(bare, grounds_of(scenario, bare), __version__, additions)
    write_report_files(place, tuple(FILE_NAMES), answer._document(additions), as_json)
    return tuple(place / name for name in FILE_NAMES.values())
