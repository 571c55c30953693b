"""Learns the byte-pair vocabulary of the text model and writes it to a folder."""

import argparse
from pathlib import Path

from bpe import Tokenizer, learn, save
from captions import HELD_OUT, corpus
from data import WORK


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--out", type=Path, default=WORK / "tokenizer")
    parser.add_argument("--merges", type=int, default=800)
    args = parser.parse_args()
    save(learn(corpus(), args.merges), args.out)
    tokenizer = Tokenizer(args.out)
    words = [sum(i < len(tokenizer.vocabulary) - 2 for i in tokenizer(text)) for text in HELD_OUT]
    print(f"{len(tokenizer.vocabulary)} entries; a held-out wording takes {sum(words) / len(words):.1f}")


if __name__ == "__main__":
    main()
