"""Makes an 11-class data set: which of scikit-image's photographs is this patch from?

    python patches.py FOLDER [TRAIN] [VALID]

Writes TRAIN (200) patches per photograph from its left half to FOLDER/train and VALID (60) from its
right half to FOLDER/valid, so that no pixel is in both.
"""

import os
import sys

import numpy as np
from PIL import Image

from pillow import PHOTOGRAPHS


def main(folder, train=200, valid=60):
    import skimage.data

    random = np.random.default_rng(6666)
    for label, name in enumerate(PHOTOGRAPHS):
        whole = Image.fromarray(getattr(skimage.data, name)()).convert("RGB")
        half = whole.width // 2
        parts = {"train": (0, half, int(train)), "valid": (half, whole.width, int(valid))}
        for split, (left, right, count) in parts.items():
            os.makedirs(os.path.join(folder, split), exist_ok=True)
            for index in range(count):
                side = int(random.integers(80, min(right - left, whole.height, 160) + 1))
                x = int(random.integers(left, right - side + 1))
                y = int(random.integers(0, whole.height - side + 1))
                patch = whole.crop((x, y, x + side, y + side))
                patch.save(os.path.join(folder, split, f"{label}_{index:03d}.jpg"), quality=92)


if __name__ == "__main__":
    main(*sys.argv[1:])
