"""Small networks of PyTorch in the styles that people write them in, for tests of what each computes once it is imported."""

from __future__ import annotations

import math
from typing import Any

import torch
from torch import nn
from torch.nn import functional


class Classifier(nn.Module):
    """Tokens: an embedding, an encoder of two heads, a mean."""

    def __init__(self) -> None:
        super().__init__()
        self.table = nn.Embedding(40, 16)
        self.encoder = nn.TransformerEncoderLayer(16, 2, 32, batch_first=True)
        self.out = nn.Linear(16, 2)

    def forward(self, x: Any) -> Any:
        return self.out(self.encoder(self.table(x)).mean(1))


class Decoder(nn.Module):
    """Tokens and their places, attention with a mask made while it runs, a number for every token."""

    def __init__(self) -> None:
        super().__init__()
        self.tokens, self.places = nn.Embedding(40, 16), nn.Embedding(12, 16)
        self.norm = nn.LayerNorm(16)
        self.attention = nn.MultiheadAttention(16, 2, batch_first=True)
        self.head = nn.Linear(16, 40, bias=False)

    def forward(self, x: Any) -> Any:
        steps = x.shape[1]
        y = self.tokens(x) + self.places(torch.arange(steps, device=x.device))
        mask = torch.triu(torch.ones(steps, steps, dtype=torch.bool), 1)
        z = self.norm(y)
        return self.head(y + self.attention(z, z, z, attn_mask=mask, need_weights=False)[0])


class Reader(nn.Module):
    """Text in an image: convolutions, an LSTM in both directions along the columns."""

    def __init__(self) -> None:
        super().__init__()
        self.conv = nn.Sequential(nn.Conv2d(1, 4, 3, padding=1), nn.ReLU(inplace=True), nn.MaxPool2d((2, 1)))
        self.lstm = nn.LSTM(32, 8, bidirectional=True, batch_first=True)
        self.out = nn.Linear(16, 11)

    def forward(self, x: Any) -> Any:
        x = self.conv(x)
        batch, channels, rows, columns = x.shape
        x = x.permute(0, 3, 1, 2).reshape(batch, columns, channels * rows)
        return functional.log_softmax(self.out(self.lstm(x)[0]), 2)


class Directions(nn.Module):
    """A GRU's last states in both directions."""

    def __init__(self) -> None:
        super().__init__()
        self.gru = nn.GRU(6, 8, batch_first=True, bidirectional=True)
        self.out = nn.Linear(16, 4)

    def forward(self, x: Any) -> Any:
        _, last = self.gru(x)
        return self.out(torch.cat([last[-2], last[-1]], 1))


class Waves(nn.Module):
    """Dilated convolutions that look back only, each with a gate."""

    def __init__(self) -> None:
        super().__init__()
        self.first = nn.Conv1d(6, 8, 1)
        self.gates = nn.ModuleList([nn.Conv1d(8, 16, 2, dilation=2**at) for at in range(3)])
        self.mixed = nn.ModuleList([nn.Conv1d(8, 8, 1) for _ in range(3)])
        self.out = nn.Conv1d(8, 4, 1)

    def forward(self, x: Any) -> Any:
        x, total = self.first(x), 0
        for at, (gate, mixed) in enumerate(zip(self.gates, self.mixed, strict=True)):
            a, b = torch.chunk(gate(functional.pad(x, (2**at, 0))), 2, 1)
            y = mixed(a.tanh() * b.sigmoid())
            total, x = total + y, x + y
        return self.out(functional.relu(total))[..., -1]


class Attentive(nn.Module):
    """A convolution weighed by its channels and by its places."""

    def __init__(self) -> None:
        super().__init__()
        self.conv = nn.Conv2d(3, 8, 3, padding=1)
        self.channels = nn.Sequential(nn.Linear(8, 4), nn.ReLU(), nn.Linear(4, 8))
        self.places = nn.Conv2d(2, 1, 7, padding=3)

    def forward(self, x: Any) -> Any:
        x = self.conv(x)
        x = x * torch.sigmoid(self.channels(x.mean((2, 3))) + self.channels(x.amax((2, 3)))).view(1, 8, 1, 1)
        both = torch.cat([x.mean(1, keepdim=True), x.max(1, keepdim=True)[0]], 1)
        return (x * torch.sigmoid(self.places(both)).expand_as(x)).flatten(2).mean(-1)


