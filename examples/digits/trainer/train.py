#!/usr/bin/env python3
"""Learns handwritten digits with a small neural network, in plain Python 3.8+, and can be stopped at any moment.

Configuration: DEFAULTS < the run's configuration (JSON in RELAUNCH_CONFIG) < flags such as --epochs 5.
Standard output: one JSON line of metrics per epoch. Standard error: everything else.
Checkpoints go to RELAUNCH_CHECKPOINT_DIR (or --checkpoint-dir), where there is one. A run that resumes from one
prints the same numbers as a run that was never interrupted. SIGTERM and SIGINT: checkpoint, then exit 143 or 130.
"""
import argparse
import json
import math
import os
import random
import signal
import sys
import time
from operator import mul

try:
    from tabulate import tabulate  # of requirements.txt: without it there is no table at the end
except ImportError:
    tabulate = None

DEFAULTS = {
    "epochs": 20,
    "seed": 1,
    "lr": 0.02,
    "momentum": 0.9,
    "l2": 1e-4,
    "batch_size": 16,
    "hidden": 32,
    "train_rows": 1437,  # of 1797; the others are for validation
    "epoch_sleep": 0.0,  # seconds that an epoch is made longer by, at no cost of CPU time
    "fail_at_epoch": -1,  # the first attempt exits with fail_code before this epoch
    "fail_code": 3,
}

# A checkpoint of other values of these is another model's.
IDENTITY = ("seed", "lr", "momentum", "l2", "batch_size", "hidden", "train_rows")

DATA = os.path.join(os.path.dirname(os.path.abspath(__file__)), "digits.csv")


def say(event, **details):
    print(json.dumps(dict(event=event, **details)), file=sys.stderr, flush=True)


def read_config():
    parser = argparse.ArgumentParser(description="Learns handwritten digits.")
    for key, default in DEFAULTS.items():
        parser.add_argument("--" + key.replace("_", "-"), dest=key, type=type(default))
    parser.add_argument("--checkpoint-dir", default=os.environ.get("RELAUNCH_CHECKPOINT_DIR"))
    flags = vars(parser.parse_args())
    checkpoint_dir = flags.pop("checkpoint_dir")
    config = dict(DEFAULTS, **json.loads(os.environ.get("RELAUNCH_CONFIG") or "{}"))
    config.update({key: value for key, value in flags.items() if value is not None})
    return {key: checked(key, value) for key, value in config.items()}, checkpoint_dir


def checked(key, value):
    if key not in DEFAULTS:
        sys.exit("unknown setting %r: there are %s" % (key, ", ".join(DEFAULTS)))
    wanted = type(DEFAULTS[key])
    if isinstance(value, bool) or not isinstance(value, (int, wanted)):
        sys.exit("setting %r is %r: it must be of type %s" % (key, value, wanted.__name__))
    return wanted(value)


def read_rows():
    with open(DATA) as lines:
        rows = [[int(field) for field in line.split(",")] for line in lines]
    random.Random(0).shuffle(rows)
    return [([pixel / 16.0 for pixel in row[:-1]], row[-1]) for row in rows]


class Network:
    """One hidden layer of rectifiers, a softmax over ten digits, gradient descent with momentum."""

    def __init__(self, inputs, hidden, outputs, rng):
        def weights(rows, columns):
            spread = math.sqrt(2.0 / columns)
            return [[rng.gauss(0, spread) for _ in range(columns)] for _ in range(rows)]

        self.p = {"w1": weights(hidden, inputs), "b1": [0.0] * hidden, "w2": weights(outputs, hidden), "b2": [0.0] * outputs}
        self.v = {
            name: [[0.0] * len(row) for row in value] if name.startswith("w") else [0.0] * len(value)
            for name, value in self.p.items()
        }

    def forward(self, x):
        p = self.p
        hidden = [max(0.0, sum(map(mul, w, x)) + b) for w, b in zip(p["w1"], p["b1"])]
        scores = [sum(map(mul, w, hidden)) + b for w, b in zip(p["w2"], p["b2"])]
        highest = max(scores)
        powers = [math.exp(score - highest) for score in scores]
        total = sum(powers)
        return hidden, [power / total for power in powers]

    def train_batch(self, rows, lr, momentum, l2):
        """Learns from some rows at once. Returns the sum of their losses."""
        gradients, loss = self.gradients(rows)
        for w, b in (("w1", "b1"), ("w2", "b2")):
            for i, (gw, gb) in enumerate(zip(gradients[w], gradients[b])):
                self.v[w][i] = [
                    momentum * v - lr * (g / len(rows) + l2 * p) for v, g, p in zip(self.v[w][i], gw, self.p[w][i])
                ]
                self.p[w][i] = [p + v for p, v in zip(self.p[w][i], self.v[w][i])]
                self.v[b][i] = momentum * self.v[b][i] - lr * gb / len(rows)
                self.p[b][i] += self.v[b][i]
        return loss

    def gradients(self, rows):
        p = self.p
        g = {name: [[0.0] * len(row) for row in p[name]] for name in ("w1", "w2")}
        g.update({name: [0.0] * len(p[name]) for name in ("b1", "b2")})
        loss = 0.0
        for x, label in rows:
            hidden, errors = self.forward(x)
            loss -= math.log(max(errors[label], 1e-12))
            errors[label] -= 1.0
            back = [0.0] * len(hidden)
            for k, error in enumerate(errors):
                g["w2"][k] = [a + error * h for a, h in zip(g["w2"][k], hidden)]
                g["b2"][k] += error
                back = [a + error * w for a, w in zip(back, p["w2"][k])]
            for j, h in enumerate(hidden):
                if h > 0.0:
                    g["w1"][j] = [a + back[j] * xi for a, xi in zip(g["w1"][j], x)]
                    g["b1"][j] += back[j]
        return g, loss

    def evaluate(self, rows):
        """Mean loss, and the share of rows whose digit is recognised."""
        loss = right = 0
        for x, label in rows:
            chances = self.forward(x)[1]
            loss -= math.log(max(chances[label], 1e-12))
            right += chances.index(max(chances)) == label
        return loss / len(rows), right / len(rows)

    def table(self, rows):
        """How many of each digit are recognised, for people."""
        shares = [[digit, self.evaluate([row for row in rows if row[1] == digit])[1]] for digit in range(10)]
        return tabulate(shares, headers=["digit", "recognised"], floatfmt=".0%")


