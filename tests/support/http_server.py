# SPDX-License-Identifier: Apache-2.0
"""http_server.py FOLDER PORT-FILE: serves the files of a folder to user "me" with password "secret".

Answers ranges. /ranges-off/NAME gives a file without them, /break/NAME ends each of the first two
connections in the middle. /live/NAME is a stream without length: each of the first two connections
gives a half of it, slowly, and there are no others.
"""
import base64
import http.server
import os
import re
import sys
import time

FOLDER, PORT_FILE = sys.argv[1:]
WANTED = "Basic " + base64.b64encode(b"me:secret").decode()
breaks = lives = 0


class Handler(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def log_message(self, *_):
        pass

    def refuse(self, status):
        self.send_response(status)
        if status == 401:
            self.send_header("WWW-Authenticate", 'Basic realm="x"')
        self.send_header("Content-Length", "0")
        self.end_headers()

    def stream(self, data):
        global lives
        lives += 1
        if lives > 2:
            return self.refuse(404)
        self.close_connection = True
        self.send_response(200)
        self.end_headers()
        half = len(data) // 2 // 188 * 188
        data = data[:half] if lives == 1 else data[half:]
        for at in range(0, len(data), 1880):
            self.wfile.write(data[at:at + 1880])
            time.sleep(0.05)

    def do_GET(self):
        global breaks
        if self.headers.get("Authorization") != WANTED:
            return self.refuse(401)
        parts = self.path.split("?")[0].strip("/").split("/")
        path = os.path.join(FOLDER, parts[-1])
        if not os.path.isfile(path):
            return self.refuse(404)
        with open(path, "rb") as file:
            data = file.read()
        if parts[0] == "live":
            return self.stream(data)
        asked = re.match(r"bytes=(\d+)-(\d*)", self.headers.get("Range", ""))
        first, last = 0, len(data) - 1
        if asked and parts[0] != "ranges-off":
            first = int(asked[1])
            last = min(int(asked[2]), last) if asked[2] else last
            self.send_response(206)
            self.send_header("Content-Range", f"bytes {first}-{last}/{len(data)}")
        else:
            self.send_response(200)
        body = data[first:last + 1]
        self.send_header("Content-Length", str(len(body)))
        if parts[0] != "ranges-off":
            self.send_header("Accept-Ranges", "bytes")
        self.end_headers()
        if parts[0] == "break" and breaks < 2 and len(body) > 1000:
            breaks += 1
            body = body[:len(body) // 2]
            self.close_connection = True
        try:
            self.wfile.write(body)
        except OSError:
            pass


server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
with open(PORT_FILE + ".new", "w") as port:
    port.write(str(server.server_address[1]))
os.rename(PORT_FILE + ".new", PORT_FILE)
server.serve_forever()
