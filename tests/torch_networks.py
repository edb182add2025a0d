"""Small networks of PyTorch as people write them, for tests of what becomes of them."""

from __future__ import annotations

from typing import Any

import torch
from torch import nn
from torch.nn import functional


class Residual(nn.Module):
    def __init__(self, inputs: int, outputs: int, stride: int) -> None:
        super().__init__()
        self.conv1 = nn.Conv2d(inputs, outputs, 3, stride, 1, bias=False)
        self.bn1 = nn.BatchNorm2d(outputs)
        self.conv2 = nn.Conv2d(outputs, outputs, 3, 1, 1, bias=False)
        self.bn2 = nn.BatchNorm2d(outputs)
        shortcut = [nn.Conv2d(inputs, outputs, 1, stride, bias=False), nn.BatchNorm2d(outputs)]
        self.shortcut = nn.Sequential(*shortcut) if stride != 1 or inputs != outputs else nn.Identity()

    def forward(self, x: Any) -> Any:
        y = self.bn2(self.conv2(torch.relu(self.bn1(self.conv1(x)))))
        return torch.relu(y + self.shortcut(x))


class ResNet18(nn.Module):
    """He et al., 2016, with 1,000 classes."""

    def __init__(self) -> None:
        super().__init__()
        self.stem = nn.Sequential(nn.Conv2d(3, 64, 7, 2, 3, bias=False), nn.BatchNorm2d(64), nn.ReLU(), nn.MaxPool2d(3, 2, 1))
        widths = [(64, 64, 1), (64, 64, 1), (64, 128, 2), (128, 128, 1), (128, 256, 2), (256, 256, 1), (256, 512, 2), (512, 512, 1)]
        self.layers = nn.Sequential(*(Residual(*each) for each in widths))
        self.pool = nn.AdaptiveAvgPool2d(1)
        self.fc = nn.Linear(512, 1000)

    def forward(self, x: Any) -> Any:
        return self.fc(torch.flatten(self.pool(self.layers(self.stem(x))), 1))


class Inverted(nn.Module):
    def __init__(self, inputs: int, outputs: int, stride: int, expansion: int) -> None:
        super().__init__()
        wide = inputs * expansion
        parts: list[nn.Module] = [] if expansion == 1 else [nn.Conv2d(inputs, wide, 1, bias=False), nn.BatchNorm2d(wide), nn.ReLU6()]
        parts += [nn.Conv2d(wide, wide, 3, stride, 1, groups=wide, bias=False), nn.BatchNorm2d(wide), nn.ReLU6()]
        self.body = nn.Sequential(*parts, nn.Conv2d(wide, outputs, 1, bias=False), nn.BatchNorm2d(outputs))
        self.skips = stride == 1 and inputs == outputs

    def forward(self, x: Any) -> Any:
        return x + self.body(x) if self.skips else self.body(x)


class MobileNetV2(nn.Module):
    """Sandler et al., 2018."""

    def __init__(self) -> None:
        super().__init__()
        parts: list[nn.Module] = [nn.Conv2d(3, 32, 3, 2, 1, bias=False), nn.BatchNorm2d(32), nn.ReLU6()]
        width = 32
        for expansion, outputs, count, stride in (
            (1, 16, 1, 1), (6, 24, 2, 2), (6, 32, 3, 2), (6, 64, 4, 2), (6, 96, 3, 1), (6, 160, 3, 2), (6, 320, 1, 1),
        ):  # fmt: skip
            for at in range(count):
                parts.append(Inverted(width, outputs, stride if at == 0 else 1, expansion))
                width = outputs
        parts += [nn.Conv2d(width, 1280, 1, bias=False), nn.BatchNorm2d(1280), nn.ReLU6()]
        self.features = nn.Sequential(*parts)
        self.classifier = nn.Sequential(nn.Dropout(0.2), nn.Linear(1280, 1000))

    def forward(self, x: Any) -> Any:
        return self.classifier(self.features(x).mean((2, 3)))


