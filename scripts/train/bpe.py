"""Byte-pair encoding in the file format of OpenAI's CLIP: learns a vocabulary and encodes text."""

import json
from collections import Counter
from pathlib import Path

import regex

START, END = "<|startoftext|>", "<|endoftext|>"
WORDS = regex.compile(r"'s|'t|'re|'ve|'m|'ll|'d|[\p{L}]+|[\p{N}]|[^\s\p{L}\p{N}]+")


_PRINTABLE = [*range(33, 127), *range(161, 173), *range(174, 256)]
_OTHER = [byte for byte in range(256) if byte not in _PRINTABLE]
# A printable letter for every byte, printable bytes first, as GPT-2 and CLIP order them.
_LETTER = {b: chr(b) for b in _PRINTABLE} | {b: chr(256 + i) for i, b in enumerate(_OTHER)}


def _pieces(text: str):
    """Every word as a tuple of letters; the last letter is marked."""
    for word in WORDS.findall(" ".join(text.lower().split())):
        letters = [_LETTER[b] for b in word.encode()]
        yield (*letters[:-1], letters[-1] + "</w>")


def _join(word: tuple, pair: tuple) -> tuple:
    joined, i = [], 0
    while i < len(word):
        together = word[i : i + 2] == pair
        joined.append("".join(pair) if together else word[i])
        i += 2 if together else 1
    return tuple(joined)


def learn(texts: list[str], merges: int = 800) -> list[tuple[str, str]]:
    """The `merges` most frequent pairs, each counted after the previous merges."""
    words = Counter(word for text in texts for word in _pieces(text))
    learnt = []
    while len(learnt) < merges:
        pairs = Counter()
        for word, count in words.items():
            for pair in zip(word, word[1:]):
                pairs[pair] += count
        if not pairs:
            break
        best = max(pairs, key=lambda pair: (pairs[pair], pair))
        learnt.append(best)
        words = Counter({_join(word, best): count for word, count in words.items()})
    return learnt


def save(merges: list[tuple[str, str]], folder: Path, length: int = 77) -> None:
    """Writes the four files of a CLIP tokenizer."""
    letters = list(_LETTER.values())
    entries = [*letters, *(letter + "</w>" for letter in letters), *map("".join, merges), START, END]
    vocabulary = {entry: i for i, entry in enumerate(dict.fromkeys(entries))}
    special = {"lstrip": False, "normalized": True, "rstrip": False, "single_word": False}
    names = {"bos_token": START, "eos_token": END, "unk_token": END}
    specials = {key: {"content": value, **special} for key, value in names.items()}
    config = {
        "add_prefix_space": False,
        **{key: {**value, "__type": "AddedToken"} for key, value in specials.items()},
        "pad_token": END,
        "do_lower_case": True,
        "errors": "replace",
        "model_max_length": length,
        "tokenizer_class": "CLIPTokenizer",
    }
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "vocab.json").write_text(json.dumps(vocabulary, ensure_ascii=False))
    lines = ["#version: 0.2", *(f"{a} {b}" for a, b in merges), ""]
    (folder / "merges.txt").write_text("\n".join(lines))
    (folder / "tokenizer_config.json").write_text(json.dumps(config, indent=1))
    specials["pad_token"] = END
    (folder / "special_tokens_map.json").write_text(json.dumps(specials, indent=1))


class Tokenizer:
    """Reads a folder written by `save`; always pads to the full length, as SD v1.5 does."""

    def __init__(self, folder: Path):
        self.vocabulary = json.loads((folder / "vocab.json").read_text())
        lines = (folder / "merges.txt").read_text().splitlines()[1:]
        self.rank = {tuple(line.split()): i for i, line in enumerate(lines)}
        config = json.loads((folder / "tokenizer_config.json").read_text())
        self.length = config["model_max_length"]

    def __call__(self, text: str) -> list[int]:
        tokens = [token for word in _pieces(text) for token in self._merge(word)]
        ids = [self.vocabulary[token] for token in tokens][: self.length - 2]
        end = self.vocabulary[END]
        return [self.vocabulary[START], *ids, *[end] * (self.length - 1 - len(ids))]

    def _merge(self, word: tuple) -> tuple:
        while len(word) > 1:
            pair = min(zip(word, word[1:]), key=lambda pair: self.rank.get(pair, 1 << 30))
            if pair not in self.rank:
                break
            word = _join(word, pair)
        return word
