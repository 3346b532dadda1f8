#!/usr/bin/env bash
# amazon-sqs-extended-client 1.0.1 (PyPI; AWS's own client for messages kept in S3), with boto3 1.43.106.
#
# One would expect: send_message leaves the MessageAttributes dict that it was given as it was, so a producer may
# keep one dict of constant attributes (a tenant, a source) and send every message with it.
# What is: for a large message it writes its mark, ExtendedPayloadSize, into the caller's own dict. From then on
# - each small message sent with that dict carries the mark, though its body is no pointer, and the same library
#   fails to receive it: receive_message raises, for all messages of that answer;
# - each further large message is refused, since the mark is a reserved name.
# Whom it hurts: producers with shared attributes. All works until the first large message; after that the small
# ones poison the queue for every extended client that reads it. Pass dict(attributes) to each call.
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
  amazon-sqs-extended-client==1.0.1 boto3==1.43.106 'moto[server,s3,sqs]==5.2.5'
timeout 120 "$dir/venv/bin/moto_server" -H 127.0.0.1 -p "$port" >"$dir/moto.log" 2>&1 &
server=$!
for _ in $(seq 100); do (: <"/dev/tcp/127.0.0.1/$port") 2>/dev/null && break; sleep 0.2; done

ENDPOINT="http://127.0.0.1:$port" timeout 60 "$dir/venv/bin/python" - <<'PY'
import os
import boto3
import sqs_extended_client  # noqa: F401  (patches boto3's client)

to = dict(endpoint_url=os.environ["ENDPOINT"], region_name="us-east-1",
          aws_access_key_id="test", aws_secret_access_key="test")
s3 = boto3.client("s3", **to)
s3.create_bucket(Bucket="payloads")
sqs = boto3.client("sqs", **to)
sqs.large_payload_support = "payloads"
sqs.s3_client = s3
url = sqs.create_queue(QueueName="jobs")["QueueUrl"]
attributes = {"tenant": {"DataType": "String", "StringValue": "acme"}}


def attempt(what, act):
    try:
        act()
        end = "went well"
    except Exception as error:  # which class it raises isn't the point
        end = f"raised {type(error).__name__}"
    print(f"{what}: {end}")
    return end == "went well"


def send(body):
    return lambda: sqs.send_message(QueueUrl=url, MessageBody=body, MessageAttributes=attributes)


def receive():
    got = sqs.receive_message(QueueUrl=url, MessageAttributeNames=["All"], MaxNumberOfMessages=10)
    for message in got["Messages"]:
        sqs.delete_message(QueueUrl=url, ReceiptHandle=message["ReceiptHandle"])


before = attempt("small message", send("small")) and attempt("receive it", receive)
large = attempt("large message", send("x" * 300_000)) and attempt("receive it", receive)
print("the caller's dict now holds:", ", ".join(attributes))
sent_small = attempt("small message, same dict", send("small"))
received_small = attempt("receive it", receive)
sent_large = attempt("large message, same dict", send("x" * 300_000))
holds = (before and large and "ExtendedPayloadSize" in attributes
         and sent_small and not received_small and not sent_large)
raise SystemExit(0 if holds else "changed: the client no longer behaves as the head of this file says")
PY
