"""The same agent as a program, without a package. Body: {"id": "chat-42", "prompt": "..."}

USES="model, model.tokens=500" says what each message takes before its run; what it really took is told on descriptor 3.
"""

import email.utils
import hashlib
import json
import os
import sys
import time
import urllib.error
import urllib.request

EX_DATAERR = 65
TURNS_MAX = 8
URL = os.environ.get("MODEL_URL", "http://127.0.0.1:11434/v1")
TOOLS = [
    {
        "type": "function",
        "function": {
            "name": "count_words",
            "description": "Counts the words of a text.",
            "parameters": {"type": "object", "properties": {"text": {"type": "string"}}, "required": ["text"]},
        },
    }
]


class Busy(Exception):
    """The provider takes no call for so many seconds."""

    def __init__(self, seconds):
        super().__init__(f"busy for {seconds} s")
        self.seconds = seconds


def say(**verbs):
    """Tells the worker something on descriptor 3, one JSON object a line."""
    os.write(3, (json.dumps(verbs) + "\n").encode())


def pause_of(headers):
    """Retry-After: seconds, or a date."""
    text = headers.get("retry-after", "1")
    try:
        return max(0.0, float(text))
    except ValueError:
        date = email.utils.parsedate_to_datetime(text)
        return max(0.0, date.timestamp() - time.time())


def ask(messages):
    body = {"model": os.environ.get("MODEL_NAME", "llama3.2"), "messages": messages, "tools": TOOLS}
    headers = {"content-type": "application/json"}
    if os.environ.get("MODEL_KEY"):
        headers["authorization"] = f"Bearer {os.environ['MODEL_KEY']}"
    request = urllib.request.Request(f"{URL}/chat/completions", json.dumps(body).encode(), headers)
    try:
        with urllib.request.urlopen(request, timeout=120) as answer:
            return json.load(answer)
    except urllib.error.HTTPError as error:
        if error.code in (429, 503, 529):
            raise Busy(pause_of(error.headers)) from error
        raise


def use_tool(function):
    try:
        given = json.loads(function["arguments"] or "{}")
        if function["name"] != "count_words":
            raise KeyError(function["name"])
        return json.dumps({"words": len(str(given["text"]).split())})
    except (ValueError, KeyError, TypeError) as error:
        return json.dumps({"error": repr(error)})


def state_path(conversation):
    folder = os.environ.get("STATE_DIR")
    return folder and os.path.join(folder, hashlib.sha256(conversation.encode()).hexdigest() + ".json")


def load(path, prompt):
    if path and os.path.exists(path):
        with open(path) as file:
            return json.load(file)
    return {"messages": [{"role": "user", "content": prompt}], "turns": 0, "tokens": 0}


def save(path, state):
    if path:
        with open(path + ".new", "w") as file:
            json.dump(state, file)
        os.replace(path + ".new", path)


def main():
    try:
        body = json.load(sys.stdin)
        conversation, prompt = str(body["id"]), str(body["prompt"])
    except (ValueError, KeyError, TypeError) as error:
        print(f"the body is no conversation: {error!r}", file=sys.stderr)
        return EX_DATAERR
    path = state_path(conversation)
    state = load(path, prompt)
    calls = tokens = 0
    while state["turns"] < TURNS_MAX:
        try:
            answer = ask(state["messages"])
        except Busy as busy:
            say(busy={"model": busy.seconds})
            return 0
        said, usage = answer["choices"][0]["message"], answer["usage"]
        calls, tokens = calls + 1, tokens + usage["total_tokens"]
        say(took={"model": calls, "model.tokens": tokens})
        state["messages"].append(said)
        state["turns"] += 1
        state["tokens"] += usage["total_tokens"]
        for call in said.get("tool_calls") or []:
            content = use_tool(call["function"])
            state["messages"].append({"role": "tool", "tool_call_id": call["id"], "content": content})
        save(path, state)
        if not said.get("tool_calls"):
            if path:
                os.remove(path)
            print(f"answered {conversation} in {state['turns']} turns and {state['tokens']} tokens")
            return 0
    print(f"no answer after {TURNS_MAX} turns", file=sys.stderr)
    return EX_DATAERR


if __name__ == "__main__":
    sys.exit(main())
