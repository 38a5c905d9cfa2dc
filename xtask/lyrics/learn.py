"""What the writer knows of classical verse, from the chinese-poetry collection (MIT).

    python3 xtask/lyrics/learn.py CHINESE_POETRY_FOLDER data/lyrics

Writes `classical.zz` (phrases of two to four characters that occur in several poems, and how much
oftener than by chance two characters meet in one clause) and `verbatim.bin` (a Bloom filter over
whole clauses: it answers whether a line stands in the collection, and cannot be read backwards).
"""

import collections
import glob
import json
import math
import re
import struct
import sys
import zlib

root, out = sys.argv[1], sys.argv[2]

HAN = re.compile(r"[\u4e00-\u9fff]+")
# Each poem is a list of clauses.
poems = []
verbatim = set()


def clauses(poem):
    found = [c for p in poem for c in HAN.findall(p)]
    verbatim.update(c for c in found if 4 <= len(c) <= 14)
    return found


for path in sorted(glob.glob(root + "/宋词/ci.song.*.json") + glob.glob(root + "/五代诗词/*/*.json")):
    for poem in json.load(open(path, encoding="utf-8")):
        if isinstance(poem, dict) and "paragraphs" in poem:
            poems.append(clauses(poem["paragraphs"]))
for path in sorted(glob.glob(root + "/**/*.json", recursive=True)):
    try:
        data = json.load(open(path, encoding="utf-8"))
    except (UnicodeDecodeError, json.JSONDecodeError):
        continue
    for poem in data if isinstance(data, list) else []:
        if isinstance(poem, dict):
            for field in ("paragraphs", "para", "content"):
                if isinstance(poem.get(field), list):
                    clauses([p for p in poem[field] if isinstance(p, str)])

# Phrases by place: the first two or four characters of a clause, its last two, three or four.
places = {"h2": collections.Counter(), "h4": collections.Counter(), "t2": collections.Counter(),
          "t3": collections.Counter(), "t4": collections.Counter()}
ends = collections.Counter()
pairs = collections.Counter()
singles = collections.Counter()
total = 0
for poem in poems:
    seen = set()
    for clause in poem:
        n = len(clause)
        if n == 5:
            seen |= {("h2", clause[:2]), ("t3", clause[2:])}
        elif n == 7:
            seen |= {("h4", clause[:4]), ("t3", clause[4:])}
        elif n == 6:
            seen |= {("h2", clause[:2]), ("t4", clause[2:])}
        elif n == 4:
            seen |= {("t4", clause), ("h4", clause)}
        elif n == 3:
            seen.add(("t3", clause))
        elif n == 2:
            seen.add(("t2", clause))
        if 3 <= n <= 7:
            total += 1
            signs = sorted(set(clause))
            singles.update(signs)
            pairs.update((a, b) for i, a in enumerate(signs) for b in signs[i + 1:])
    for place, phrase in seen:
        places[place][phrase] += 1
least = {"h2": 12, "h4": 4, "t2": 4, "t3": 6, "t4": 4}
lines = []
for place, counter in places.items():
    for phrase, count in sorted(counter.items()):
        # A character twice in a row is well, thrice is noise; □ marks lost characters.
        if count >= least[place]:
            lines.append(f"{place}\t{phrase}\t{count}")
kept = 0
for (a, b), count in sorted(pairs.items()):
    if count < 12:
        continue
    gain = math.log2(count * total / (singles[a] * singles[b]))
    if abs(gain) >= 0.7:
        lines.append(f"{a}{b}\t{round(gain * 4)}")
        kept += 1
text = "\n".join(lines) + "\n"
open(out + "/classical.zz", "wb").write(zlib.compress(text.encode(), 9))

# About 24 bits for a clause: one line in ten thousand is taken for a clause by mistake.
bits = 1 << (len(verbatim) * 16 - 1).bit_length()
table = bytearray(bits // 8)
for clause in verbatim:
    h = 0xCBF29CE484222325
    for byte in clause.encode():
        h = ((h ^ byte) * 0x100000001B3) & 0xFFFFFFFFFFFFFFFF
    # One round of mixing, since FNV's high bits are weak.
    h ^= h >> 32
    h = (h * 0x9E3779B97F4A7C15) & 0xFFFFFFFFFFFFFFFF
    h ^= h >> 29
    first, step = h & 0xFFFFFFFF, (h >> 32) | 1
    for k in range(8):
        at = (first + k * step) % bits
        table[at // 8] |= 1 << (at % 8)
open(out + "/verbatim.bin", "wb").write(bytes(table))
print(len(poems), "poems", total, "clauses,", {p: sum(1 for c in v.values() if c >= least[p]) for p, v in places.items()},
      kept, "pairs,", len(verbatim), "clauses indexed in", bits // 8, "bytes")
