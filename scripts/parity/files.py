"""Reads a run's files as others do: events by TensorBoard, tables by pandas, the model by safetensors.

    python files.py RUN    prints what was found as JSON
"""

import glob
import json
import os
import sys

import pandas
from safetensors import safe_open
from tensorboard.backend.event_processing.event_accumulator import EventAccumulator


def main(run):
    (path,) = glob.glob(os.path.join(run, "extra", "*tfevents*"))
    events = EventAccumulator(path, size_guidance={"scalars": 0}).Reload()
    scalars = {
        tag: [[each.step, each.value] for each in events.Scalars(tag)]
        for tag in events.Tags()["scalars"]
    }
    tables = {}
    for name in ("metrics.csv", "steps.csv", "submission.csv"):
        table = pandas.read_csv(os.path.join(run, name))
        tables[name] = {
            "rows": len(table),
            "columns": list(table.columns),
            "types": sorted({str(kind) for kind in table.dtypes}),
        }
    (model,) = glob.glob(os.path.join(run, "checkpoint-*", "model.safetensors"))
    with safe_open(model, "pt") as file:
        names = sorted(file.keys())
    print(json.dumps({"scalars": scalars, "tables": tables, "tensors": names}))


if __name__ == "__main__":
    main(*sys.argv[1:])
