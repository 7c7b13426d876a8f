#!/bin/sh
# openai 3.57.0 types its answers and checks none of them. What servers that are compatible with OpenAI's send with
# status 200 comes through as it is: a page in HTML as a `str` in place of a ChatCompletion, `null` as None, an error
# (as proxies before several models send it) as a completion whose `choices` is None, a text in parts as a list where
# `str | None` is promised, token counts as texts or not at all. So the first attribute that is touched raises
# AttributeError or TypeError, and what the server said is lost. Whoever lets others set the address reads the JSON
# themselves (`with_raw_response`). A refusal with 409 is sent three times by default, as 429 and 503 are, without a key
# that makes it count once.
# Source: openai/_models.py, `construct`; openai/_base_client.py, `_should_retry`.
# Seen: "a page str", "null NoneType", "an error choices None, error {'code': 402, 'message': 'No credits left'}",
# "parts list", "tokens ('12', None)", "409 sent 3 times, keys [None, None, None]".
set -eu
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install -q --disable-pip-version-check openai==3.57.0
"$folder/venv/bin/python" - <<'END'
import json
import sys
import threading
from http.server import BaseHTTPRequestHandler, HTTPServer

import openai

heard, sent = [], [200, "text/html", ""]


class Answers(BaseHTTPRequestHandler):
    def do_POST(self):
        self.rfile.read(int(self.headers["Content-Length"]))
        heard.append(self.headers["Idempotency-Key"])
        status, kind, text = sent
        self.send_response(status)
        self.send_header("Content-Type", kind)
        self.send_header("Content-Length", str(len(text)))
        self.end_headers()
        self.wfile.write(text.encode())

    def log_message(self, *_):
        pass


server = HTTPServer(("127.0.0.1", 0), Answers)
threading.Thread(target=server.serve_forever, daemon=True).start()
client = openai.OpenAI(api_key="k", base_url=f"http://127.0.0.1:{server.server_port}")


def asked(body, status=200):
    sent[:] = [status, "text/html", body] if isinstance(body, str) else [status, "application/json", json.dumps(body)]
    return client.chat.completions.create(model="m", messages=[{"role": "user", "content": "hi"}])


def completion(content, **more):
    return {"choices": [{"index": 0, "message": {"role": "assistant", "content": content}}]} | more


page, null = asked("<html>Sign in</html>"), asked(None)
error = asked({"error": {"code": 402, "message": "No credits left"}})
parts = asked(completion([{"type": "text", "text": "hello"}])).choices[0].message.content
usage = asked(completion("hello", usage={"prompt_tokens": "12"})).usage
tokens = (usage.prompt_tokens, usage.completion_tokens)
heard.clear()
try:
    asked({"error": {"message": "no"}}, status=409)
except openai.ConflictError:
    pass
server.shutdown()
print("a page", type(page).__name__)
print("null", type(null).__name__)
print("an error choices", error.choices, end=", error ")
print(error.error)
print("parts", type(parts).__name__)
print("tokens", tokens)
print("409 sent", len(heard), "times, keys", heard)
sys.exit(not (isinstance(page, str) and null is None and error.choices is None and isinstance(parts, list)
              and tokens == ("12", None) and heard == [None] * 3))
END
