"""Works on one message: the body comes on stdin.

Exit code 0 deletes the message, 65 rejects it with the last line on stderr as the reason, anything else makes it come again.
"""

import json
import sys

EX_DATAERR = 65


def greet(body: str) -> str:
    """The greeting that a message asks for; ValueError where it asks for none."""
    try:
        return f"hello {json.loads(body)['name']}"
    except (KeyError, TypeError, ValueError) as error:
        raise ValueError(f"the body has no name: {error!r}") from error


def main() -> int:
    try:
        print(greet(sys.stdin.read()))
    except ValueError as error:
        print(error, file=sys.stderr)
        return EX_DATAERR
    return 0


if __name__ == "__main__":
    sys.exit(main())
