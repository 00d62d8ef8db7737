"""Pillow's pixels, to be equalled bit for bit.

    python pillow.py fixture              hashes of Pillow's output on synthetic images, as JSON
    python pillow.py photographs FOLDER   crops of scikit-image's 11 photographs as JPEG files, and in
                                          cases.json what Pillow makes of each at several sizes
    python pillow.py speedset FOLDER      200 photographs of 512 x 450
    python pillow.py speed FOLDER SIDE    what decode + bilinear of FOLDER's files costs
"""

import hashlib
import io
import json
import os
import sys
import time

import numpy as np
from PIL import Image

PHOTOGRAPHS = "astronaut chelsea coffee rocket retina immunohistochemistry hubble_deep_field coins grass gravel brick".split()


def synthetic(width, height, channels, seed):
    """The same bytes as `syntheticRaster` in resample.parity.test.ts: a 32-bit linear congruence."""
    state, values = seed & 0xFFFFFFFF, bytearray()
    for _ in range(width * height * channels):
        state = (state * 1664525 + 1013904223) & 0xFFFFFFFF
        values.append(state >> 24)
    shape = (height, width) if channels == 1 else (height, width, channels)
    return Image.fromarray(np.frombuffer(bytes(values), np.uint8).reshape(shape))


def sha(image):
    return hashlib.sha256(image.tobytes()).hexdigest()[:16]


def fixture():
    sizes = [(1, 1), (2, 3), (17, 31), (64, 64), (100, 75), (131, 97), (257, 3), (40, 150), (90, 91)]
    targets = [(1, 1), (5, 7), (32, 32), (128, 128), (33, 200)]
    cases = []
    for index, (width, height) in enumerate(sizes):
        for target in targets:
            channels = 1 if index % 3 == 1 else 3
            image = synthetic(width, height, channels, index + 1)
            cases.append([width, height, channels, index + 1, *target, sha(image.resize(target, Image.BILINEAR))])
    print(json.dumps({"madeBy": f"Pillow {Image.__version__}, scripts/parity/pillow.py", "cases": cases}))


def photographs(folder):
    import skimage.data

    random = np.random.default_rng(6666)
    cases = []
    for name in PHOTOGRAPHS:
        whole = Image.fromarray(getattr(skimage.data, name)())
        whole = whole if whole.mode in ("L", "RGB") else whole.convert("RGB")
        for index in range(5):
            width, height = (int(random.integers(20, side + 1)) for side in whole.size)
            left = int(random.integers(0, whole.width - width + 1))
            top = int(random.integers(0, whole.height - height + 1))
            path = os.path.join(folder, f"{name}-{index}.jpg")
            crop = whole.crop((left, top, left + width, top + height))
            options = [dict(quality=90), dict(quality=75), dict(quality=95, subsampling=0), dict(quality=85, progressive=True), dict(quality=60)]
            crop.save(path, **options[index])
            side = [128, 32, 64, 200, 129][index]
            image = Image.open(path).convert("RGB").resize((side, side), Image.BILINEAR)
            cases.append({"path": path, "side": side, "sha": sha(image)})
    with open(os.path.join(folder, "cases.json"), "w", encoding="utf-8") as file:
        json.dump(cases, file)


def speedset(folder):
    import skimage.data

    for index in range(200):
        whole = Image.fromarray(getattr(skimage.data, PHOTOGRAPHS[index % 7])()).convert("RGB")
        left, top = index % 50 * 2, index % 40
        crop = whole.resize((700, 620)).crop((left, top, left + 512, top + 450))
        crop.save(os.path.join(folder, f"{index % 7}_{index}.jpg"), quality=90)


def speed(folder, side):
    paths = [os.path.join(folder, name) for name in sorted(os.listdir(folder)) if name.endswith(".jpg")]
    side = int(side)
    began, cpu = time.perf_counter(), time.process_time()
    for path in paths:
        with open(path, "rb") as file:
            data = file.read()
        np.asarray(Image.open(io.BytesIO(data)).convert("RGB").resize((side, side), Image.BILINEAR))
    seconds, cpu = time.perf_counter() - began, time.process_time() - cpu
    print(json.dumps({"perSec": len(paths) / seconds, "cpuMs": 1000 * cpu / len(paths)}))


if __name__ == "__main__":
    globals()[sys.argv[1]](*sys.argv[2:])
