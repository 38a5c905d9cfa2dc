"""Error of speech recognition on rendered lines (a test tool; the product needs no Python).

    python3 judge.py LINES LANG WHISPER FOLDER [WAY ...]

Reads FOLDER/WAY-SINGER-LINE.f32 (24 kHz) as `hear` leaves them. LANG is cmn (errors of toneless
Pinyin syllables) or en (errors of words). WHISPER is a folder with a CTranslate2 Whisper model.
Prints for each way and singer: errors, words or syllables, rate.

Where Whisper is unsure it draws its words by lot: such a line counts with the mean of DRAWS of
them, and a second run over the same folder draws the same.
"""
import glob
import os
import re
import sys
from collections import defaultdict

import ctranslate2
import numpy as np
from faster_whisper import WhisperModel
from scipy.signal import resample_poly

sys.path.insert(0, os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
from hear import distance  # noqa: E402

DRAWS = 5


def units(text, lang):
    if lang == "en":
        return re.sub(r"[^a-z' ]", "", text.lower()).split()
    from pypinyin import lazy_pinyin

    han = "".join(c for c in text if "\u4e00" <= c <= "\u9fff")
    return lazy_pinyin(han)


def hear(whisper, sound, lang):
    """What is heard, and whether it was drawn by lot (silence may have been, too)."""
    found, _ = whisper.transcribe(
        sound, language="en" if lang == "en" else "zh", beam_size=5,
        condition_on_previous_text=False,
    )
    parts = list(found)
    unsure = not parts or any(part.temperature > 0 for part in parts)
    return " ".join(part.text for part in parts), unsure


def main():
    lines, lang, model, folder, *ways = sys.argv[1:]
    texts = open(lines, encoding="utf8").read().splitlines()
    ctranslate2.set_random_seed(1)
    whisper = WhisperModel(model, compute_type="int8", cpu_threads=1)
    sums = defaultdict(lambda: [0, 0])
    for path in sorted(glob.glob(os.path.join(folder, "*.f32"))):
        way, singer, number = os.path.basename(path)[:-4].split("-")
        if ways and way not in ways:
            continue
        sound = np.fromfile(path, "<f4")
        sound = resample_poly(sound, 2, 3).astype(np.float32)
        sound = np.concatenate([np.zeros(4800, np.float32), sound, np.zeros(8000, np.float32)])
        sound *= 0.5 / max(1e-9, np.abs(sound).max())
        meant = units(texts[int(number)], lang)
        all_errors = []
        for _ in range(DRAWS):
            heard, unsure = hear(whisper, sound, lang)
            got = units(heard, lang)
            all_errors.append(min(distance(meant, got), len(meant)))
            if not unsure:
                break
        errors = sum(all_errors) / len(all_errors)
        sums[way, singer][0] += errors
        sums[way, singer][1] += len(meant)
        print(f"{way} {singer} {number} {errors:g}/{len(meant)} {heard}", flush=True)
    for (way, singer), (errors, count) in sorted(sums.items()):
        print(f"{way}\t{singer}\t{errors:g}\t{count}\t{errors / count:.3f}")


main()
