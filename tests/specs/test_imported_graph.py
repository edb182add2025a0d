"""The imported graph: attributes are read by the type they are meant to have, graphs by their number in the file."""

from __future__ import annotations

from costmodel.specs.imported_graph import GraphBody, ImportedGraph, ImportedOperator


def test_an_attribute_of_another_type_is_the_default() -> None:
    operator = ImportedOperator("Conv", 1, (), (), {"stride": (2, 1), "alpha": 0.5, "mode": "same", "mixed": (1, 2.5), "group": 4})
    assert operator.whole("group") == 4
    assert operator.whole("alpha", 7) == 7
    assert operator.real("alpha") == 0.5
    assert operator.real("group") == 4
    assert operator.text("mode") == "same"
    assert operator.text("group", "none") == "none"
    assert operator.wholes("stride") == (2, 1)
    assert operator.wholes("mixed", (1,)) == (1,)
    assert operator.wholes("missing") == ()


def test_graphs_are_found_by_their_number_in_the_file() -> None:
    body = GraphBody((), (), (), ())
    graph = ImportedGraph((), (), (), (), name="m", format_name="f", const_bytes=0, bodies=(body,))
    assert graph.graph_count == 2
    assert graph.graph(0) is graph
    assert graph.graph(1) is body
    assert graph.graph(2) is None
    assert graph.graph(-1) is None
