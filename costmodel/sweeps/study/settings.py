"""Fields an axis sets together, ordered so that no later one overwrites an earlier one: a network before its layers."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any, Final, NamedTuple

from costmodel.errors import SpecError, UnknownNameError
from costmodel.sources.documents.yaml_document import YamlDocument
from costmodel.specs.scenario import Scenario
from costmodel.sweeps.study.design_fields import short_path
from costmodel.sweeps.study.error_location import blamed
from costmodel.sweeps.study.overrides import with_override
from costmodel.sweeps.study.study_spec import Study

_BROUGHT: Final[Mapping[str, tuple[str, ...]]] = {
    "network": ("layers.", "types.", "input"),
    "device": ("memory_energy", "compute_energy", "calibration", "observed_heap"),
}
"""What comes with a field that is set as a whole, beside the fields below it."""


class Setting(NamedTuple):
    """A field and what it becomes."""

    path: str
    value: Any
    written_at: tuple[str | int, ...]
    """DesignField in the study."""


def study_settings(study: Study) -> list[Setting]:
    """Return what a study sets before anything varies."""
    return [Setting(path, value, ("set", path)) for path, value in study.set.items()]


def with_settings(scenario: Scenario, settings: Iterable[Setting], beside: Path | None, document: YamlDocument | None) -> Scenario:
    """Return a scenario with fields set, whole things before their parts.

    Parameters
    ----------
    scenario : Scenario
        What to start from.
    settings : iterable of Setting
        In any order; of two at one level the later counts.
    beside : Path or None
        Folder that relative paths in values start from.
    document : YamlDocument or None
        The study as written, for messages to say where.

    Returns
    -------
    Scenario
        Checked.
    """
    for setting in sorted(settings, key=_level):
        with blamed(document, *setting.written_at):
            scenario = with_override(scenario, setting.path, setting.value, beside)
    return scenario


def with_choices(base: Scenario, study: Study, chosen: Sequence[Setting], beside: Path | None, document: YamlDocument | None) -> Scenario:
    """Return the base with choices made; what the study sets below a network or a device that a choice replaces is set again.

    Parameters
    ----------
    base : Scenario
        With what the study sets.
    study : Study
        As written.
    chosen : sequence of Setting
        The choices.
    beside, document : Path or None, YamlDocument or None
        As `with_settings` takes them.

    Returns
    -------
    Scenario
        Checked.
    """
    paths = {short_path(setting.path) for setting in chosen}
    again = [
        each for each in study_settings(study) if short_path(each.path) not in paths and any(_brings(path, each.path) for path in paths)
    ]
    return with_settings(base, [*again, *chosen], beside, document)


def choice_place(study: Study, place: int, at: int, path: str) -> tuple[str | int, ...]:
    """Return where a study writes what choice number `at` of axis number `place` sets."""
    variants = study.axes[place].variants
    return ("axes", place, "values", at) if variants is None else ("axes", place, "variants", list(variants)[at], path)


def first_networks(study: Study) -> list[Setting]:
    """Return the network that is evaluated first, where networks vary."""
    found = []
    for place, axis in enumerate(study.axes):
        if axis.variants is not None:
            settings = list(axis.variants.values())
        elif "network" in axis.paths:
            settings = [{"network": value} for value in axis.values or ()]
        else:
            continue
        if settings and "network" in settings[0]:
            found.append(Setting("network", settings[0]["network"], choice_place(study, place, 0, "network")))
    return found


def of_every_network(error: UnknownNameError, label: str) -> SpecError:
    """Return the error of an axis on a layer that one of several networks does not have, with what to do instead."""
    return SpecError(
        f"axis {label!r}: {error.message}; an axis varies in every network of the study: take a pattern that each has, such as "
        "layers.*.out_channels, or sweep each network by itself",
        error.location,
    )


def _level(setting: Setting) -> int:
    path = short_path(setting.path)
    return 0 if path in _BROUGHT else 1 + path.count(".")


def _brings(whole: str, path: str) -> bool:
    return short_path(path).startswith((f"{whole}.", *_BROUGHT.get(whole, ())))
