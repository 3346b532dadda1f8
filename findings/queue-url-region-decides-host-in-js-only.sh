#!/usr/bin/env bash
# @aws-sdk/client-sqs 3.1169.0 (npm) beside boto3 1.43.106 (PyPI): a client of one region, a QueueUrl of another.
#
# One would expect: both of AWS's SDKs send the request to the same place, be it the client's region or the URL's.
# What is: JavaScript's client takes the host from the QueueUrl but keeps signing for the client's region, so the
# request reaches us-east-1 with a signature for eu-west-1; Python's client ignores the URL's host, calls eu-west-1
# and signs for it, with the foreign URL in the body. Neither raises; JavaScript's at least warns on the console.
# Whom it hurts: who moves a worker from one language to the other, or copies a queue's URL between regions. The one
# fails over its signature, the other says that the queue doesn't exist (or finds a namesake in the wrong region).
# Nothing leaves the machine here: both requests are caught after signing, before any socket is opened.
set -euo pipefail
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT

python3 -m venv "$dir/venv"
"$dir/venv/bin/pip" install --quiet --disable-pip-version-check boto3==1.43.106
npm install --loglevel=error --ignore-scripts --no-audit --no-fund --prefix "$dir" \
  @aws-sdk/client-sqs@3.1169.0 >/dev/null

cat >"$dir/send.mjs" <<'JS'
import { SendMessageCommand, SQSClient } from "@aws-sdk/client-sqs";

const caught = {
  handle(request) {
    const [, region] = request.headers.authorization.match(/Credential=[^/]+\/\d+\/([^/]+)\//);
    console.log(`${request.hostname} signed for ${region}`);
    return Promise.reject(new Error("caught before the network"));
  },
};
const sqs = new SQSClient({
  region: "eu-west-1",
  credentials: { accessKeyId: "test", secretAccessKey: "test" },
  maxAttempts: 1,
  requestHandler: caught,
});
await sqs.send(new SendMessageCommand({ QueueUrl: process.env.QUEUE_URL, MessageBody: "hello" })).catch(() => {});
JS
cat >"$dir/send.py" <<'PY'
import os
import re
from urllib.parse import urlsplit
import boto3


def caught(request, **_):
    region = re.search(rb"Credential=[^/]+/\d+/([^/]+)/", request.headers["Authorization"]).group(1).decode()
    print(f"{urlsplit(request.url).hostname} signed for {region}")
    raise SystemExit


sqs = boto3.client("sqs", region_name="eu-west-1", aws_access_key_id="test", aws_secret_access_key="test")
sqs.meta.events.register("before-send.sqs.*", caught)
sqs.send_message(QueueUrl=os.environ["QUEUE_URL"], MessageBody="hello")
PY
export QUEUE_URL=https://sqs.us-east-1.amazonaws.com/123456789012/jobs
js=$(cd "$dir" && timeout 60 node send.mjs 2>/dev/null)
py=$(timeout 60 "$dir/venv/bin/python" "$dir/send.py")
printf 'JavaScript: %s\nPython: %s\n' "$js" "$py"
if [ "$js" != "sqs.us-east-1.amazonaws.com signed for eu-west-1" ] ||
  [ "$py" != "sqs.eu-west-1.amazonaws.com signed for eu-west-1" ]; then
  echo "changed: the SDKs no longer behave as the head of this file says" >&2
  exit 1
fi
