"""PyTorch, or a skip that says how to install it."""

import importlib.util
import os

import pytest


@pytest.fixture(scope="session")
def torch_here() -> None:
    """Skip, or fail where the oracles are required, without PyTorch; one thread, so that bits are the same beside other tests."""
    if importlib.util.find_spec("torch") is None:
        if "oracles" in os.environ.get("COSTMODEL_REQUIRE", "").split(","):
            pytest.fail("PyTorch is not installed: make oracles")
        pytest.skip("PyTorch is not installed: make oracles")
    import torch

    torch.set_num_threads(1)
