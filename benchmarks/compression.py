"""What packing an answer costs, and what it saves, in each coding.

    python -m benchmarks.compression http://127.0.0.1:8000 [--user NAME --password PASSWORD] [PATH …]

Fetches each answer as it is, and packs it in this process in turns with making a copy of it: medians in microseconds of
processor time, and the bytes that travel. With a user, staff pages too.
"""

import argparse
import re
import time
from collections.abc import Callable
from http.cookiejar import CookieJar
from statistics import median
from urllib.parse import urlencode
from urllib.request import HTTPCookieProcessor, OpenerDirector, build_opener

from app.web.compression import CODINGS, packed

ROUNDS = 41
PUBLIC = ("/api/products", "/api/virtual-assistants", "/api/openapi.json", "/api/docs")
STAFF = ("/admin/", "/admin/products", "/admin/assistants", "/admin/teams/capacity")


def main() -> None:
    parser = argparse.ArgumentParser(prog="compression")
    parser.add_argument("address")
    parser.add_argument("paths", nargs="*")
    parser.add_argument("--user", default="")
    parser.add_argument("--password", default="")
    asked = parser.parse_args()
    browser = build_opener(HTTPCookieProcessor(CookieJar()))
    if asked.user:
        sign_in(browser, asked.address, asked.user, asked.password)
    print(f"{'':28}{'plain':>10}" + "".join(f"{coding:>10}{'ratio':>7}{'µs':>7}" for coding in CODINGS))
    for path in asked.paths or (*PUBLIC, *(STAFF if asked.user else ())):
        body = browser.open(asked.address + path).read()
        told = f"{path:28}{len(body):>10,}"
        for coding in CODINGS:
            short = packed(body, coding)
            told += f"{len(short):>10,}{len(body) / len(short):>7.1f}{cost(body, coding):>7.0f}"
        print(told)


def sign_in(browser: OpenerDirector, address: str, user: str, password: str) -> None:
    page = browser.open(f"{address}/login").read().decode()
    found = re.search(r'name="csrf_token"[^>]*value="([^"]+)"', page)
    token = found[1] if found else ""
    sent = urlencode({"csrf_token": token, "username": user, "password": password})
    browser.open(f"{address}/login", sent.encode())


def cost(body: bytes, coding: str) -> float:
    """Microseconds of processor time, less what calling takes."""
    whole, empty = [], []
    for _ in range(ROUNDS):
        whole.append(timed(lambda: packed(body, coding)))
        empty.append(timed(lambda: b"".join([body])))
    return (median(whole) - median(empty)) / 1000


def timed(call: Callable[[], object]) -> int:
    began = time.process_time_ns()
    call()
    return time.process_time_ns() - began


main()