class Fire(nn.Module):
    def __init__(self, inputs: int, squeezed: int, expanded: int) -> None:
        super().__init__()
        self.squeeze = nn.Conv2d(inputs, squeezed, 1)
        self.point = nn.Conv2d(squeezed, expanded, 1)
        self.wide = nn.Conv2d(squeezed, expanded, 3, padding=1)

    def forward(self, x: Any) -> Any:
        x = functional.relu(self.squeeze(x))
        return torch.cat([functional.relu(self.point(x)), functional.relu(self.wide(x))], 1)


class SqueezeNet(nn.Module):
    """Iandola et al., 2016, version 1.1."""

    def __init__(self) -> None:
        super().__init__()
        self.features = nn.Sequential(
            nn.Conv2d(3, 64, 3, 2), nn.ReLU(), nn.MaxPool2d(3, 2, ceil_mode=True),
            Fire(64, 16, 64), Fire(128, 16, 64), nn.MaxPool2d(3, 2, ceil_mode=True),
            Fire(128, 32, 128), Fire(256, 32, 128), nn.MaxPool2d(3, 2, ceil_mode=True),
            Fire(256, 48, 192), Fire(384, 48, 192), Fire(384, 64, 256), Fire(512, 64, 256),
        )  # fmt: skip
        self.classifier = nn.Sequential(nn.Dropout(), nn.Conv2d(512, 1000, 1), nn.ReLU(), nn.AdaptiveAvgPool2d(1))

    def forward(self, x: Any) -> Any:
        return torch.flatten(self.classifier(self.features(x)), 1)


class Words(nn.Module):
    """Two layers of an LSTM over a sequence, and its last output."""

    def __init__(self) -> None:
        super().__init__()
        self.lstm = nn.LSTM(10, 16, num_layers=2, batch_first=True)
        self.fc = nn.Linear(16, 4)

    def forward(self, x: Any) -> Any:
        return self.fc(self.lstm(x)[0][:, -1])


class Tagger(nn.Module):
    """A GRU in both directions, and a linear layer along the sequence."""

    def __init__(self) -> None:
        super().__init__()
        self.gru = nn.GRU(10, 16, batch_first=True, bidirectional=True)
        self.fc = nn.Linear(32, 4)

    def forward(self, x: Any) -> Any:
        return self.fc(self.gru(x)[0])


def double(inputs: int, outputs: int) -> nn.Module:
    first = [nn.Conv2d(inputs, outputs, 3, padding=1), nn.BatchNorm2d(outputs), nn.ReLU()]
    return nn.Sequential(*first, nn.Conv2d(outputs, outputs, 3, padding=1), nn.BatchNorm2d(outputs), nn.ReLU())


class UNet(nn.Module):
    """Ronneberger et al., 2015, two levels deep: one raised by a transposed convolution, one by its neighbours."""

    def __init__(self) -> None:
        super().__init__()
        self.down1, self.down2, self.middle = double(1, 8), double(8, 16), double(16, 32)
        self.raised = nn.ConvTranspose2d(32, 16, 2, 2)
        self.up2, self.up1 = double(32, 16), double(24, 8)
        self.out = nn.Conv2d(8, 2, 1)
        self.pool = nn.MaxPool2d(2)

    def forward(self, x: Any) -> Any:
        first = self.down1(x)
        second = self.down2(self.pool(first))
        y = self.up2(torch.cat([self.raised(self.middle(self.pool(second))), second], 1))
        return self.out(self.up1(torch.cat([functional.interpolate(y, scale_factor=2, mode="nearest"), first], 1)))


