#!/usr/bin/env bash
# Celery 5.7.0 with kombu 5.7.0 (PyPI) on its SQS transport, against moto 5.2.5.
#
# One would expect: a task's JSON arguments reach SQS at about their size, give or take the envelope; SQS takes text.
# What is: kombu writes the arguments as base64 into a JSON envelope and the whole envelope as base64 into the body:
# 4/3 times 4/3. 300,000 bytes of arguments are 536,000 bytes on the queue, and 600,000 are refused by the limit of
# 1 MiB, since they are 1,069,000. A countdown, too, is inside the envelope only: SQS hides nothing, so a worker
# receives the task at once and holds it for that time.
# Whom it hurts: who sizes payloads by the queue's limit (590,000 bytes are too many already), and who
# reads such a queue in another language: what looks like base64 text is base64 once more inside.
set -euo pipefail
dir=$(mktemp -d)
server=""
cleanup() {
  if [ -n "$server" ]; then
    kill "$server" 2>/dev/null || true
    wait "$server" 2>/dev/null || true
  fi
  rm -rf "$dir"
}
trap cleanup EXIT
port=$(python3 -c 'import socket; s = socket.socket(); s.bind(("127.0.0.1", 0)); print(s.getsockname()[1])')

python3 -m venv "$dir/venv"
"$dir/venv/bin/pip" install --quiet --disable-pip-version-check \
  celery==5.7.0 'kombu[sqs]==5.7.0' boto3==1.43.106 'moto[server,sqs]==5.2.5'
timeout 120 "$dir/venv/bin/moto_server" -H 127.0.0.1 -p "$port" >"$dir/moto.log" 2>&1 &
server=$!
for _ in $(seq 100); do (: <"/dev/tcp/127.0.0.1/$port") 2>/dev/null && break; sleep 0.2; done

PORT="$port" timeout 60 "$dir/venv/bin/python" - <<'PY'
import base64
import json
import os
import boto3
from celery import Celery

at = f"127.0.0.1:{os.environ['PORT']}"
app = Celery(broker=f"sqs://test:test@{at}",
             broker_transport_options={"region": "us-east-1", "is_secure": False})
store = app.signature("store")

store.apply_async(("x" * 300_000,), countdown=600)
sqs = boto3.client("sqs", endpoint_url=f"http://{at}", region_name="us-east-1",
                   aws_access_key_id="test", aws_secret_access_key="test")
url = sqs.get_queue_url(QueueName="celery")["QueueUrl"]
[message] = sqs.receive_message(QueueUrl=url)["Messages"]
envelope = json.loads(base64.b64decode(message["Body"]))
[[argument], _, _] = json.loads(base64.b64decode(envelope["body"]))
growth = len(message["Body"]) / len(argument)
print(f"{len(argument):,} bytes of argument are {len(message['Body']):,} on the queue: {growth:.2f} times")
print("received at once; the countdown of ten minutes is only in its headers:", envelope["headers"]["eta"])
try:
    store.apply_async(("x" * 600_000,), retry=False)
    refused = False
except Exception as error:
    refused = True
    print(f"600,000 bytes of argument: {type(error).__name__}: {error}")
holds = 1.77 < growth < 1.8 and envelope["headers"]["eta"] and refused
raise SystemExit(0 if holds else "changed: Celery no longer behaves as the head of this file says")
PY
