"""Where a conversation goes on after an interruption: STATE is a folder that outlasts the task, or s3://bucket/prefix/.
Without it every run begins anew."""

import hashlib
import json
import os


class Saved:
    def __init__(self, about, buckets):
        # It comes from whoever sends: it is no file name.
        name = hashlib.sha256(json.dumps(about).encode()).hexdigest() + ".json"
        where = os.environ.get("STATE", "")
        self.path = self.place = None
        if where.startswith("s3://"):
            bucket, _, prefix = where.removeprefix("s3://").partition("/")
            self.place, self.buckets = (bucket, prefix + name), buckets
        elif where:
            self.path = os.path.join(where, name)

    def read(self):
        if self.place:
            found = self.buckets.get(*self.place)
            return found and json.loads(found["Body"].read())
        if self.path and os.path.exists(self.path):
            with open(self.path) as file:
                return json.load(file)
        return None

    def write(self, state):
        if self.place:
            self.buckets.write(*self.place, json.dumps(state), "application/json")
        elif self.path:
            with open(self.path + ".new", "w") as file:
                json.dump(state, file)
            os.replace(self.path + ".new", self.path)

    def remove(self):
        if self.place:
            self.buckets.remove(*self.place)
        elif self.path and os.path.exists(self.path):
            os.remove(self.path)
