"""Ids of transformers' CLIPTokenizer, the reference of the tokenizer tests.

    clip_reference.py FOLDER [name=value ...] < strings.json > ids.json

FOLDER is a tokenizer folder. Pairs name=value, such as pad_token=!, are passed to CLIPTokenizer.
Strings are a JSON array, ids an array of arrays: 77 each, truncated and padded. transformers 5.24.0
was used.
"""

import json
import sys

sys.modules["torchvision"] = None  # a broken one would stop the import
from transformers import CLIPTokenizer  # noqa: E402


def load(folder, **settings):
    return CLIPTokenizer.from_pretrained(folder, model_max_length=77, **settings)


if __name__ == "__main__":
    tokenizer = load(sys.argv[1], **dict(item.split("=", 1) for item in sys.argv[2:]))
    strings = json.load(sys.stdin)
    rows = tokenizer(strings, padding="max_length", truncation=True).input_ids
    json.dump(rows, sys.stdout)
