"""Runtimes: by packaged name, by file, or the one usual on a core."""

from __future__ import annotations

from pathlib import Path
from typing import cast

from costmodel.sources.catalogue import load_of_kind, load_packaged, names
from costmodel.specs.devices.hardware import Device
from costmodel.specs.devices.runtime import Runtime


def load_runtime(reference: str | Path | Runtime) -> Runtime:
    """Load a runtime: what runs a network, and how fast as far as is known; see `load_network` for what a reference may be."""
    return cast(Runtime, load_of_kind("runtimes", reference))


def runtime_text(runtime: Runtime) -> str:
    """Return a runtime as the YAML that `load_runtime` reads back equal."""
    import io

    from ruamel.yaml import YAML

    writer = YAML(typ="safe", pure=True)
    writer.width = 140
    # Leaves in one line, as the packaged files have them.
    writer.default_flow_style = None
    writer.sort_base_mapping_type_on_output = False  # type: ignore[assignment] # its stub knows None alone
    stream = io.StringIO()
    writer.dump(runtime.model_dump(mode="json", exclude_defaults=True), stream)
    return stream.getvalue()


def usual_runtime(device: Device) -> Runtime | None:
    """Return the packaged runtime taken on a device where nobody names one; None where none is."""
    for name in names("runtimes"):
        runtime = load_packaged("runtimes", name, Runtime)
        if any(device.core.endswith(core) for core in runtime.default_on):
            return runtime
    return None
