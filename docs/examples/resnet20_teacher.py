"""A ResNet-20 for CIFAR-10 as a teacher of `costmodel compress`, its weights read from an `.npz` of arrays.

    COSTMODEL_TEACHER=resnet20_cifar10.npz costmodel compress best --data cifar10.zip --teacher resnet20_teacher.py:build

The weights are those of github.com/akamaster/pytorch_resnet_cifar10 (`resnet20-12fca82f.th`, BSD-2-style licence), 91.7 % on the test
images; the network is that of He et al., 2016, with shortcuts that take every second row and column and pad zero channels (option A).
"""

import os

import numpy as np
import torch
from torch.nn import functional

MEAN = (0.485, 0.456, 0.406)
STD = (0.229, 0.224, 0.225)


class Block(torch.nn.Module):
    """Two convolutions and a shortcut."""

    def __init__(self, channels: int, width: int, stride: int) -> None:
        super().__init__()
        self.conv1 = torch.nn.Conv2d(channels, width, 3, stride, 1, bias=False)
        self.bn1 = torch.nn.BatchNorm2d(width)
        self.conv2 = torch.nn.Conv2d(width, width, 3, 1, 1, bias=False)
        self.bn2 = torch.nn.BatchNorm2d(width)
        self.padding = (width - channels) // 2
        self.stride = stride

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        """Return the block's output."""
        shortcut = functional.pad(x[:, :, :: self.stride, :: self.stride], (0, 0, 0, 0, self.padding, self.padding))
        return functional.relu(self.bn2(self.conv2(functional.relu(self.bn1(self.conv1(x))))) + shortcut)


class Teacher(torch.nn.Module):
    """ResNet-20 of uint8 images, which it normalises itself."""

    def __init__(self) -> None:
        super().__init__()
        self.conv1 = torch.nn.Conv2d(3, 16, 3, 1, 1, bias=False)
        self.bn1 = torch.nn.BatchNorm2d(16)
        self.layer1 = torch.nn.Sequential(*(Block(16, 16, 1) for _ in range(3)))
        self.layer2 = torch.nn.Sequential(Block(16, 32, 2), Block(32, 32, 1), Block(32, 32, 1))
        self.layer3 = torch.nn.Sequential(Block(32, 64, 2), Block(64, 64, 1), Block(64, 64, 1))
        self.linear = torch.nn.Linear(64, 10)
        self.register_buffer("mean", torch.tensor(MEAN).reshape(1, 3, 1, 1), persistent=False)
        self.register_buffer("std", torch.tensor(STD).reshape(1, 3, 1, 1), persistent=False)

    def forward(self, images: torch.Tensor) -> torch.Tensor:
        """Return ten scores for each image (images, 3, 32, 32) of uint8."""
        x = (images.float() / 255 - self.mean) / self.std
        x = functional.relu(self.bn1(self.conv1(x)))
        x = self.layer3(self.layer2(self.layer1(x)))
        return self.linear(x.mean(dim=(2, 3)))


def build() -> torch.nn.Module:
    """Return the teacher with the weights that COSTMODEL_TEACHER names."""
    teacher = Teacher()
    with np.load(os.environ["COSTMODEL_TEACHER"]) as stored:
        state = {name.removeprefix("module."): torch.from_numpy(stored[name]) for name in stored.files}
    teacher.load_state_dict(state, strict=False)
    missing = set(teacher.state_dict()) - set(state) - {name for name in teacher.state_dict() if name.endswith("num_batches_tracked")}
    if missing:
        raise KeyError(f"no weights for {sorted(missing)[0]}")
    return teacher.eval()
