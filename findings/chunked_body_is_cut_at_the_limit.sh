#!/bin/sh
# Werkzeug 3.1.9 (`werkzeug.wsgi.LimitedStream`): a chunked body that is longer than `max_content_length` is not refused
# when it is read in one go. `request.get_data()` gives the first bytes up to the limit as if they were the whole, and so
# does the parser of urlencoded forms; only reading on in pieces raises RequestEntityTooLarge (413).
# Source: `LimitedStream.readall` stops when the limit is reached, and looks at nothing behind it.
# Seen: get_data 10 bytes of 26, no error; form {'a': '12345678'}; reading in pieces: 413.
set -eu
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" -q install --disable-pip-version-check werkzeug==3.1.9
"$folder/venv/bin/python" - <<'PYTHON'
from io import BytesIO

from werkzeug.exceptions import RequestEntityTooLarge
from werkzeug.wrappers import Request


def asked(body, kind="application/json"):
    environ = {"REQUEST_METHOD": "POST", "wsgi.input": BytesIO(body), "wsgi.input_terminated": True,
               "HTTP_TRANSFER_ENCODING": "chunked", "CONTENT_TYPE": kind}
    request = Request(environ)
    request.max_content_length = 10
    return request


body = b"a=12345678901234567890&b=1"
whole = asked(body).get_data()
form = asked(body, "application/x-www-form-urlencoded").form.to_dict()
print("get_data:", len(whole), "bytes of", len(body))
print("form:", form)
try:
    stream = asked(body).stream
    while stream.read(4):
        pass
    raise SystemExit("reading in pieces: no error")
except RequestEntityTooLarge as error:
    print("reading in pieces:", error.code)
assert (len(whole), form) == (10, {"a": "12345678"}), "it has changed"
PYTHON
