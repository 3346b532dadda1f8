"""A producer that OpenTelemetry's instrumentation of boto3 traces: sends argv[2:] to the queue argv[1], and says the id of each trace."""

import os
import sys

import boto3
from opentelemetry import trace
from opentelemetry.instrumentation.boto3sqs import Boto3SQSInstrumentor
from opentelemetry.sdk.trace import TracerProvider

trace.set_tracer_provider(TracerProvider())
Boto3SQSInstrumentor().instrument()
client = boto3.client("sqs", endpoint_url=os.environ["AWS_ENDPOINT_URL"])
queue_url, *bodies = sys.argv[1:]
for body in bodies:
    with trace.get_tracer("producer").start_as_current_span("produce") as span:
        client.send_message(QueueUrl=queue_url, MessageBody=body)
        print(format(span.get_span_context().trace_id, "032x"))
