#!/usr/bin/env bash
# moto 5.2.5 (PyPI), its server mode, with boto3 1.43.106.
#
# One would expect: when a message is received again after its visibility timeout, the receipt of the first receive
# has lost its power, as SQS's documents say: only the newest receipt is sure to work.
# What is: moto hands out a new receipt but honours every older one. The worker that was too slow makes the message
# visible while the second worker is at it (a third gets it too), and its delete takes it away from all of them.
# Whom it hurts: who tests heartbeats, releases at shutdown or slow handlers on moto. The tests of just those cases
# pass for code that works with a stale receipt, for which SQS promises nothing.
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
"$dir/venv/bin/pip" install --quiet --disable-pip-version-check boto3==1.43.106 'moto[server,sqs]==5.2.5'
timeout 120 "$dir/venv/bin/moto_server" -H 127.0.0.1 -p "$port" >"$dir/moto.log" 2>&1 &
server=$!
for _ in $(seq 100); do (: <"/dev/tcp/127.0.0.1/$port") 2>/dev/null && break; sleep 0.2; done

ENDPOINT="http://127.0.0.1:$port" timeout 60 "$dir/venv/bin/python" - <<'PY'
import os
import time
import boto3

sqs = boto3.client("sqs", endpoint_url=os.environ["ENDPOINT"], region_name="us-east-1",
                   aws_access_key_id="test", aws_secret_access_key="test")
url = sqs.create_queue(QueueName="jobs")["QueueUrl"]
sqs.send_message(QueueUrl=url, MessageBody="hello")


def receive(visibility_seconds):
    got = sqs.receive_message(QueueUrl=url, VisibilityTimeout=visibility_seconds).get("Messages", [])
    return [message["ReceiptHandle"] for message in got]


[first] = receive(1)
time.sleep(1.5)
[second] = receive(60)
print("two receives, two receipts:", first != second)
hidden = receive(1) == []
print("held by the second worker for a minute, so nobody else gets it:", hidden)
sqs.change_message_visibility(QueueUrl=url, ReceiptHandle=first, VisibilityTimeout=0)
third = receive(1)
print("after the first worker's release by its old receipt a third one gets it:", len(third) == 1)
sqs.delete_message(QueueUrl=url, ReceiptHandle=first)
time.sleep(1.5)
left = receive(1)
print("after its delete by the same old receipt the queue is empty:", left == [])
holds = first != second and hidden and len(third) == 1 and left == []
raise SystemExit(0 if holds else "changed: moto no longer behaves as the head of this file says")
PY