class Detector(nn.Module):
    """Boxes and classes from two sizes of a picture; two outputs."""

    def __init__(self) -> None:
        super().__init__()
        self.stages = nn.ModuleList([nn.Sequential(nn.Conv2d(i, o, 3, 2, 1), nn.ReLU6()) for i, o in ((3, 8), (8, 12))])
        self.boxes = nn.ModuleList([nn.Conv2d(8, 8, 3, padding=1), nn.Conv2d(12, 8, 3, padding=1)])
        self.classes = nn.ModuleList([nn.Conv2d(8, 6, 1), nn.Conv2d(12, 6, 1)])

    def forward(self, x: Any) -> Any:
        boxes, classes = [], []
        for stage, box, kind in zip(self.stages, self.boxes, self.classes, strict=True):
            x = stage(x)
            boxes.append(box(x).permute(0, 2, 3, 1).reshape(x.shape[0], -1, 4))
            classes.append(kind(x).permute(0, 2, 3, 1).contiguous().view(x.shape[0], -1, 3))
        return torch.cat(boxes, 1), functional.softmax(torch.cat(classes, 1), dim=-1)


class Sharper(nn.Module):
    """A picture three times as large: channels that become places."""

    def __init__(self) -> None:
        super().__init__()
        self.conv = nn.Conv2d(3, 27, 3, padding=1)
        self.spread = nn.PixelShuffle(3)

    def forward(self, x: Any) -> Any:
        return (self.spread(self.conv(x)) + functional.interpolate(x, scale_factor=3, mode="nearest")).clamp(0, 1)


class Normed(nn.Module):
    """Norms over groups, channels and the root of squares, activations with a parameter of their own."""

    def __init__(self) -> None:
        super().__init__()
        self.first, self.second = nn.Conv1d(4, 12, 5), nn.Conv1d(12, 12, 3, groups=4)
        self.groups, self.channels, self.root = nn.GroupNorm(3, 12), nn.InstanceNorm1d(12), nn.RMSNorm(12)

    def forward(self, x: Any) -> Any:
        x = self.channels(functional.mish(self.second(functional.celu(self.groups(self.first(x)), 0.5))))
        return self.root(functional.elu(x, 0.3).transpose(1, 2)).abs().mean(1)


class Anomaly(nn.Module):
    """How far a window is from what is made of it, in units of its own spread, and whether that is far."""

    def __init__(self) -> None:
        super().__init__()
        self.body = nn.Sequential(nn.Linear(24, 8), nn.SiLU(), nn.Linear(8, 24))

    def forward(self, x: Any) -> Any:
        x = (x - x.mean(-1, keepdim=True)) / (x.std(-1, keepdim=True) + 1e-5)
        error = (self.body(x) - x).pow(2)
        return error.mean(-1), (error > 0.5).any(-1), torch.logsumexp(error, -1)


class Equations(nn.Module):
    """Attention as equations."""

    def __init__(self) -> None:
        super().__init__()
        self.parts = nn.ModuleList([nn.Linear(16, 16) for _ in range(3)])

    def forward(self, x: Any) -> Any:
        query, key, value = (part(x).reshape(1, 10, 4, 4) for part in self.parts)
        scores = torch.einsum("bqhd,bkhd->bhqk", query, key) / math.sqrt(4)
        return torch.einsum("bhqk,bkhd->bqhd", scores.softmax(-1), value).flatten(2)


