"""The same agent as a program. boto3 is needed for documents in S3 alone. See README.md beside it.

USES="model, model.tokens=500" says what each message takes before its run; what it really took is told on descriptor 3.
"""

import json
import os
import signal
import sys
import urllib.error
import urllib.parse
import urllib.request

sys.dont_write_bytecode = True  # It belongs into no image and no package.

from buckets import Buckets
from documents import answer_beside, opened
from events import task_in
from model import ask, cost_of
from saved import Saved
from tools import TOOLS, use_tool
from worker import Ends, log, say

EX_TEMPFAIL = 75
TURNS_MAX = int(os.environ.get("TURNS_MAX") or 8)


class Conversations:
    """Those of one message: what they take of the budgets is summed up."""

    def __init__(self):
        self.calls = self.tokens = 0
        self.buckets = Buckets()

    def converse(self, name, opening, deliver):
        saved = Saved([name, opening], self.buckets)
        state = saved.read() or {"messages": opening, "turns": 0, "input": 0, "output": 0}
        before, answered = cost_of(state), False
        try:
            while not is_answer(state["messages"][-1]):
                if state["turns"] >= TURNS_MAX:
                    raise Ends(reject=f"no answer after {TURNS_MAX} turns")
                self.turn(state)
                saved.write(state)
            deliver(state["messages"][-1]["content"])
            answered = True
            saved.remove()
        finally:
            total = cost_of(state)
            cost = {"usd": round(total - before, 6), "usdOfAllRuns": total}
            tokens = {"inputTokens": state["input"], "outputTokens": state["output"]}
            log("answered" if answered else "not answered", conversation=name, turns=state["turns"], **tokens, **cost)

    def turn(self, state):
        message, tokens_in, tokens_out, cut = ask(state["messages"], TOOLS)
        self.calls += 1
        self.tokens += tokens_in + tokens_out
        self.tell()
        state["turns"] += 1
        state["input"] += tokens_in
        state["output"] += tokens_out
        if cut:
            raise Ends(reject=f"the model's answer {cut}, after {tokens_out} tokens")
        if not message.get("tool_calls") and not message.get("content"):
            raise Ends(retry=None, reason="the model said nothing")
        results = [
            {"role": "tool", "tool_call_id": call.get("id"), "content": use_tool(call.get("function"))}
            for call in message.get("tool_calls") or []
        ]
        state["messages"] += [message, *results]

    def tell(self):
        say(took={"model": self.calls, "model.tokens": self.tokens})


def is_answer(message):
    """One that was saved and perhaps not delivered is one too: nothing is asked again."""
    return message["role"] == "assistant" and not message.get("tool_calls")


def reply(conversation, answer):
    url = os.environ.get("REPLY_URL")
    if not url:
        return log("no REPLY_URL takes the answer", conversation=conversation, answer=answer)
    # Whoever takes it knows by the key that it has it already. A header is of ASCII alone.
    headers = {"content-type": "application/json", "idempotency-key": urllib.parse.quote(conversation, safe="/:#?&=+,;@$")}
    body = json.dumps({"id": conversation, "answer": answer}).encode()
    try:
        with urllib.request.urlopen(urllib.request.Request(url, body, headers), timeout=30):
            return None
    except OSError as error:
        raise Ends(retry=None, reason=f"REPLY_URL: {error}") from error


def work(conversations):
    with open(os.environ["QUEUEHAND_MESSAGE_FILE"]) as file:
        kind, *task = task_in(sys.stdin.read(), json.load(file))
    if kind == "chat":
        name, prompt = task
        opening = [{"role": "user", "content": prompt}]
        return conversations.converse(name, opening, lambda answer: reply(name, answer))
    for document in task[0]:
        opening = opened(document, conversations.buckets)
        if opening is None:
            log("nothing to answer", document=document.id)
            continue
        conversations.converse(
            document.id, opening, lambda answer, at=document: answer_beside(at, answer, conversations.buckets)
        )
    return None


def stop(_signal, _frame):
    """The time is up, or the worker stops. The last turn is saved: the message may come again at once."""
    say(retry=0)
    os._exit(EX_TEMPFAIL)


def main():
    signal.signal(signal.SIGTERM, stop)
    conversations = Conversations()
    try:
        work(conversations)
    except Ends as end:
        say(**end.verbs)
    finally:
        conversations.tell()


if __name__ == "__main__":
    main()
