"""What may come: a conversation, from a producer or as the body of a webhook, or S3's word on documents, straight from the
bucket, through a topic or through EventBridge."""

import json
import urllib.parse

from worker import Ends


class Document:
    def __init__(self, bucket, key, facts, version):
        self.bucket, self.key, self.size = bucket, key, facts.get("size") or 0
        self.etag = facts.get("eTag") or facts.get("etag")
        self.id = f"s3://{bucket}/{key}#{version or facts.get('sequencer') or self.etag or ''}"


def task_in(body, message):
    """`("chat", id, prompt)` or `("documents", [Document])`. Ends the run where the body is neither."""
    event = without_envelope(parsed(body))
    if isinstance(event.get("prompt"), str) and event["prompt"]:
        # Senders that sign by Standard Webhooks name the event in a header, which the webhook of sources.yaml hands on.
        conversation = event.get("id") or message["attributes"].get("webhook-id")
        if isinstance(conversation, str):
            return "chat", conversation, event["prompt"]
    try:
        return "documents", documents_in(event)
    except (KeyError, TypeError, AttributeError) as error:
        raise Ends(reject='the body is no conversation ({"id", "prompt"}), and no S3 notification') from error


def parsed(text):
    try:
        value = json.loads(text)
    except ValueError:
        value = None
    return value if isinstance(value, dict) else {}


def without_envelope(event):
    if event.get("Type") == "Notification" and isinstance(event.get("TopicArn"), str):
        return parsed(event.get("Message", ""))
    return event


def documents_in(event):
    """Of what was put there; nothing for what was removed, and for S3's test event."""
    if event.get("Event") == "s3:TestEvent":
        return []
    if event.get("source") == "aws.s3":
        detail, made = event["detail"], event["detail-type"] == "Object Created"
        facts = detail["object"]
        return [Document(detail["bucket"]["name"], facts["key"], facts, facts.get("version-id"))] if made else []
    return [document_of(record["s3"]) for record in event["Records"] if is_created(record)]


def is_created(record):
    if record["eventSource"] != "aws:s3":
        raise KeyError("eventSource")
    return record["eventName"].removeprefix("s3:").startswith("ObjectCreated:")


def document_of(s3):
    facts = s3["object"]
    # Form encoding: a blank is a plus, a plus is %2B.
    return Document(s3["bucket"]["name"], urllib.parse.unquote_plus(facts["key"]), facts, facts.get("versionId"))
