#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Whether the section [run] of deploy/packages has every library that the programs (the arguments) are linked with: what is missing
there fails on the machine of somebody who did not build."""

import pathlib
import re
import subprocess
import sys

PACKAGES = pathlib.Path(__file__).resolve().parents[3] / "deploy/packages"
# Of every Debian, or of the sanitizers' runtime, which no carrier runs.
EVERYWHERE = {"libc6", "libgcc-s1", "libstdc++6", "libasan8", "libubsan1", "libtsan2"}


def output(*command):
    return subprocess.run(command, check=True, capture_output=True, text=True).stdout


def listed(section):
    text = PACKAGES.read_text().split(f"[{section}]\n")[1].split("\n[")[0]
    return {line.split()[0] for line in text.splitlines() if line.split() and not line.startswith("#")}


def libraries(program):
    """Path of each library that the program itself names."""
    needed = set(re.findall(r"NEEDED +(\S+)", output("objdump", "-p", program)))
    found = dict(re.findall(r"(\S+) => (/\S+)", output("ldd", program)))
    return {found[name] for name in needed if name in found}


def packages_of(libraries):
    """dpkg knows a file by the path that it was shipped under, which the merge of /usr may have changed: all are asked for."""
    spellings = {}
    for library in libraries:
        real = str(pathlib.Path(library).resolve())
        for path in (real, real.removeprefix("/usr"), library, library.removeprefix("/usr")):
            spellings[path] = library
    found = {}
    for line in subprocess.run(["dpkg", "-S", *spellings], capture_output=True, text=True).stdout.splitlines():
        package, path = line.rsplit(": ", 1)
        found[spellings[path]] = package.split(":")[0]
    if set(libraries) - set(found):
        raise SystemExit(f"no package has {sorted(set(libraries) - set(found))}")
    return set(found.values())


def main(programs):
    wanted = packages_of({library for program in programs for library in libraries(program)}) - EVERYWHERE
    if len(wanted) < 10:
        raise SystemExit(f"so few libraries are hard to believe: {sorted(wanted)}")
    missing = wanted - listed("run")
    if missing:
        raise SystemExit(f"missing in [run] of deploy/packages: {sorted(missing)}")
    print(f"{len(wanted)} libraries, all of them in [run]")


main(sys.argv[1:])
