"""Trains in real PyTorch and writes all that a replay needs.

    python export.py small FOLDER   40 steps of every optimiser and loss on a small net, biases frozen
    python export.py full FOLDER    5 steps of the whole network at 128x128

FOLDER gets weights.safetensors (the initial state_dict) and runs.json.
"""

import copy
import sys

import numpy as np
import torch
from safetensors.torch import save_file

from recipe import (
    LOSSES,
    Classifier,
    encode_bytes,
    freeze_convolution_biases,
    optimizer_of,
    to_batch,
    write_json,
)

CLASSES = 11
SMALL = {
    "side": 12,
    "channels": [6, 8],
    "hidden": [24, 16],
    "images": 24,
    "batch": 8,
    "steps": 40,
    "frozen": True,
    "decay": 1e-3,
    "max_norm": 1.0,
    "optimizers": [
        # name, learning rate, momentum of rmsprop
        ("sgd", 0.05, 0),
        ("momentum", 0.01, 0),
        ("adagrad", 0.01, 0),
        ("rmsprop", 0.001, 0),
        ("rmsprop", 0.001, 0.5),
        ("adam", 0.001, 0),
        ("adamw", 0.001, 0),
    ],
    "losses": list(LOSSES),
    "logits_every": 20,
}
FULL = {
    **SMALL,
    "side": 128,
    "channels": [64, 128, 256, 512, 512],
    "hidden": [1024, 512],
    "batch": 8,
    "steps": 5,
    "frozen": False,
    "decay": 1e-5,
    "max_norm": 10.0,
    "optimizers": [("momentum", 0.003, 0), ("adam", 3e-4, 0)],
    "losses": ["cross-entropy"],
    "own_noise": True,
    "logits_every": 5,
}


def make_images(count, side, random):
    """Smooth colour fields plus noise, so that there is something to learn."""
    y, x = np.mgrid[0:side, 0:side] / side
    images = []
    for index in range(count):
        turn = 2 * np.pi * (index % CLASSES) / CLASSES
        field = np.sin(6 * (np.cos(turn) * x + np.sin(turn) * y))[..., None]
        colour = random.uniform(-1, 1, 3)
        noise = random.normal(0, 0.3, (side, side, 3))
        images.append(127.5 + 90 * field * colour + 40 * noise)
    return np.clip(np.rint(np.stack(images)), 0, 255).astype(np.uint8)


def make_batches(plan, random):
    batches = []
    for step in range(plan["steps"]):
        # Every fourth is short, as the last batch of an epoch is.
        size = plan["batch"] - (2 if step % 4 == 3 else 0)
        batches.append(random.permutation(plan["images"])[:size].tolist())
    return batches


def evaluate(net, images):
    net.eval()
    with torch.no_grad():
        logits = net(images)
    net.train()
    return logits.flatten().tolist()


def train(net, plan, name, lr, momentum, loss_name, images, labels, batches):
    parameters = [p for p in net.parameters() if p.requires_grad]
    optimizer = optimizer_of(name, parameters, lr, plan["decay"], momentum)
    run = {
        "optimizer": name,
        "loss": loss_name,
        "lr": lr,
        "rmspropMomentum": momentum,
        "losses": [],
        "norms": [],
        "logits": {},
    }
    net.train()
    for step, batch in enumerate(batches, start=1):
        loss = LOSSES[loss_name](net(images[batch]), labels[batch])
        optimizer.zero_grad()
        loss.backward()
        norm = torch.nn.utils.clip_grad_norm_(parameters, plan["max_norm"])
        optimizer.step()
        run["losses"].append(loss.item())
        run["norms"].append(norm.item())
        if step % plan["logits_every"] == 0:
            run["logits"][step] = [float(f"{v:.8g}") for v in evaluate(net, images)]
    return run


def own_noise(first, plan, run, pixels, labels, batches):
    """How far the same training in double precision is from `run`: nobody can be nearer."""
    net = copy.deepcopy(first).double()
    images = to_batch(pixels).double()
    settings = (run["optimizer"], run["lr"], run["rmspropMomentum"], run["loss"])
    double = train(net, plan, *settings, images, torch.from_numpy(labels), batches)
    return max(abs(a - b) for a, b in zip(run["losses"], double["losses"]))


def main(kind, folder):
    torch.manual_seed(6666)
    torch.set_num_threads(1)
    random = np.random.default_rng(6666)
    plan = {"small": SMALL, "full": FULL}[kind]
    pixels = make_images(plan["images"], plan["side"], random)
    labels = np.arange(plan["images"]) % CLASSES
    batches = make_batches(plan, random)
    first = Classifier(plan["side"], plan["channels"], plan["hidden"], CLASSES)
    if plan["frozen"]:
        freeze_convolution_biases(first)
    save_file(first.state_dict(), f"{folder}/weights.safetensors")
    runs = []
    for name, lr, momentum in plan["optimizers"]:
        for loss in plan["losses"]:
            net = copy.deepcopy(first)
            arguments = (to_batch(pixels), torch.from_numpy(labels), batches)
            run = train(net, plan, name, lr, momentum, loss, *arguments)
            if plan.get("own_noise"):
                run["ownNoise"] = own_noise(first, plan, run, pixels, labels, batches)
            runs.append(run)
    write_json(
        f"{folder}/runs.json",
        {
            "madeBy": f"torch {torch.__version__}, scripts/parity/export.py {kind}",
            "imageSize": plan["side"],
            "channels": plan["channels"],
            "hidden": plan["hidden"],
            "classes": CLASSES,
            "weightDecay": plan["decay"],
            "maxGradNorm": plan["max_norm"],
            "frozenConvolutionBiases": plan["frozen"],
            "pixels": encode_bytes(pixels),
            "labels": labels.tolist(),
            "batches": batches,
            "runs": runs,
        },
    )


if __name__ == "__main__":
    main(*sys.argv[1:])
