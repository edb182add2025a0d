"""`costmodel calibrate`: a runtime's speed on a device, from networks that were measured there."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer


def calibrate_command(
    measured: Annotated[
        Path | None,
        typer.Argument(
            metavar="TABLE.csv|LOG",
            help="Columns network, latency_ms; perhaps clock_mhz, energy_uj. Or the log of a device with this firmware's timing build.",
            show_default=False,
        ),
    ] = None,
    device: Annotated[str | None, typer.Option(help="Packaged device, or a file.", show_default=False)] = None,
    runtime: Annotated[str, typer.Option(help="What ran the networks, by any name.")] = "my-runtime",
    network: Annotated[
        str | None, typer.Option(help="What a log ran, where it is none of the zoo: a name or a file.", show_default=False)
    ] = None,
    dataflow: Annotated[
        str | None, typer.Option(help="Whose runs of a log are taken, where it holds several's.", show_default=False)
    ] = None,
    version: Annotated[str, typer.Option(help="Its version: times of another one are another table.")] = "as measured",
    out: Annotated[Path | None, typer.Option(help="File to write.  [default: RUNTIME-DEVICE.runtime.yaml]", show_default=False)] = None,
    force: Annotated[bool, typer.Option("--force", help="Replace the file if it is there.")] = False,
    output_format: Annotated[str, typer.Option("--format", help="terminal, json, csv or markdown.")] = "terminal",
) -> None:
    """Fit a runtime's speed on a device to whole networks measured there: one is enough for an answer, two show how far it is off.

    The file that is written holds the measured networks; `report` and `predict` take it as --runtime.

    Examples
    --------
    costmodel calibrate measured.csv --device nrf52840 --runtime tflm-cmsis-nn
    costmodel calibrate serial.log --device esp32-wroom --runtime costmodel --dataflow output-stationary
    costmodel report model.tflite --device nrf52840 --runtime tflm-cmsis-nn-nrf52840.runtime.yaml
    """
    from costmodel.cli.options import mappings_chosen
    from costmodel.cli.output import format_of, write_answer
    from costmodel.errors import MissingError, SpecError
    from costmodel.evaluation.timing.fitting_networks import NetworkTime, fit_networks
    from costmodel.report.answers.calibration import calibration_answer
    from costmodel.sources.catalogue import load_device, names
    from costmodel.sources.documents.atomic_file import write_whole
    from costmodel.sources.measured.logged_times import is_device_log, read_logged_times
    from costmodel.sources.measured.measured_times import read_measured_times
    from costmodel.sources.runtimes import load_runtime, runtime_text

    form = format_of(output_format)
    if measured is None or device is None:
        raise MissingError("give a table and a device: costmodel calibrate measured.csv --device nrf52840 --runtime tflm-cmsis-nn")
    target = load_device(device)
    path = out or Path(f"{runtime}-{target.name}.runtime.yaml")
    if path.exists() and not force:
        raise SpecError(f"{path}: is there already; --force replaces it, --out names another file")
    if is_device_log(measured):
        mapping = None if dataflow is None else mappings_chosen("--dataflow", [dataflow])[0]
        times = [NetworkTime(*row) for row in read_logged_times(measured, network, mapping)]
    elif network is not None or dataflow is not None:
        raise SpecError(
            f"{'--network' if network is not None else '--dataflow'}: is of a device log; the rows of a table name their networks"
        )
    else:
        times = [NetworkTime(*row) for row in read_measured_times(measured)]
    known = load_runtime(runtime) if runtime in names("runtimes") else None
    made, fit = fit_networks(times, target, runtime, version, None if known is None else known.arena)
    write_whole(path, runtime_text(made))
    write_answer(calibration_answer(fit, str(path)), form)
