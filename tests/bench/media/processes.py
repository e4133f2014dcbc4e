# SPDX-License-Identifier: Apache-2.0
"""Programs of a benchmark: each on a core of its own, spoken to in JSON lines, ended by its process id."""

import json
import os
import subprocess


class Failure(Exception):
    """A program did not do what the benchmark needs of it."""


def cores():
    """The core of what is measured and the core of everything else, each as a set."""
    usable = sorted(os.sched_getaffinity(0))
    return {usable[0]}, {usable[-1]}


class Program:
    """A child process on some cores. With `talks`, its standard input and output are JSON lines."""

    def __init__(self, command, on_cores, talks=True, log=None, idle=False):
        pipe = subprocess.PIPE if talks else subprocess.DEVNULL

        def prepare():
            os.sched_setaffinity(0, on_cores)
            if idle:
                os.sched_setscheduler(0, os.SCHED_IDLE, os.sched_param(0))

        self.name = os.path.basename(command[0])
        self.process = subprocess.Popen(
            command, stdin=pipe, stdout=pipe if talks else log, stderr=log, text=True,
            preexec_fn=prepare)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        if self.process.poll() is None:
            self.process.terminate()
        try:
            self.process.wait(10)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()
        for stream in (self.process.stdin, self.process.stdout):
            if stream:
                stream.close()

    @property
    def pid(self):
        return self.process.pid

    def tell(self, what):
        try:
            self.process.stdin.write(json.dumps(what) + "\n")
            self.process.stdin.flush()
        except BrokenPipeError:
            pass  # hear() says what happened

    def hear(self):
        line = self.process.stdout.readline()
        if not line:
            raise Failure(f"{self.name} has ended, exit code {self.process.wait()}")
        return json.loads(line)

    def status(self, field):
        """A number of /proc/PID/status: VmRSS in KiB, Threads."""
        with open(f"/proc/{self.pid}/status", encoding="ascii") as lines:
            for line in lines:
                if line.startswith(field + ":"):
                    return int(line.split()[1])
        raise Failure(f"no {field} of {self.name}")
