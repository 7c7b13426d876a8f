#!/bin/sh
# openai 3.57.0 no longer sends by httpx, but by httpx2, a package and a name of its own: whoever quiets the logger
# "httpx", because it writes whole addresses at the level INFO, hears them from "httpx2" all the same.
# Source: openai, `_base_client.py`; httpx2, `_client.py`.
# Seen: "httpx2 INFO HTTP Request: POST http://127.0.0.1:42871/chat/completions?key=abc …".
set -eu
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install -q openai==3.57.0
cat >"$folder/look.py" <<'END'
import json
import logging
import threading
from http.server import BaseHTTPRequestHandler, HTTPServer

from openai import OpenAI


class Answers(BaseHTTPRequestHandler):
    def do_POST(self):
        self.rfile.read(int(self.headers["Content-Length"]))
        message = {"role": "assistant", "content": "hello"}
        choice = {"index": 0, "message": message, "finish_reason": "stop"}
        body = {"id": "1", "object": "chat.completion", "created": 1, "model": "m", "choices": [choice]}
        text = json.dumps(body).encode()
        self.send_response(200)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(text)))
        self.end_headers()
        self.wfile.write(text)

    def log_message(self, *_):
        pass


said = []


class Keeps(logging.Handler):
    def emit(self, record):
        said.append((record.name, record.levelname, record.getMessage()))


logging.basicConfig(level=logging.INFO, handlers=[Keeps()])
logging.getLogger("httpx").setLevel(logging.WARNING)
server = HTTPServer(("127.0.0.1", 0), Answers)
threading.Thread(target=server.serve_forever, daemon=True).start()
client = OpenAI(api_key="k", base_url=f"http://127.0.0.1:{server.server_port}", default_query={"key": "abc"})
client.chat.completions.create(model="m", messages=[{"role": "user", "content": "hi"}])
server.shutdown()

for line in said:
    print(*line)
found = [line for line in said if line[0].startswith("httpx2") and line[1] == "INFO" and "key=abc" in line[2]]
raise SystemExit(0 if found else "openai no longer sends by httpx2, or that no longer logs addresses")
END
"$folder/venv/bin/python" "$folder/look.py"
