# SPDX-License-Identifier: Apache-2.0
"""live_source.py [OPTION...] FRAMES VIDEO COMMAND...: a camera for a tool that reads it live.

Writes frames of VIDEO to the standard input of COMMAND, whose records it copies to standard output.
VIDEO is a transport stream, of which a frame begins with each first packet of a PES, or WIDTHxHEIGHT
for made pictures in Y4M.

    --behind N      after each frame, waits for the record of the N-th before it: the next frame
                    comes only when it is there
    --after N       does so from the N-th frame on, when the stream has been opened
    --interrupt     sends SIGINT after the last frame, instead of ending the stream
    --keep FILE     also writes the stream to FILE
Its exit status is that of COMMAND, as a shell has it; 99 if a record did not come.
"""
import argparse
import json
import signal
import subprocess
import sys
import threading

PATIENCE = 60  # seconds

parser = argparse.ArgumentParser()
parser.add_argument("--behind", type=int)
parser.add_argument("--after", type=int, default=0)
parser.add_argument("--interrupt", action="store_true")
parser.add_argument("--keep", default="/dev/null")
parser.add_argument("frames", type=int)
parser.add_argument("video")
parser.add_argument("command", nargs=argparse.REMAINDER)
options = parser.parse_args()


def y4m(width, height):
    head = f"YUV4MPEG2 W{width} H{height} F25:1 C420jpeg\n".encode()
    for number in range(options.frames):
        luma = bytes((x + number) % 256 for x in range(width)) * height
        yield head + b"FRAME\n" + luma + bytes([128]) * (width * height // 2)
        head = b""


def transport_stream(path):
    with open(path, "rb") as file:
        data = file.read()
    frame, is_begun = b"", False
    for at in range(0, len(data), 188):
        packet = data[at:at + 188]
        pid = (packet[1] & 0x1f) << 8 | packet[2]
        if packet[1] & 0x40 and 0x100 <= pid < 0x1000 and packet[3] & 0x10:
            payload = 4 + (1 + packet[4] if packet[3] & 0x20 else 0)
            if packet[payload:payload + 3] == b"\0\0\1":
                if is_begun:
                    yield frame
                    frame = b""
                is_begun = True
        frame += packet
    yield frame


class Records:
    def __init__(self, pipe):
        self.changed = threading.Condition()
        self.last = -1
        self.ended = False
        self.thread = threading.Thread(target=self.read, args=[pipe])
        self.thread.start()

    def read(self, pipe):
        for line in pipe:
            sys.stdout.buffer.write(line)
            record = json.loads(line)
            if record["type"] == "frame":
                self.take(record["frame"])
        with self.changed:
            self.ended = True
            self.changed.notify()

    def take(self, number):
        with self.changed:
            self.last = number
            self.changed.notify()

    def wait_for(self, number):
        with self.changed:
            if not self.changed.wait_for(lambda: self.ended or self.last >= number, PATIENCE):
                return False
            return self.last >= number


child = subprocess.Popen(options.command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, bufsize=0)
records = Records(child.stdout)
size = options.video.split("x")
frames = y4m(*map(int, size)) if len(size) == 2 and size[0].isdigit() else transport_stream(options.video)
came = True
with open(options.keep, "wb") as keep:
    for number, frame in enumerate(frames):
        keep.write(frame)
        while frame:
            frame = frame[child.stdin.write(frame):]
        if options.behind is not None and number >= options.after and not records.wait_for(number - options.behind):
            print(f"no record of frame {number - options.behind} after frame {number}", file=sys.stderr)
            came = False
            break
        if number + 1 == options.frames:
            break
if options.interrupt:
    child.send_signal(signal.SIGINT)
    status = child.wait(PATIENCE)
    child.stdin.close()
else:
    child.stdin.close()
    status = child.wait(PATIENCE)
records.thread.join()
sys.exit(99 if not came else status if status >= 0 else 128 - status)
