"""Times Optuna's ask. Usage: ALGORITHM TRIALS; then a line with a number for so many asks, answered
by a line with their milliseconds as a JSON list. The first line says what this is, or why not."""

import json
import os
import sys
import time
from pathlib import Path

import optuna

NAMES = [f"x{i}" for i in range(10)]


def find_torch():
    """Optuna's GP needs torch: 8 GB, so it is shared with scripts/parity where that is set up."""
    try:
        import torch  # noqa: F401
    except ImportError:
        cache = os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache"
        venv = os.environ.get("ESPALIER_PARITY_VENV") or Path(cache) / "espalier" / "parity-venv"
        sys.path.extend(str(path) for path in Path(venv).glob("lib/python3*/site-packages"))


def sampler_of(algorithm):
    if algorithm == "gp":
        find_torch()
    samplers = {
        "random": lambda: optuna.samplers.RandomSampler(seed=1),
        "tpe": lambda: optuna.samplers.TPESampler(seed=1),
        "cma-es": lambda: optuna.samplers.CmaEsSampler(seed=1),
        "sobol": lambda: optuna.samplers.QMCSampler(seed=1, scramble=True),
        "gp": lambda: optuna.samplers.GPSampler(seed=1),
    }
    return samplers[algorithm]()


def value_of(params):
    return sum((value - 0.3) ** 2 for value in params.values())


def ask(study):
    trial = study.ask()
    for name in NAMES:
        trial.suggest_float(name, 0.0, 1.0)
    return trial


def fill(study, algorithm, trials):
    """Random results; for CMA-ES its own, without which it has no state to go on from."""
    if algorithm == "cma-es":
        for _ in range(trials):
            trial = ask(study)
            study.tell(trial, value_of(trial.params))
        return
    import random

    source = random.Random(7)
    space = {name: optuna.distributions.FloatDistribution(0.0, 1.0) for name in NAMES}
    for _ in range(trials):
        params = {name: source.random() for name in NAMES}
        study.add_trial(
            optuna.trial.create_trial(params=params, distributions=space, value=value_of(params))
        )


def main():
    algorithm, trials = sys.argv[1], int(sys.argv[2])
    optuna.logging.set_verbosity(optuna.logging.ERROR)
    try:
        study = optuna.create_study(sampler=sampler_of(algorithm))
        fill(study, algorithm, trials)
        ask(study)
    except ImportError as error:
        print(json.dumps({"missing": str(error).splitlines()[0]}), flush=True)
        return
    print(json.dumps({"optuna": optuna.__version__}), flush=True)
    for line in sys.stdin:
        times = []
        for _ in range(int(line)):
            begun = time.perf_counter()
            trial = ask(study)
            times.append(1000 * (time.perf_counter() - begun))
            study.tell(trial, value_of(trial.params))
        print(json.dumps(times), flush=True)


main()
