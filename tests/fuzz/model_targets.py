"""Model files of other tools among the inputs that are searched: each reader, the whole way to a model with weights."""

from __future__ import annotations

import io
import json
from pathlib import Path

from costmodel.evaluation.graphs.tflm import plan_tflm_arena
from costmodel.sources.importers.model_files import is_tflite_file, load_model_graph
from costmodel.sources.importers.to_model import model_of


def read_model_file(path: Path, content: bytes) -> None:
    """Read a file as what it says it is, and plan the arena of the runtime it is made for."""
    graph = load_model_graph(path)
    if is_tflite_file(path):
        plan_tflm_arena(graph)
    model_of(graph)


def tflite_seeds() -> tuple[bytes, ...]:
    """Return small TensorFlow Lite files."""
    from tflite_writer import small_network

    return (small_network(), small_network(padding=1))


def onnx_seeds() -> tuple[bytes, ...]:
    """Return small ONNX files: of real numbers, quantised, recurrent and with shape arithmetic."""
    from onnx_examples import quantised as with_quantisation
    from onnx_examples import recurrent, reshaped, small

    return (small(), with_quantisation(), recurrent(), reshaped())


def pt2_seeds() -> tuple[bytes, ...]:
    """Return a small archive of torch.export."""
    from tests.sources.importers.test_torch import archive

    return (archive(),)


def program_seeds() -> tuple[bytes, ...]:
    """Return a program of torch.export as its JSON has it."""
    from tests.sources.importers.test_torch import program

    return (json.dumps(program()).encode(),)


def read_program(path: Path, content: bytes) -> None:
    """Read a program in an archive that is sound."""
    from tests.sources.importers.test_torch import archive

    path.write_bytes(archive(content))
    read_model_file(path, content)


def h5_seeds() -> tuple[bytes, ...]:
    """Return a small file of Keras 2."""
    from tests.sources.importers.test_keras import SMALL, written

    return (written(SMALL),)


def configuration_seeds() -> tuple[bytes, ...]:
    """Return the configuration of a Keras model."""
    import h5py

    with h5py.File(io.BytesIO(h5_seeds()[0])) as file:
        return (file.attrs["model_config"].encode(),)


def read_configuration(path: Path, content: bytes) -> None:
    """Read a configuration beside arrays that are sound."""
    import h5py

    stream = io.BytesIO(h5_seeds()[0])
    with h5py.File(stream, "a") as file:
        file.attrs["model_config"] = content.decode("utf-8", errors="replace").replace("\0", "?")
    path.write_bytes(stream.getvalue())
    read_model_file(path, content)
