#!/bin/sh
# Which client repeats by itself, with no retry asked for, when the server reads a request and hangs up without an
# answer? aiohttp 3.14.5 sends a PUT (or DELETE) again, also on a connection that is new; urllib3 2.8.0 sends it four
# times, and four times after a 503 with `Retry-After`, and sends a POST on to where a 302 points, with its body, where
# all others make it a GET. httpx 0.28.1, httpx2 2.16.2, requests 2.34.2 and niquests 3.21.2 send each once. So a count
# of attempts that an engine keeps is not the count that the other side sees, unless the client is told (`retries=False`
# for urllib3; for aiohttp there is no public switch), and a PUT that starts a payment needs its key all the same.
# Source: aiohttp/client.py, `retry_persistent_connection`; urllib3/util/retry.py, `DEFAULT_ALLOWED_METHODS`, and
# urllib3/poolmanager.py, `urlopen` (only 303 changes the method).
# Seen: "hangs up: aiohttp PUT PUT, urllib3 PUT PUT PUT PUT, httpx PUT, httpx2 PUT, requests PUT, niquests PUT",
# "503: urllib3 PUT PUT PUT PUT, the others PUT", "302: urllib3 POST POST, requests POST GET".
set -eu
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install -q --disable-pip-version-check \
    aiohttp==3.14.5 urllib3==2.8.0 httpx==0.28.1 httpx2==2.16.2 requests==2.34.2 niquests==3.21.2
"$folder/venv/bin/python" - <<'END'
import asyncio
import socket
import sys
import threading

import aiohttp
import httpx
import httpx2
import niquests
import requests
import urllib3

ANSWERS = {
    "hangs up": b"",
    "503": b"HTTP/1.1 503 Busy\r\nRetry-After: 0\r\nConnection: close\r\nContent-Length: 0\r\n\r\n",
    "302": b"HTTP/1.1 302 Found\r\nLocation: /then\r\nConnection: close\r\nContent-Length: 0\r\n\r\n",
}
OK = b"HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: 0\r\n\r\n"


def serve(listener, answer, heard):
    while True:
        try:
            connection, _ = listener.accept()
        except OSError:
            return
        with connection:
            said = b""
            while not said.endswith(b"\r\n\r\nbody") and not (said.startswith(b"GET") and said.endswith(b"\r\n\r\n")):
                said += connection.recv(1000)
            method, path = said.split(b" ", 2)[:2]
            heard.append(method.decode())
            connection.sendall(OK if path == b"/then" else answer)


async def by_aiohttp(method, url):
    async with aiohttp.ClientSession() as session, session.request(method, url, data=b"body"):
        pass


CLIENTS = {
    "aiohttp": lambda method, url: asyncio.run(by_aiohttp(method, url)),
    "urllib3": lambda method, url: urllib3.PoolManager().request(method, url, body=b"body"),
    "httpx": lambda method, url: httpx.request(method, url, content=b"body"),
    "httpx2": lambda method, url: httpx2.request(method, url, content=b"body"),
    "requests": lambda method, url: requests.request(method, url, data=b"body"),
    "niquests": lambda method, url: niquests.request(method, url, data=b"body"),
}


def sent(name, method, answer):
    heard = []
    with socket.create_server(("127.0.0.1", 0)) as listener:
        threading.Thread(target=serve, args=(listener, answer, heard), daemon=True).start()
        try:
            CLIENTS[name](method, f"http://127.0.0.1:{listener.getsockname()[1]}/")
        except Exception:
            pass
        return heard


found = {}
for case, names, method in (("hangs up", CLIENTS, "PUT"), ("503", CLIENTS, "PUT"), ("302", ["urllib3", "requests"], "POST")):
    found[case] = {name: sent(name, method, ANSWERS[case]) for name in names}
    print(f"{case}:", ", ".join(f"{name} {' '.join(heard)}" for name, heard in found[case].items()))
once = dict.fromkeys(CLIENTS, ["PUT"])
sys.exit(found != {
    "hangs up": once | {"aiohttp": ["PUT"] * 2, "urllib3": ["PUT"] * 4},
    "503": once | {"urllib3": ["PUT"] * 4},
    "302": {"urllib3": ["POST", "POST"], "requests": ["POST", "GET"]},
})
END
