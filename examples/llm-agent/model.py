"""Any endpoint that speaks as OpenAI's does: MODEL_URL ends before /chat/completions."""

import email.utils
import http.client
import json
import os
import re
import time
import urllib.error
import urllib.request

from worker import Ends

URL = os.environ.get("MODEL_URL", "http://127.0.0.1:11434/v1")
OPTIONS = json.loads(os.environ.get("MODEL_OPTIONS") or "{}")
TIMEOUT_SECONDS = float(os.environ.get("MODEL_TIMEOUT_SECONDS") or 120)
USD_IN, USD_OUT = (float(os.environ.get(name) or 0) for name in ("USD_IN", "USD_OUT"))

TOO_MUCH = (429, 503, 529)
MISPLACED = (401, 403, 404)  # refused for what the deployment says, not for what the message does
REFUSED = (400, 413, 422)  # the conversation itself is
CUT = {"length": "was cut by its length", "content_filter": "was withheld by the provider's filter"}
UNIT_SECONDS = {"ms": 0.001, "s": 1, "m": 60, "h": 3600}
CHARACTERS_A_TOKEN = 4


def ask(messages, tools):
    """One turn: what the model says, tokens in, tokens out, and why it is no whole answer, if it isn't."""
    body = {**OPTIONS, "model": os.environ.get("MODEL_NAME", "llama3.2"), "messages": messages, "tools": tools}
    headers = {"content-type": "application/json"}
    if os.environ.get("MODEL_KEY"):
        headers["authorization"] = f"Bearer {os.environ['MODEL_KEY']}"
    request = urllib.request.Request(f"{URL}/chat/completions", json.dumps(body).encode(), headers)
    try:
        with urllib.request.urlopen(request, timeout=TIMEOUT_SECONDS) as answer:
            return turn_in(json.load(answer), messages)
    except urllib.error.HTTPError as error:
        raise refusal(error) from error
    except urllib.error.URLError as error:
        if isinstance(error.reason, TimeoutError):
            raise Ends(retry=None, reason=f"the model didn't answer in {TIMEOUT_SECONDS:g} s") from error
        raise Ends(defer=None, reason=f"no model at MODEL_URL: {error.reason}") from error
    except (TimeoutError, http.client.HTTPException, ValueError) as error:
        raise Ends(retry=None, reason=f"the model gave no whole answer: {error!r}") from error


def refusal(error):
    said = f"the model answered {error.code}: {error.read(200).decode(errors='replace')}"
    if error.code in TOO_MUCH:
        return Ends(busy={"model": pause_of(error.headers)})
    if error.code in REFUSED:
        return Ends(reject=said)
    if error.code in MISPLACED:
        return Ends(defer=60, reason=said)
    return Ends(retry=None, reason=said)


def pause_of(headers):
    """Seconds by Retry-After (a number, or a date), else until what is used up comes back (`6m0s`), else one."""
    told = headers.get("retry-after")
    if told:
        try:
            return max(0.0, float(told))
        except ValueError:
            try:
                return max(0.0, email.utils.parsedate_to_datetime(told).timestamp() - time.time())
            except ValueError:
                return 1.0
    used_up = [kind for kind in ("requests", "tokens") if headers.get(f"x-ratelimit-remaining-{kind}") == "0"]
    return max((seconds_of(headers.get(f"x-ratelimit-reset-{kind}", "1s")) for kind in used_up), default=1.0)


def seconds_of(text):
    parts = re.findall(r"(\d+(?:\.\d+)?)(ms|s|m|h)", text)
    return sum(float(amount) * UNIT_SECONDS[unit] for amount, unit in parts) if parts else 1.0


def turn_in(answer, messages):
    choice = (answer.get("choices") or [{}])[0]
    message, usage = choice.get("message"), answer.get("usage") or {}
    if not isinstance(message, dict):
        raise ValueError("it has no message")
    tokens_in = usage.get("prompt_tokens", len(json.dumps(messages)) // CHARACTERS_A_TOKEN)
    tokens_out = usage.get("completion_tokens", len(json.dumps(message)) // CHARACTERS_A_TOKEN)
    refusal = f"is a refusal ({str(message['refusal'])[:200]})" if message.get("refusal") else None
    return message, tokens_in, tokens_out, CUT.get(choice.get("finish_reason"), refusal)


def cost_of(state):
    return round((state["input"] * USD_IN + state["output"] * USD_OUT) / 1e6, 6)
