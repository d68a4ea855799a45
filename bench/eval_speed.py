#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""eval_speed.py VREMD_EVAL - measure time and memory of AP, MOT and per-sequence files on one thread,
for a data set of the size of the PoseTrack18 validation set (eval_set.py) in both formats; goal: 1.5 s
and 200 MB. Then measure the startup time of the tools in the same directory that do not link LibTorch;
goal: 20 ms."""
import os
import resource
import subprocess
import sys
import tempfile
import time

HERE = os.path.dirname(os.path.abspath(__file__))


def run(*command):
    """Wall time and CPU time in seconds, and peak memory in MB, of one run."""
    begin, pid = time.monotonic(), os.fork()
    if pid == 0:
        os.dup2(os.open(os.devnull, os.O_WRONLY), 1)
        os.execvp(command[0], command)
    _, status, usage = os.wait4(pid, 0)
    if status:
        sys.exit(f'{command[0]}: status {status}')
    return time.monotonic() - begin, usage.ru_utime + usage.ru_stime, usage.ru_maxrss * 1024 / 1e6


def best(*command):
    return min((run(*command) for _ in range(5)), key=lambda one: one[1])


def score(tool, form):
    with tempfile.TemporaryDirectory() as folder:
        subprocess.run([sys.executable, HERE + '/eval_set.py', folder + '/set', '--form', form],
                       check=True)
        size = sum(os.path.getsize(os.path.join(d, f))
                   for d, _, files in os.walk(folder) for f in files)
        wall, processor, memory = best(tool, '-q', '-g', folder + '/set/gt', '-p',
                                       folder + '/set/pred', '-e', '-t', '-s', '-j', '1',
                                       '-o', folder + '/out')
        print(f'PoseTrack{form}, {size / 1e6:.1f} MB of JSON: {wall:.2f} s, '
              f'{processor:.2f} s of one core, {memory:.0f} MB')


def start(tools):
    """The last tool links LibTorch; the others must start much faster."""
    nothing = best('true')[0]
    for name in ('vremd-eval', 'vremd-convert', 'vremd-track', 'vremd-pose'):
        tool = os.path.join(tools, name)
        if os.path.exists(tool):
            wall = best(tool, '--version')[0]
            print(f'start of {name} (--version): {1000 * wall:.1f} ms, '
                  f'{wall / nothing:.1f} times that of true')


def main():
    tool = sys.argv[1]
    for form in ('17', '18'):
        score(tool, form)
    start(os.path.dirname(tool))


main()
