"""What a program tells the worker: lines of JSON on descriptor 3."""

import json
import os


class Ends(Exception):
    """The run ends so: `Ends(reject="no text")`, `Ends(defer=60, reason="...")`, `Ends(busy={"model": 2})`."""

    def __init__(self, **verbs):
        super().__init__(str(verbs))
        self.verbs = verbs


def say(**verbs):
    os.write(3, (json.dumps(verbs) + "\n").encode())


def log(text, **fields):
    """A line of the worker's log, as JSON in its field `line`."""
    print(json.dumps({"msg": text, **fields}), flush=True)