class Checkpoint:
    """Network and progress in one file, replaced as a whole. Without a directory nothing is kept."""

    def __init__(self, directory, config):
        self.path = os.path.join(directory, "checkpoint.json") if directory else None
        self.identity = {key: config[key] for key in IDENTITY}

    def save(self, network, progress):
        if self.path is None:
            return
        os.makedirs(os.path.dirname(self.path), exist_ok=True)
        incoming = "%s.%d" % (self.path, os.getpid())
        with open(incoming, "w") as out:
            json.dump({"identity": self.identity, "progress": progress, "p": network.p, "v": network.v}, out)
            out.flush()
            os.fsync(out.fileno())
        os.replace(incoming, self.path)

    def load(self, network):
        """The progress so far, or None where there is no checkpoint."""
        if self.path is None or not os.path.exists(self.path):
            return None
        with open(self.path) as source:
            saved = json.load(source)
        if saved["identity"] != self.identity:
            sys.exit("%s is of a run with other settings: %s" % (self.path, saved["identity"]))
        network.p, network.v = saved["p"], saved["v"]
        return saved["progress"]


def main():
    config, checkpoint_dir = read_config()
    stop = []
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda received, _frame: stop.append(received))

    rows = read_rows()
    training, validation = rows[: config["train_rows"]], rows[config["train_rows"] :]
    network = Network(len(rows[0][0]), config["hidden"], 10, random.Random(config["seed"]))
    checkpoint = Checkpoint(checkpoint_dir, config)
    saved = checkpoint.load(network)
    progress = saved or {"epoch": 0, "batch": 0, "step": 0, "loss": 0.0}
    say("start", resumed=saved is not None, checkpoints=checkpoint.path, **progress)

    size = config["batch_size"]
    batches = math.ceil(len(training) / size)
    while progress["epoch"] < config["epochs"]:
        if progress["epoch"] == config["fail_at_epoch"] and os.environ.get("RELAUNCH_ATTEMPT", "1") == "1":
            say("failed on purpose", **progress)
            sys.exit(config["fail_code"])
        began = time.monotonic()
        order = list(range(len(training)))
        random.Random(config["seed"] * 1000003 + progress["epoch"]).shuffle(order)
        while progress["batch"] < batches:
            first = progress["batch"] * size
            batch = [training[i] for i in order[first : first + size]]
            progress["loss"] += network.train_batch(batch, config["lr"], config["momentum"], config["l2"])
            progress["batch"] += 1
            progress["step"] += 1
            time.sleep(config["epoch_sleep"] / batches)
            if stop:
                checkpoint.save(network, progress)
                say("stopped", signal=stop[0], **progress)
                sys.exit(128 + stop[0])
        val_loss, val_acc = network.evaluate(validation)
        metrics = {
            "epoch": progress["epoch"],
            "step": progress["step"],
            "loss": round(progress["loss"] / len(training), 6),
            "val_loss": round(val_loss, 6),
            "val_acc": round(val_acc, 6),
            "seconds": round(time.monotonic() - began, 3),
            "resumed": saved is not None,
        }
        print(json.dumps(metrics), flush=True)
        progress.update(epoch=progress["epoch"] + 1, batch=0, loss=0.0)
        checkpoint.save(network, progress)
    say("done", **progress)
    if tabulate is not None:
        print(network.table(validation), file=sys.stderr, flush=True)


if __name__ == "__main__":
    main()
