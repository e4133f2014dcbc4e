#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Whether the tests of the jitter buffer bite: each mutant is a copy of the tree with one fault in it, and some test must fail.

    python3 tests/mutants [NAME...]      all of them, or those named; takes some minutes and is run by hand

Exit code 0: every mutant was found; 1: some lived (they are named), or the unharmed tree fails.
"""
import pathlib
import shutil
import subprocess
import sys
import tempfile

ROOT = pathlib.Path(__file__).resolve().parents[2]
TARGET = "unit_pstn_media"
TESTS = "FaultyNetwork.*:Streams/*:Clicks.*:Drift.*:Fec.*:ComfortNoise.*:Disturbance.*:Restart.*:Quality.*:Tap.*:LateAgain.*"

# name: (file, what stands there, what stands there instead)
MUTANTS = {
    "fec_unused": ("pstn/media/voice_playout.cpp", "decoder_->has_fec(packet.payload)) {", "false) {"),
    "fec_not_waited_for": ("pstn/media/voice_receiver.cpp", "(fec_seen_ && lossy_ ? frame_time() : 0ns)", "0ns"),
    "fec_not_sent": ("pstn/media/opus.cpp", "OPUS_SET_INBAND_FEC(fec ? 1 : 0)", "OPUS_SET_INBAND_FEC(0)"),
    "fec_sent_always": ("pstn/media/opus.cpp", "fec_wanted_ && fraction >= loss_noticed", "fec_wanted_"),
    "concealment_silent": ("pstn/media/concealment.cpp", "std::lround(next_sample())", "std::lround(0 * next_sample())"),
    "opus_concealment_silent": ("pstn/media/opus.cpp", "frame.begin() + std::max(count, 0)", "frame.begin() + 0 * count"),
    "target_halved": ("pstn/media/arrival_history.cpp", "lateness_ + margin", "lateness_ / 2 + margin"),
    "target_doubled": ("pstn/media/arrival_history.cpp", "lateness_ + margin", "lateness_ * 2 + margin"),
    "no_comfort_noise": ("pstn/media/comfort_noise.cpp", "if (!audible()) {", "if (true) {"),
    "background_not_learnt": ("pstn/media/voice_playout.cpp", "  background_.take(power);", ""),
    "copies_played": ("pstn/media/jitter_buffer.cpp", "if (into.sequence == sequence) return false;", ""),
    "never_shorter": ("pstn/media/voice_playout.cpp", "if (!quiet && since_splice_ < splice_pause) return count;", "return count;"),
    # Lives: where packets come late, what is made up in their place lengthens the delay as much.
    "never_longer": ("pstn/media/voice_playout.cpp", "if (made_up_ > 0 || phase() >= count) return count;", "return count;"),
    "cut_anywhere": ("pstn/media/time_scale.cpp", "candidate.likeness > best.likeness", "candidate.likeness > 2"),
    "fades_left_out": ("pstn/media/fade.hpp", "return part * part * (3 - 2 * part);", "return part < 1.5f ? 1.0f : 0.0f;"),
    "clock_not_followed": ("pstn/media/voice_playout.cpp", "correction_ = aim - delay_;", "correction_ = 0ns;"),
    "late_packets_played": ("pstn/media/voice_receiver.cpp", "delay_should_grow || empty_run_", "delay_should_grow || true || empty_run_"),
    "loss_of_no_weight": ("pstn/media/quality.cpp", "std::clamp(stream.loss, 0.0, 1.0) * 100", "0 * stream.loss"),
}


def run(command, where):
    return subprocess.run(command, cwd=where, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, check=False)


def build(tree):
    result = run(["ninja", "-C", "build", TARGET], tree)
    if result.returncode:
        sys.exit(f"does not build:\n{result.stdout[-3000:]}")


def failures(tree):
    """Names of the tests that fail; empty: all pass. A crash is a failure as well."""
    binary = next((tree / "build").rglob(TARGET))
    result = run([str(binary), f"--gtest_filter={TESTS}", "--gtest_brief=1"], tree)
    named = {line.split()[3].rstrip(",") for line in result.stdout.splitlines() if line.startswith("[  FAILED  ] ") and "." in line}
    return sorted(named) or (["(ended by itself)"] if result.returncode else [])


def main():
    chosen = sys.argv[1:] or list(MUTANTS)
    with tempfile.TemporaryDirectory(prefix="tollgate-mutants-") as folder:
        tree = pathlib.Path(folder)
        for name in run(["git", "ls-files", "--cached", "--others", "--exclude-standard"], ROOT).stdout.splitlines():
            if not (ROOT / name).is_file():
                continue
            (tree / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy2(ROOT / name, tree / name)
        run(["cmake", "-S", ".", "-B", "build", "-G", "Ninja", "-DCMAKE_BUILD_TYPE=Release"], tree)
        build(tree)
        if found := failures(tree):
            sys.exit(f"the tree itself fails: {', '.join(found)}")
        lived = []
        for name in chosen:
            path, before, after = MUTANTS[name]
            text = (tree / path).read_text()
            if before not in text:
                sys.exit(f"{name}: '{before}' is not in {path}")
            (tree / path).write_text(text.replace(before, after))
            build(tree)
            found = failures(tree)
            print(f"{name:24} {'found by ' + ', '.join(found[:3]) if found else 'LIVES'}", flush=True)
            if not found:
                lived.append(name)
            (tree / path).write_text(text)
    return 1 if lived else 0


if __name__ == "__main__":
    sys.exit(main())
