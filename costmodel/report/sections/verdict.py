"""The verdict between dataflows, under both placements of the scratch rows: it depends on where they live."""

from __future__ import annotations

from collections.abc import Callable

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
    best_memory, best_tensor = (min(value(answer.energy) for answer in answers) for value in (_in_memory, _in_registers))
    rows = tuple(
        Row(
            (
                answer.dataflow.value,
                Cell(answer.energy.memory_pj, Form.ENERGY, "energy.memory", answer.dataflow.value, scale),
                _against(answer.energy.memory_pj, best_memory, len(answers)),
                Cell(answer.energy.tensor_pj, Form.ENERGY, "energy.tensors", answer.dataflow.value, scale),
                _against(answer.energy.tensor_pj, best_tensor, len(answers)),
                Cell(max(layer.counts.scratch_buffer_count for layer in answer.layers), Form.COUNT),
                Cell(max(layer.counts.scratch_bytes for layer in answer.layers), Form.BYTES),
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
    return Section("verdict", "Which dataflow", (Paragraph(verdict_text(answers, scale)), table))


def verdict_text(answers: tuple[DataflowEvaluation, ...], scale: Scale) -> str:
    """Return which dataflow costs least memory energy, under both placements.

    Parameters
    ----------
    answers : tuple of DataflowEvaluation
        At least one.
    scale : Scale
        Unit of energy.

    Returns
    -------
    str
        One or two sentences.
    """
    if len(answers) == 1:
        energy = answers[0].energy
        return (
            f"Only {answers[0].dataflow.value} was asked for: {scale.text(energy.memory_pj)} with scratch rows in SRAM,"
            f" {scale.text(energy.tensor_pj)} with scratch rows in registers."
        )
    memory, registers = _ranked(answers, _in_memory), _ranked(answers, _in_registers)
    in_memory, in_registers = (
        _placement_text(ranked, value, scale) for ranked, value in ((memory, _in_memory), (registers, _in_registers))
    )
    if memory[0].dataflow is registers[0].dataflow:
        return sentence(
            f"{memory[0].dataflow.value} costs least wherever the scratch rows live: {in_memory} in SRAM, {in_registers} in registers"
        )
    return (
        f"The verdict depends on where the scratch rows live. With the rows in SRAM {memory[0].dataflow.value} costs least: {in_memory}."
        f" With the rows in registers {registers[0].dataflow.value} costs least: {in_registers}."
    )


def _in_memory(energy: EnergySplit) -> float:
    return energy.memory_pj


def _in_registers(energy: EnergySplit) -> float:
    return energy.tensor_pj


def _ranked(answers: tuple[DataflowEvaluation, ...], value: Callable[[EnergySplit], float]) -> list[DataflowEvaluation]:
    return sorted(answers, key=lambda answer: value(answer.energy))


def _placement_text(ranked: list[DataflowEvaluation], value: Callable[[EnergySplit], float], scale: Scale) -> str:
    best, second = value(ranked[0].energy), value(ranked[1].energy)
    times = f", {times_text(second / best)}" if best else ""
    return f"{scale.text(best)} against {scale.text(second)} ({ranked[1].dataflow.value}{times})"


def _against(value: float, best: float, rivals: int) -> str:
    if rivals == 1:
        return ""
    if value == best:
        return "best"
    return times_text(value / best) if best else ""