class Twins(nn.Module):
    """A picture and what is known of it; how like a prototype each is."""

    def __init__(self) -> None:
        super().__init__()
        self.conv = nn.Conv2d(3, 8, 3, 2)
        self.linear = nn.Linear(12, 8)
        self.prototypes = nn.Parameter(torch.randn(5, 8))

    def forward(self, picture: Any, facts: Any) -> Any:
        x = self.linear(torch.cat([functional.selu(self.conv(picture)).amax(dim=(-1, -2)), facts], -1))
        return functional.normalize(x, dim=-1) @ functional.normalize(self.prototypes, dim=-1).t()


class Steps(nn.Module):
    """Cells, step by step, and a plain recurrent layer over what they make."""

    def __init__(self) -> None:
        super().__init__()
        self.cell, self.second = nn.GRUCell(6, 5), nn.LSTMCell(5, 4)
        self.rnn = nn.RNN(4, 3, nonlinearity="relu", batch_first=True)

    def forward(self, x: Any) -> Any:
        hidden, state, made = x.new_zeros(1, 5), (x.new_zeros(1, 4), x.new_zeros(1, 4)), []
        for step in range(4):
            hidden = self.cell(x[:, step], hidden)
            state = self.second(hidden, state)
            made.append(state[0])
        return self.rnn(torch.stack(made, 1))[0]


SMALL: dict[str, tuple[type[nn.Module], tuple[tuple[int, ...], ...]]] = {
    "classifier": (Classifier, ((1, 10),)),
    "decoder": (Decoder, ((1, 12),)),
    "reader": (Reader, ((1, 1, 16, 12),)),
    "directions": (Directions, ((1, 9, 6),)),
    "waves": (Waves, ((1, 6, 20),)),
    "attentive": (Attentive, ((1, 3, 10, 8),)),
    "detector": (Detector, ((1, 3, 16, 16),)),
    "sharper": (Sharper, ((1, 3, 7, 6),)),
    "normed": (Normed, ((1, 4, 20),)),
    "anomaly": (Anomaly, ((1, 24),)),
    "equations": (Equations, ((1, 10, 16),)),
    "twins": (Twins, ((1, 3, 12, 12), (1, 4))),
    "steps": (Steps, ((1, 4, 6),)),
}
"""Each network and the shapes of its inputs."""
OF_TOKENS = frozenset({"classifier", "decoder"})
"""Networks that read numbers of rows."""


def made(name: str) -> tuple[nn.Module, tuple[Any, ...]]:
    """Return a network in evaluation mode and an example of each input."""
    kind, shapes = SMALL[name]
    torch.manual_seed(0)
    module = kind().eval()
    with torch.no_grad():
        for value in module.state_dict().values():
            if value.dtype == torch.float32 and value.dim() == 1:
                # Exporters drop what changes nothing: scales of one, shifts of zero.
                value.uniform_(0.5, 1.5)
    examples = tuple(torch.randint(0, 12, shape) if name in OF_TOKENS else torch.randn(*shape) for shape in shapes)
    return module, examples


class Applied(nn.Module):
    """A convolution, and one function of what it makes."""

    def __init__(self, function: Any) -> None:
        super().__init__()
        self.conv = nn.Conv2d(3, 8, 3, padding=1)
        self.function = function

    def forward(self, x: Any) -> Any:
        return self.function(self.conv(x))


