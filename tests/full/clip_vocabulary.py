"""Writes OpenAI's CLIP vocabulary, 49,408 tokens, as vocab.json and merges.txt into FOLDER.

    clip_vocabulary.py FOLDER

The merges come from bpe_simple_vocab_16e6.txt.gz of the PyPI package open-clip-torch
(`pip install --no-deps open-clip-torch`; 3.3.0 was used). Exit code 3 where that is absent.
The order of ids is CLIP's: 256 bytes, 256 bytes that end a word, merges 1 to 48,894, then the two special tokens.
"""

import gzip
import importlib.util
import json
import os
import sys


def alphabet():
    """GPT-2's printable spelling of the 256 bytes, printable ones first."""
    plain = [*range(ord("!"), ord("~") + 1), *range(0xA1, 0xAD), *range(0xAE, 0x100)]
    return [chr(b) for b in plain] + [chr(0x100 + i) for i in range(256 - len(plain))]


def main(folder):
    spec = importlib.util.find_spec("open_clip")
    if spec is None:
        sys.exit(3)
    path = os.path.join(spec.submodule_search_locations[0], "bpe_simple_vocab_16e6.txt.gz")
    with gzip.open(path, "rt", encoding="utf-8") as file:
        merges = file.read().split("\n")[1 : 49152 - 256 - 2 + 1]
    singles = alphabet()
    tokens = singles + [s + "</w>" for s in singles] + [m.replace(" ", "") for m in merges]
    tokens += ["<|startoftext|>", "<|endoftext|>"]
    vocab = {token: i for i, token in enumerate(tokens)}
    assert len(vocab) == 49408, len(vocab)
    with open(f"{folder}/vocab.json", "w", encoding="utf-8") as file:
        json.dump(vocab, file, ensure_ascii=False)
    with open(f"{folder}/merges.txt", "w", encoding="utf-8") as file:
        file.write("#version: 0.2\n" + "\n".join(merges) + "\n")


if __name__ == "__main__":
    main(sys.argv[1])
