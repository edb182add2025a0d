"""The verdict between dataflows, under both placements of the scratch rows: it depends on where they live."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

from costmodel.report.cells import Cell, Form
from costmodel.report.document import Column, Paragraph, Row, Section, Table
from costmodel.report.quantities import Scale, energy_scale, sentence, times_text
from costmodel.results.evaluation import DataflowEvaluation, EnergySplit, Evaluation


def verdict_section(evaluation: Evaluation) -> Section:
    """Return the dataflows side by side, with the scratch rows in SRAM and in registers.

    Parameters
    ----------
    evaluation : Evaluation
        The answer.

    Returns
    -------
    Section
        The verdict in a sentence, and the table it rests on.
    """
    answers = evaluation.dataflows
    scale = energy_scale(value for answer in answers for value in (answer.energy.memory_pj, answer.energy.tensor_pj))
    columns = (
        Column("Dataflow", number=False),
        Column("Rows in SRAM", scale.unit),
        Column("against best"),
        Column("Rows in registers", scale.unit),
        Column("against best"),
        Column("Scratch buffers"),
        Column("Largest scratch"),
    )
    memory, tensors = evaluation.memory_ratios, evaluation.tensor_ratios
    rows = tuple(
        Row(
            (
                answer.dataflow.value,
                Cell(answer.energy.memory_pj, Form.ENERGY, "energy.memory", answer.dataflow.value, scale),
                _against(memory, answer, answers),
                Cell(answer.energy.tensor_pj, Form.ENERGY, "energy.tensors", answer.dataflow.value, scale),
                _against(tensors, answer, answers),
                Cell(answer.scratch_buffer_count, Form.COUNT, f"{_own(answer)}.scratch_buffer_count", answer.dataflow.value),
                Cell(answer.scratch_bytes, Form.BYTES, f"{_own(answer)}.scratch_bytes", answer.dataflow.value),
            )
        )
        for answer in answers
    )
    table = Table(
        "Dynamic energy of the memory for one inference, for both places the scratch rows can live in",
        columns,
        rows,
        "Rows in SRAM: scratch rows (partial sums, row buffers) cost the same accesses as tensors. Rows in registers: they cost nothing,"
        " as the single accumulator of output-stationary does in both columns. Leakage and arithmetic are listed separately, under Energy.",
    )
    return Section("verdict", "Which dataflow", (Paragraph(verdict_text(evaluation, scale)), table))


def verdict_text(evaluation: Evaluation, scale: Scale) -> str:
    """Return which dataflow costs least memory energy, under both placements.

    Parameters
    ----------
    evaluation : Evaluation
        Of one dataflow or more.
    scale : Scale
        Unit of energy.

    Returns
    -------
    str
        One or two sentences.
    """
    answers = evaluation.dataflows
    if len(answers) == 1:
        energy = answers[0].energy
        return (
            f"Only {answers[0].dataflow.value} was asked for: {scale.text(energy.memory_pj)} with scratch rows in SRAM,"
            f" {scale.text(energy.tensor_pj)} with scratch rows in registers."
        )
    memory, registers = _ranked(answers, _in_memory), _ranked(answers, _in_registers)
    in_memory, in_registers = (
        _placement_text(ranked, value, scale, ratios)
        for ranked, value, ratios in (
            (memory, _in_memory, evaluation.memory_ratios),
            (registers, _in_registers, evaluation.tensor_ratios),
        )
    )
    if memory[0].dataflow is registers[0].dataflow:
        return sentence(
            f"{memory[0].dataflow.value} costs least wherever the scratch rows live: {in_memory} in SRAM, {in_registers} in registers"
        )
    return (
        f"The verdict depends on where the scratch rows live. With the rows in SRAM {memory[0].dataflow.value} costs least: {in_memory}."
        f" With the rows in registers {registers[0].dataflow.value} costs least: {in_registers}."
    )


def _own(answer: DataflowEvaluation) -> str:
    return f"dataflows.{answer.dataflow.value}"


def _in_memory(energy: EnergySplit) -> float:
    return energy.memory_pj


def _in_registers(energy: EnergySplit) -> float:
    return energy.tensor_pj


def _ranked(answers: tuple[DataflowEvaluation, ...], value: Callable[[EnergySplit], float]) -> list[DataflowEvaluation]:
    return sorted(answers, key=lambda answer: value(answer.energy))


def _placement_text(
    ranked: list[DataflowEvaluation], value: Callable[[EnergySplit], float], scale: Scale, ratios: Mapping[str, float]
) -> str:
    best, second = value(ranked[0].energy), value(ranked[1].energy)
    name = ranked[1].dataflow.value
    times = f", {times_text(ratios[name])}" if ratios else ""
    return f"{scale.text(best)} against {scale.text(second)} ({name}{times})"


def _against(ratios: Mapping[str, float], answer: DataflowEvaluation, rivals: Sequence[DataflowEvaluation]) -> str:
    ratio = ratios.get(answer.dataflow.value)
    if len(rivals) == 1 or ratio is None:
        return ""
    return "best" if ratio == 1 else times_text(ratio)
