"""One sample of an answer: the inputs that were drawn for it, from which `explain` computes an end of an interval anew."""

from __future__ import annotations

from costmodel.columns import Number, is_column
from costmodel.evaluation.battery.question import BatteryNumbers, BatteryQuestion
from costmodel.evaluation.battery.uncertainty import sampled
from costmodel.provenance import Constant, leaf


def drawn_numbers(question: BatteryQuestion, place: int) -> BatteryNumbers:
    """Return what one sample is computed from.

    Parameters
    ----------
    question : BatteryQuestion
        Inputs, number of samples and seed.
    place : int
        Which sample, from 0.

    Returns
    -------
    BatteryNumbers
        Of lone numbers that remember their input and that they were drawn.
    """

    def read(constant: Constant, path: str, words: str) -> Number:
        column = sampled(constant, words, question.sample_count, question.seed)
        if not is_column(column):
            return leaf(column, path or words, constant.source)
        drawn = f"draw {place + 1:,} of {question.sample_count:,}"
        return leaf(float(column[place]), path or words, f"{constant.source} ({drawn} from its range, seed {question.seed})")

    return question.numbers(read)
