"""An agent in Python: any program can be one. Body: {"task_id": "42", "text": "..."}

The body comes on stdin, the rest of the message in the file that QUEUEHAND_MESSAGE_FILE names. Exit code 0 deletes the
message, 65 rejects it with the last line on stderr as the reason, anything else makes it come again.
"""

import json
import os
import signal
import sys
import time

EX_DATAERR = 65
EX_TEMPFAIL = 75


def say(**verbs):
    """Tells the worker something on descriptor 3, one JSON object a line."""
    os.write(3, (json.dumps(verbs) + "\n").encode())


def stop(_signal, _frame):
    # Five seconds are left at a timeout, two at a shutdown: save what was done, and end.
    print("stopped half-way", file=sys.stderr)
    sys.exit(EX_TEMPFAIL)


def main():
    signal.signal(signal.SIGTERM, stop)
    with open(os.environ["QUEUEHAND_MESSAGE_FILE"]) as file:
        message = json.load(file)
    try:
        task = json.load(sys.stdin)
        task_id, text = task["task_id"], task["text"]
    except (ValueError, KeyError, TypeError) as error:
        print(f"the body is no task: {error!r}", file=sys.stderr)
        return EX_DATAERR

    print(f"task {task_id} begun, receive {message['receiveCount']}")
    for number, word in enumerate(text.split(), start=1):
        time.sleep(0.01)  # the work
        say(progress=f"{number} words counted", extend=60)
    print(f"task {task_id} has {len(text.split())} words")
    return 0


if __name__ == "__main__":
    sys.exit(main())
