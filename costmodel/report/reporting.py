"""An evaluation to a document: the table of contents of a report."""

from __future__ import annotations

from costmodel.report.additions import NO_ADDITIONS, Additions
from costmodel.report.document import Document
from costmodel.report.first.answer import answer_blocks
from costmodel.report.first.life_words import life_choices
from costmodel.report.sections.assumptions import assumptions_section
from costmodel.report.sections.counts import counts_section
from costmodel.report.sections.energy import energy_section
from costmodel.report.sections.latency import latency_section
from costmodel.report.sections.layers import layers_section
from costmodel.report.sections.memory import memory_section
from costmodel.report.sections.power import power_section
from costmodel.report.sections.schedule import schedule_section
from costmodel.report.sections.summary import figures_section, findings_section, lead_sentences
from costmodel.report.sections.verdict import verdict_section
from costmodel.results.conclusions.grounds import Grounds
from costmodel.results.evaluation import Evaluation
from costmodel.specs.scenario import Scenario


def report_document(
    evaluation: Evaluation, scenario: Scenario, grounds: Grounds, version: str, additions: Additions = NO_ADDITIONS
) -> Document:
    """Return the report of an evaluation.

    Parameters
    ----------
    evaluation : Evaluation
        The answer.
    scenario : Scenario
        What was asked.
    grounds : Grounds
        What the answer rests on: constants and formulas with their sources end the report.
    version : str
        Version of costmodel, for the last line.
    additions : Additions, optional
        What else was asked.

    Returns
    -------
    Document
        The answer first, then findings, figures, and what they rest on.
    """
    sections = (
        *((findings_section(evaluation),) if evaluation.findings else ()),
        figures_section(evaluation, additions.facts(evaluation.duration_s is not None)),
        layers_section(evaluation),
        energy_section(evaluation, scenario),
        verdict_section(evaluation),
        memory_section(evaluation, scenario),
        *(() if evaluation.schedule is None else (schedule_section(evaluation.schedule),)),
        latency_section(evaluation, additions.outlook),
        power_section(evaluation, grounds.life, additions.outlook),
        *additions.sections(),
        counts_section(evaluation),
        *additions.why_section(),
        assumptions_section(evaluation, scenario.device, grounds.constants, grounds.formulas),
    )
    title = f"{evaluation.network} on {evaluation.device}"
    colophon = f"Scenario {evaluation.scenario}, costmodel {version}."
    asked = additions.asked(evaluation)
    answer = () if asked is None else answer_blocks(asked)
    choices = None if additions.lives is None else life_choices(additions.lives)
    return Document(title, lead_sentences(evaluation), sections, colophon, answer, choices)
