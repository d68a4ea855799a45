# SPDX-License-Identifier: Apache-2.0
"""Records with something of everything that a report shows, for report_page.sh."""

import json
import math


def frame(index, track_offset=0):
    people = []
    for k in range(3):
        x = 6 + 16 * k + 3 * math.sin(index / 5 + k)
        people.append({"box": [x, 10, 12, 24], "box_score": 0.9, "score": 0.85 - 0.1 * k,
                       "track": k + 1 + track_offset})
    record = {"type": "frame", "frame": index, "time": index / 25, "instances": people}
    if index == 15:
        people[0]["score"] = 0.1
    if 18 <= index < 21:
        record["instances"] = []
    if index >= 24:
        people[0]["track"] = 9
    if index == 28:
        record["cut"] = True
    if index in (31, 32):
        record["damaged"] = True
    if index == 35:
        record["damaged"], record["instances"] = "missing", []
    return record


def video(name, frames=40, end=True):
    lines = [{"type": "header", "tool": "vremd-track", "version": "0", "video": name, "width": 64,
              "height": 48, "fps": [25, 1], "settings": {"max_age": 30}}]
    lines += [frame(i) for i in range(frames)]
    if end:
        lines.append({"type": "end", "seconds": {"decode": 0.5, "network": 9.25}})
    return "".join(json.dumps(line) + "\n" for line in lines)


def save(name, text):
    with open(name, "w", encoding="utf-8") as file:
        file.write(text)


save("day1.jsonl", video("day 1/a.mkv") + video("day 1/b.mkv", 20))
save("c.jsonl", video("c.mkv", 10))
save("odd.jsonl", video('"><img src=x onerror=alert(1)><script>alert(2)</script>.mkv', 12))
save("broken.jsonl", video("c.mkv", 5, False) + "{\n")