class Attention(nn.Module):
    """A transformer block of two heads."""

    def __init__(self) -> None:
        super().__init__()
        self.norm = nn.LayerNorm(16)
        self.three = nn.Linear(16, 48)
        self.out = nn.Linear(16, 16)
        self.feed = nn.Sequential(nn.Linear(16, 32), nn.GELU(), nn.Linear(32, 16))

    def forward(self, x: Any) -> Any:
        batch, steps, width = x.shape
        query, key, value = self.three(self.norm(x)).reshape(batch, steps, 3, 2, 8).permute(2, 0, 3, 1, 4)
        y = functional.scaled_dot_product_attention(query, key, value).transpose(1, 2).reshape(batch, steps, width)
        x = x + self.out(y)
        return (x + self.feed(x)).mean(1)


class Speech(nn.Module):
    """A convolution along time, an LSTM behind it, its last state."""

    def __init__(self) -> None:
        super().__init__()
        self.conv = nn.Conv1d(4, 8, 3, padding=1)
        self.lstm = nn.LSTM(8, 8, batch_first=True)
        self.fc = nn.Linear(8, 3)

    def forward(self, x: Any) -> Any:
        _, (last, _) = self.lstm(functional.hardswish(self.conv(x)).transpose(1, 2))
        return functional.log_softmax(self.fc(last[-1]), -1)


NETWORKS: dict[str, tuple[type[nn.Module], tuple[int, ...]]] = {
    "resnet18": (ResNet18, (1, 3, 64, 64)),
    "mobilenetv2": (MobileNetV2, (1, 3, 64, 64)),
    "squeezenet": (SqueezeNet, (1, 3, 96, 96)),
    "words": (Words, (1, 20, 10)),
    "tagger": (Tagger, (1, 20, 10)),
    "unet": (UNet, (1, 1, 32, 32)),
    "attention": (Attention, (1, 12, 16)),
    "speech": (Speech, (1, 4, 20)),
}


def made(name: str) -> tuple[nn.Module, Any]:
    """Return a network in evaluation mode, as if it had been trained, and an example of its input."""
    kind, shape = NETWORKS[name]
    torch.manual_seed(0)
    module = kind().eval()
    with torch.no_grad():
        for value in module.state_dict().values():
            if value.dtype == torch.float32 and value.dim() == 1:
                # A norm of a new network changes nothing, and its shift is dropped by exporters.
                value.uniform_(0.5, 1.5)
    return module, torch.randn(*shape)


def hooked_macs(module: nn.Module, example: Any) -> int:
    """Multiply-accumulates by hooks on modules, padding counted; of attention, by its two products."""
    total = 0

    def count(layer: nn.Module, inputs: Any, output: Any) -> None:
        nonlocal total
        if isinstance(layer, nn.Conv1d | nn.Conv2d):
            total += output.numel() * layer.weight[0].numel()
        elif isinstance(layer, nn.ConvTranspose2d):
            total += inputs[0].numel() * layer.weight[0].numel()
        elif isinstance(layer, nn.Linear):
            total += output.numel() * layer.in_features
        elif isinstance(layer, nn.LSTM | nn.GRU):
            steps = inputs[0].shape[1]
            total += steps * sum(value.numel() for key, value in layer.named_parameters() if key.startswith("weight"))
        elif isinstance(layer, Attention):
            steps = inputs[0].shape[1]
            total += 2 * steps * steps * 16

    hooks = [layer.register_forward_hook(count) for layer in module.modules()]
    with torch.no_grad():
        module(example)
    for hook in hooks:
        hook.remove()
    return total


def folded_parameters(module: nn.Module) -> int:
    """Parameters once norms are folded into the convolutions before them, and both biases of an LSTM's gate are one.

    Every convolution without a bias here has a norm behind it, whose shift becomes its bias.
    """
    total = sum(value.numel() for value in module.parameters())
    for layer in module.modules():
        if isinstance(layer, nn.BatchNorm2d):
            total -= 2 * layer.num_features
        elif isinstance(layer, nn.Conv2d) and layer.bias is None:
            total += layer.out_channels
        elif isinstance(layer, nn.LSTM):
            total -= sum(value.numel() for key, value in layer.named_parameters() if key.startswith("bias_hh"))
    return total
