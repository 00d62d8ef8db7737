"""The recipe in PyTorch, as the reference: the network, its losses and optimisers."""

import base64
import json

import numpy as np
import torch
from torch import nn


class Classifier(nn.Module):
    """Blocks of convolution, BatchNorm, ReLU and pooling, then linear layers, as the recipe has."""

    def __init__(self, side, channels, hidden, classes):
        super().__init__()
        layers, before = [], 3
        for count in channels:
            layers += [
                nn.Conv2d(before, count, 3, 1, 1),
                nn.BatchNorm2d(count),
                nn.ReLU(),
                nn.MaxPool2d(2, 2, 0),
            ]
            before, side = count, side // 2
        self.cnn = nn.Sequential(*layers)
        layers, before = [], before * side * side
        for count in hidden:
            layers += [nn.Linear(before, count), nn.ReLU()]
            before = count
        self.fc = nn.Sequential(*layers, nn.Linear(before, classes))

    def forward(self, images):
        return self.fc(self.cnn(images).flatten(1))


def recipe_net(side=128, width=1.0, classes=11):
    """The recipe's network; `width` scales every hidden layer, `side` is the image's."""
    scaled = lambda sizes: [max(1, int(np.floor(size * width + 0.5))) for size in sizes]
    return Classifier(side, scaled((64, 128, 256, 512, 512)), scaled((1024, 512)), classes)


def freeze_convolution_biases(net):
    """Before BatchNorm their gradient is rounding noise, which adaptive optimisers blow up."""
    for module in net.cnn:
        if isinstance(module, nn.Conv2d):
            module.bias.requires_grad_(False)


def mean_squared_error(logits, labels):
    target = nn.functional.one_hot(labels, logits.shape[1]).to(logits.dtype)
    return nn.functional.mse_loss(torch.softmax(logits, 1), target)


LOSSES = {"cross-entropy": nn.functional.cross_entropy, "mse": mean_squared_error}


def optimizer_of(name, parameters, lr, decay, momentum):
    common = {"lr": lr, "weight_decay": decay, "foreach": False}
    return {
        "sgd": lambda: torch.optim.SGD(parameters, **common),
        "momentum": lambda: torch.optim.SGD(parameters, momentum=0.9, **common),
        "adagrad": lambda: torch.optim.Adagrad(parameters, **common),
        "rmsprop": lambda: torch.optim.RMSprop(parameters, momentum=momentum, **common),
        "adam": lambda: torch.optim.Adam(parameters, **common),
        "adamw": lambda: torch.optim.AdamW(parameters, **common),
    }[name]()


def to_batch(images):
    """Bytes (n, height, width, rgb) to floats 0..1 (n, rgb, height, width)."""
    return torch.from_numpy(images.astype(np.float32) / np.float32(255)).permute(0, 3, 1, 2)


def encode_bytes(array):
    return base64.b64encode(array.tobytes()).decode("ascii")


def write_json(path, value):
    with open(path, "w", encoding="utf-8") as file:
        json.dump(value, file, indent=None, separators=(",", ":"))
        file.write("\n")
