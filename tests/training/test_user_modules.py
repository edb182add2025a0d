"""PyTorch modules of users: read as the function they are, or refused by the part that is not understood."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from costmodel.errors import InputError
from costmodel.specs.model import LayerParameters

pytestmark = pytest.mark.usefixtures("torch_here")

HEAD = """
import torch
from torch import nn
from torch.nn import functional as F


class Parts(nn.Module):
    def __init__(self):
        super().__init__()
        self.c1 = nn.Conv2d(3, 8, 4, padding="same", bias=False)
        self.b1 = nn.BatchNorm2d(8)
        self.c2 = nn.Conv2d(8, 8, 3, padding=1, groups=2)
        self.b2 = nn.BatchNorm2d(8)
        self.c3 = nn.Conv2d(8, 12, 3, stride=2, padding=(1, 0))
        self.drop = nn.Dropout(0.3)
        self.fc = nn.Linear(12, 10)

"""
FORWARDS = {
    "residual": """
        x = F.relu(self.b1(self.c1(x)))
        x = F.relu(x + self.b2(self.c2(x)), inplace=True)
        x = F.relu(self.c3(x))
        x = F.adaptive_avg_pool2d(x, 1)
        return self.fc(self.drop(torch.flatten(x, 1)))
""",
    "methods": """
        x = F.max_pool2d(self.b1(self.c1(x)).relu(), kernel_size=2, stride=2)
        x = self.b2(self.c2(x)).add(x)
        x = F.relu6(self.c3(x))
        x = F.dropout(x.mean(dim=(2, 3)), training=self.training)
        return self.fc(x)
""",
    "views": """
        x = F.avg_pool2d(self.b1(self.c1(x)), 4)
        x = torch.relu(torch.add(self.c2(x), x))
        x = self.c3(x).mean((-2, -1), keepdim=True)
        return self.fc(x.view(x.size(0), -1))
""",
    "joined": """
        x = F.relu(self.b1(self.c1(x)))
        x = torch.cat([self.c2(x)[:, :4], F.relu(x)[:, 2:6].clamp(0.1, 2)], dim=1)
        x = F.hardtanh(self.c3(x), 0.0, 3.0)
        return self.fc(x.mean(3).mean(2))
""",
    "cut and padded": """
        x = self.b1(self.c1(x)).relu_()
        y = F.pad(x[:, :, ::2, 3:-3:2], (2, 0, 0, 0, 1, 3), value=0.5)
        x = F.relu(self.c3(F.pad(x, (0, 1))))[:, :, :, :-1]
        return self.fc((x + y).mean([2, 3]))
""",
    "extents": """
        x = self.c3(self.b2(self.c2(self.b1(self.c1(x)))))
        features = 1
        for extent in x.size()[1:]:
            features *= extent
        x = F.avg_pool2d(x, x.size()[2:]) if x.dim() == 4 and features == 12 * 16 * 15 else x
        return self.fc(x.squeeze(-1).squeeze(-1))
""",
    "shapes": """
        x = torch.relu(self.c3(self.b1(self.c1(x))))
        x = nn.functional.adaptive_avg_pool2d(x, (1, 1)).contiguous()
        return self.fc(x.reshape(x.shape[0], -1))
