"""Runs Optuna's TPE by ask and tell. A line on stdin begins a study:
{"space": [...], "sampler", "seed", "first": [params, ...]}; each further one
{"tell": [[number, value], ...]} is answered by a line [number, params] of the next trial. A line with
"space" ends the study before it."""

import json
import sys

import optuna

SAMPLERS = {
    "tpe": lambda seed: optuna.samplers.TPESampler(seed=seed),
    "tpe-group": lambda seed: optuna.samplers.TPESampler(seed=seed, multivariate=True, group=True),
}


def suggest(trial, space):
    """A parameter is asked for exactly if its parent is there and has one of the values."""
    for name, kind, arguments, parent, values in space:
        if parent is not None and trial.params.get(parent) not in values:
            continue
        if kind == "choice":
            trial.suggest_categorical(name, arguments)
        elif kind == "int":
            trial.suggest_int(name, arguments[0], arguments[1], log=arguments[2])
        else:
            trial.suggest_float(name, arguments[0], arguments[1], log=arguments[2])
    return trial.params


def main():
    optuna.logging.set_verbosity(optuna.logging.ERROR)
    print(json.dumps({"optuna": optuna.__version__}), flush=True)
    for line in sys.stdin:
        message = json.loads(line)
        if "space" in message:
            space = message["space"]
            study = optuna.create_study(sampler=SAMPLERS[message["sampler"]](message["seed"]))
            for params in message["first"]:
                study.enqueue_trial(params)
            continue
        for number, value in message["tell"]:
            study.tell(number, value)
        trial = study.ask()
        print(json.dumps([trial.number, suggest(trial, space)]), flush=True)


main()
