"""What the model may use. A tool that fails tells the model why. A turn whose worker was killed is asked for again."""

import json


def count_words(given):
    if not isinstance(given.get("text"), str):
        raise ValueError("count_words takes a text")
    return {"words": len(given["text"].split())}


USE = {"count_words": count_words}
TOOLS = [
    {
        "type": "function",
        "function": {
            "name": "count_words",
            "description": "Counts the words of a text.",
            "parameters": {"type": "object", "properties": {"text": {"type": "string"}}, "required": ["text"]},
        },
    }
]


def use_tool(call):
    """The call is as the model wrote it: its name may be no tool's, its arguments no JSON."""
    try:
        name = call["name"]
        if name not in USE:
            raise ValueError(f"there is no tool {name}")
        return json.dumps(USE[name](json.loads(call.get("arguments") or "{}")))
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        return json.dumps({"error": str(error) or repr(error)})
