"""Loads our safetensors into the recipe's network, strictly, and evaluates it.

    python load.py MODEL.safetensors SIDE WIDTH CLASSES PIXELS.raw

PIXELS.raw holds images of SIDE x SIDE x RGB bytes. Prints {"missing", "unexpected", "logits"}.
"""

import json
import sys

import numpy as np
import torch
from safetensors.torch import load_file

from recipe import recipe_net, to_batch


def main(model, side, width, classes, pixels):
    side = int(side)
    net = recipe_net(side, float(width), int(classes))
    result = net.load_state_dict(load_file(model), strict=True)
    net.eval()
    images = np.fromfile(pixels, np.uint8).reshape(-1, side, side, 3)
    with torch.no_grad():
        logits = net(to_batch(images))
    print(
        json.dumps(
            {
                "missing": result.missing_keys,
                "unexpected": result.unexpected_keys,
                "logits": logits.flatten().tolist(),
            }
        )
    )


if __name__ == "__main__":
    main(*sys.argv[1:])
