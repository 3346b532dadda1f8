"""Objects in S3, by boto3, which is imported with the first call: conversations without S3 do without it."""

import os

from worker import Ends

WRITTEN_BY = {"written-by": "llm-agent"}
GONE = ("404", "NoSuchKey", "NotFound", "412", "PreconditionFailed")


class Buckets:
    _client = None

    def get(self, bucket, key, etag=None):
        """The answer of a GET; None where the object is gone, or isn't the one with this etag any more."""
        return self._call("get_object", Bucket=bucket, Key=key, **({"IfMatch": f'"{etag}"'} if etag else {}))

    def head(self, bucket, key):
        return self._call("head_object", Bucket=bucket, Key=key)

    def write(self, bucket, key, text, content_type, **metadata):
        marks = {**metadata, **WRITTEN_BY}
        body = text.encode()
        self._call("put_object", Bucket=bucket, Key=key, Body=body, ContentType=content_type, Metadata=marks)

    def remove(self, bucket, key):
        self._call("delete_object", Bucket=bucket, Key=key)

    def _call(self, operation, **wanted):
        import botocore.exceptions

        try:
            return getattr(self._s3(), operation)(**wanted)
        except (botocore.exceptions.ClientError, botocore.exceptions.BotoCoreError) as error:
            code = getattr(error, "response", {}).get("Error", {}).get("Code")
            if code in GONE and operation in ("get_object", "head_object"):
                return None
            said = f"{operation} of s3://{wanted['Bucket']}/{wanted['Key']}: {error}"
            if code == "KeyTooLongError":
                raise Ends(reject=said) from error
            # Denied, no such bucket, down: nothing that the message can help.
            raise Ends(defer=None, reason=said) from error

    def _s3(self):
        import boto3
        from botocore.config import Config

        if self._client is None:
            # Other servers have no host name for each bucket.
            other = os.environ.get("AWS_ENDPOINT_URL_S3") or os.environ.get("AWS_ENDPOINT_URL")
            style = Config(s3={"addressing_style": "path"}) if other else None
            self._client = boto3.client("s3", config=style)
        return self._client
