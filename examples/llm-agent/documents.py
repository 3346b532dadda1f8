"""Documents in S3: text of a bounded size is read, and the answer about it written beside it."""

import hashlib
import os

from worker import Ends

PROMPT = os.environ.get("DOCUMENT_PROMPT") or "Summarize this document in five sentences."
ANSWER_PREFIX = os.environ.get("ANSWER_PREFIX") or "answers/"
BYTES_MAX = 1024 * int(os.environ.get("DOCUMENT_MAX_KB") or 256)


def opened(document, buckets):
    """How the conversation begins. None: it is an answer, or was replaced, or was answered already."""
    if document.key.startswith(ANSWER_PREFIX):
        return None
    check_size(document, document.size)
    answer = buckets.head(document.bucket, ANSWER_PREFIX + document.key + ".md")
    if answer and answer["Metadata"].get("answer-to") == mark_of(document):
        return None
    found = buckets.get(document.bucket, document.key, document.etag)
    if not found or "written-by" in found["Metadata"]:
        return None
    return [{"role": "system", "content": PROMPT}, {"role": "user", "content": text_of(found, document)}]


def answer_beside(document, answer, buckets):
    """Writes the answer; not over that of a newer document."""
    now = buckets.head(document.bucket, document.key)
    if not now or (document.etag and now["ETag"].strip('"') != document.etag):
        return
    key = ANSWER_PREFIX + document.key + ".md"
    marks = {"answer-to": mark_of(document)}
    buckets.write(document.bucket, key, answer, "text/markdown; charset=utf-8", **marks)


def mark_of(document):
    return hashlib.sha256(document.id.encode()).hexdigest()


def check_size(document, size):
    if size > BYTES_MAX:
        raise Ends(reject=f"{document.id} has {size} bytes, more than the {BYTES_MAX} of DOCUMENT_MAX_KB")


def text_of(found, document):
    with found["Body"] as body:
        check_size(document, found.get("ContentLength", 0))
        content = body.read(BYTES_MAX + 1)
    check_size(document, len(content))
    try:
        text = content.decode()
    except UnicodeDecodeError as error:
        raise Ends(reject=f"{document.id} is no text (UTF-8)") from error
    if "\0" in text:
        raise Ends(reject=f"{document.id} is no text (UTF-8)")
    if not text.strip():
        raise Ends(reject=f"{document.id} is empty")
    return text