""",
}


def build(folder: Path, forward: str) -> str:
    """Write a file with a module of the parts above."""
    file = folder / "mine.py"
    text = f"{HEAD}    def forward(self, x):{forward}\n\ndef build():\n    torch.manual_seed(3)\n    return Parts()\n"
    file.write_text(text, encoding="utf-8")
    return f"{file}:build"


@pytest.mark.filterwarnings("ignore:Using padding='same' with even kernel")
@pytest.mark.parametrize("forward", FORWARDS.values(), ids=FORWARDS)
def test_a_module_is_read_as_the_function_it_is(forward: str, tmp_path: Path) -> None:
    import torch

    from costmodel.training.pytorch.network_module import NetworkModule
    from costmodel.training.pytorch.user_modules import model_of_function
    from costmodel.training.teachers import made_by

    reference = build(tmp_path, forward)
    network, module = model_of_function(reference).network, made_by(reference)
    parts = dict(module.named_modules())
    for part in parts.values():
        if isinstance(part, torch.nn.BatchNorm2d):
            part.running_mean.uniform_(-1, 1)
            part.running_var.uniform_(0.5, 2)
    own = {layer.name: parameters_of(parts[layer.name]) for layer in network.ordered if layer.name in parts and layer.name != "drop"}
    ours = NetworkModule(network)
    ours.take(own)
    images = torch.from_numpy(np.random.default_rng(4).normal(size=(3, 3, 32, 32)).astype(np.float32))
    with torch.no_grad():
        np.testing.assert_allclose(ours.eval()(images).numpy(), module.eval()(images).numpy(), rtol=1e-4, atol=1e-5)


def test_what_the_output_does_not_need_is_left_out(tmp_path: Path) -> None:
    from costmodel.training.pytorch.user_modules import model_of_function

    forward = "\n        x = self.c1(x)\n        y = self.b1(x)\n        z = self.c2(x)\n        return z.mean((2, 3))\n"
    network = model_of_function(build(tmp_path, forward)).network
    assert [layer.name for layer in network.layers] == ["c1", "c2", "mean", "mean_1"]


def test_a_network_that_the_firmware_has_no_kernel_for_is_refused_before_it_is_trained(tmp_path: Path) -> None:
    from costmodel.training.pipeline import check_kernels
    from costmodel.training.pytorch.user_modules import model_of_function

    joined = model_of_function(build(tmp_path, "\n        return torch.cat([self.c1(x), x], 1)")).network
    with pytest.raises(InputError, match="cat: the firmware has no kernel for a concat; leave --bits"):
        check_kernels(joined)
    normed = model_of_function(build(tmp_path, "\n        return self.c2(self.b1(F.relu(self.c1(x))))")).network
    with pytest.raises(InputError, match="b1: a batch norm that no convolution stands before is not quantised"):
        check_kernels(normed)


def parameters_of(part: Any) -> LayerParameters:
    weight = part.weight.detach().double().numpy()
    bias = None if part.bias is None else part.bias.detach().double().numpy()
    if not hasattr(part, "running_var"):
        return LayerParameters(weight, bias)
    scale = weight / np.sqrt(part.running_var.double().numpy() + part.eps)
    return LayerParameters(scale, bias - part.running_mean.double().numpy() * scale)


@pytest.mark.parametrize(
    ("forward", "told"),
    [
        ("\n        return torch.cat([x, x])", r"cat: tensors are joined along channels, rows or columns here \(dim 1 to 3\), found dim 0"),
        ("\n        return self.c3(x)", r"c3: takes 8 channels or features, and gets 3"),
        ("\n        return self.fc(torch.flatten(self.c1(x), 1))", r"fc: takes 12 channels or features, and gets 8,192"),
        ("\n        return self.fc(torch.flatten(self.c1(x)))", r"flatten: a flattening of everything but the batch"),
        ("\n        return self.fc(F.max_pool2d(x, 3, ceil_mode=True))", r"max_pool2d: a pooling with ceil_mode"),
        ("\n        return self.fc(F.avg_pool2d(x, 3, 1, 1))", r"counts its padding"),
        ("\n        return F.gelu(x)", r"gelu: gelu is not trained here"),
        ("\n        return x if x.sum() > 0 else -x", r"cannot be traced"),
        ("\n        return self.fc(x.mean())", r"mean: a mean over rows and columns"),
        ("\n        return self.fc(x[:, 0])", r"getitem: a part of every image is cut out here by slices"),
        ("\n        return self.fc(F.pad(x, (1, 1), mode='reflect'))", r"pad: a padding with a constant is trained here"),
        ("\n        return self.fc(x.view(3, -1, 32))", r"view: a view to \(batch, features\) is trained here"),
        (
            "\n        y = self.c1(x)\n        F.relu(y, inplace=True)\n        return self.c2(y)",
            r"relu: it changes c1 in place, and c2 reads that",
        ),
        (
            "\n        y = self.c1(x)\n        z = y.relu_()\n        return self.c2(z) + y",
            r"relu_: it changes c1 in place, and add reads that",
        ),
        ("\n        return self.c2(self.c2(self.c1(x)))", r"c2: it is used twice; each layer has weights of its own here"),
        ("\n        return x, x", r"it returns a tuple, expected one tensor of scores"),
        ("\n        return {'scores': self.c1(x)}", r"it returns a dict, expected one tensor of scores"),
        ("\n        return x", r"it returns its input, expected one tensor of scores"),
    ],
)
def test_what_is_not_understood_is_named(forward: str, told: str, tmp_path: Path) -> None:
    from costmodel.training.pytorch.user_modules import model_of_function

    with pytest.raises(InputError, match=told):
        model_of_function(build(tmp_path, forward))


def test_a_module_of_two_inputs_is_refused(tmp_path: Path) -> None:
    from costmodel.training.pytorch.user_modules import model_of_function

    reference = build(tmp_path, "\n        return self.c1(x)")
    file = Path(reference.removesuffix(":build"))
    file.write_text(file.read_text(encoding="utf-8").replace("def forward(self, x)", "def forward(self, x, y)"), encoding="utf-8")
    with pytest.raises(InputError, match="y: one input is trained here, the module takes more"):
        model_of_function(reference)


@pytest.mark.parametrize(
    ("forward", "told"),
    [
        ("\n        return self.c1(x.float()[:, :2])", r"mine.py:build the teacher fails on images of uint8: RuntimeError: "),
        ("\n        return x, x", r"the teacher returns tuple, expected a tensor of scores"),
    ],
)
def test_a_teacher_that_fails_is_told_in_a_line(forward: str, told: str, tmp_path: Path) -> None:
    from costmodel.training.teachers import load_teacher

    scores = load_teacher(build(tmp_path, forward))
    with pytest.raises(InputError, match=told) as caught:
        scores(np.zeros((2, 32, 32, 3), np.uint8))
    assert len(str(caught.value).splitlines()) == 1
