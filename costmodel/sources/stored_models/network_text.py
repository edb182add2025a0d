"""A network as the YAML a person would write: a layer a line, nothing that is the default."""

from __future__ import annotations

import io
from typing import Any

from costmodel.specs.network import Network
from costmodel.specs.shapes import shape_text


def network_text(network: Network) -> str:
    """Return a network as a YAML file.

    Parameters
    ----------
    network : Network
        Any.

    Returns
    -------
    str
        Read back it is the same network.
    """
    from ruamel.yaml import YAML
    from ruamel.yaml.comments import CommentedMap

    def in_one_line(fields: dict[str, Any]) -> CommentedMap:
        line = CommentedMap(fields)
        line.fa.set_flow_style()
        return line

    fields = network.model_dump(mode="json", exclude_defaults=True)
    document: dict[str, Any] = {"name": network.name}
    if network.description:
        document["description"] = network.description
    document["input"] = shape_text(network.input) if len(network.input) == 3 else list(network.input)
    if "types" in fields:
        document["types"] = in_one_line(fields["types"])
    document |= {said: fields[said] for said in ("left_out", "decided") if said in fields}
    document["layers"] = [
        in_one_line({"name": layer.name, "kind": layer.kind} | {key: value for key, value in own.items() if key not in ("name", "kind")})
        for layer, own in zip(network.layers, fields["layers"], strict=True)
    ]
    writer = YAML()
    writer.width = 2**20
    writer.allow_unicode = True
    writer.indent(mapping=2, sequence=4, offset=2)
    room = io.StringIO()
    writer.dump(document, room)
    return room.getvalue()