FUNCTIONS: dict[str, Any] = {
    "above": lambda x: x * (x > 0.1),
    "adapted": nn.AdaptiveMaxPool2d((3, 5)),
    "atan": torch.atan,
    "average of unequal windows": nn.AdaptiveAvgPool2d(5),
    "average that counts its padding": nn.AvgPool2d(3, 2, 1, ceil_mode=True),
    "average that leaves out its padding": nn.AvgPool2d(3, 2, 1, count_include_pad=False),
    "celu": nn.CELU(0.7),
    "channels shuffled": nn.ChannelShuffle(2),
    "choice": lambda x: torch.where(x > 0.1, x, -x),
    "circular": lambda x: functional.pad(x, (1, 2, 3, 0), "circular"),
    "cosine": lambda x: functional.cosine_similarity(x[:, :4], x[:, 4:], dim=1),
    "deviation": lambda x: x.std(1),
    "edge": lambda x: functional.pad(x, (1, 2, 0, 1), "replicate"),
    "equal": lambda x: (x.argmax(1) == 3).float() + (x.argmax(1) != 2).float(),
    "expanded": lambda x: x + x.mean(1, keepdim=True).expand_as(x),
    "exponentials": lambda x: torch.expm1(x) + torch.log1p(x.abs()) + torch.log2(x.abs() + 1),
    "flipped": lambda x: x.flip(3).flip((1, 2)),
    "gated": nn.GLU(1),
    "gelu": nn.GELU(),
    "gelu by tanh": nn.GELU("tanh"),
    "hard": lambda x: functional.hardsigmoid(x) + functional.hardswish(x) + functional.hardtanh(x),
    "interleaved": lambda x: x.repeat_interleave(2, 1),
    "interpolated": lambda x: torch.lerp(x[:, :4], x[:, 4:], 0.3),
    "inverse root": lambda x: (x * x + 1).rsqrt(),
    "largest": lambda x: x.max(2)[0] - x.min(2)[0] + x.amax() - torch.maximum(x, -x).amin(2),
    "layer": nn.LayerNorm([8, 12, 10]),
    "least log": lambda x: functional.logsigmoid(x) + functional.softplus(x, beta=2.0),
    "length": lambda x: x.norm(dim=1) + x.norm(p=1, dim=1),
    "local": nn.LocalResponseNorm(3, alpha=0.2),
    "masked": lambda x: x.masked_fill(x < 0, 0.25),
    "moved": lambda x: x.movedim(1, 3),
    "picked": lambda x: x[:, [0, 3, 3]] + torch.index_select(x, 1, torch.tensor([1, 2, 5])),
    "powers": lambda x: x**3 + x.abs() ** 0.5 + x**2,
    "product": lambda x: x.prod(1),
    "quotients": lambda x: 1 / (1 + x.exp()) + x / 3 - 2 / (x.abs() + 1) + (5 - x),
    "remainder": lambda x: torch.remainder(x, 0.5),
    "rolled": lambda x: torch.roll(x, (2, -3), (2, 3)),
    "rounded": lambda x: x.floor() + x.round() + x.ceil() + x.sign(),
    "running": lambda x: x.cumsum(2),
    "scaled sums": lambda x: torch.add(x[:, :4], x[:, 4:], alpha=2.5) + torch.addcmul(x[:, :4], x[:, 4:], x[:, :4], value=0.5),
    "selu": nn.SELU(),
    "shrunk": lambda x: functional.softshrink(x, 0.3) + functional.hardshrink(x, 0.2) + functional.threshold(x, 0.1, 2.0),
    "softmax along rows": lambda x: x.softmax(2) + functional.softmin(x, 3),
    "some": lambda x: ((x > 0.5) | (x < -0.5)).any(1).float() + ((x > 0.5) & ~(x < 0.7)).all(1).float(),
    "space to channels": nn.PixelUnshuffle(2),
    "squared": lambda x: torch.square(x) + functional.softsign(x),
    "split unevenly": lambda x: torch.cat([each * at for at, each in enumerate(x.split([1, 3, 4], 1), 1)], 1),
    "stacked": lambda x: torch.stack([x, -x], 2).flatten(1, 2),
    "sum of parts": lambda x: sum(x.unbind(1)),
    "upsampled": nn.Upsample(scale_factor=2, mode="bilinear"),
    "upsampled at corners": nn.Upsample(scale_factor=2, mode="bilinear", align_corners=True),
    "upsampled to a size": nn.Upsample(size=(17, 19)),
    "variance": lambda x: x.var((2, 3)) + x.var((2, 3), correction=0),
    "waves": lambda x: x.sin() + x.cos() + torch.erf(x) + x.tanh(),
    "windows past the end": nn.MaxPool2d(3, 2, ceil_mode=True),
}
"""What networks do with what a convolution makes, by name."""
