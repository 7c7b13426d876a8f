"""Outgoing requests reach public addresses alone, within their time and size, and say nothing that isn't theirs."""

import gzip
import json
import socket
import time
import tracemalloc
import zlib
from collections.abc import Iterator
from ipaddress import ip_address
from typing import Any

import pytest

from app.integrations.outgoing import addresses
from app.integrations.outgoing.addresses import Forbidden, networks, require_allowed
from app.integrations.outgoing.client import MOST_BYTES, NotAllowed, Refused, Unreachable, send
from tests.integrations.web import Web, answer, answers, web

HERE = networks("127.0.0.0/8")
SECRET = "s3cr3t-t0ken"


def drip(handler: Any) -> None:
    handler.send_response(200)
    handler.end_headers()
    for _ in range(100):
        handler.wfile.write(b"x")
        handler.wfile.flush()
        time.sleep(0.1)


def flood(handler: Any) -> None:
    handler.send_response(200)
    handler.end_headers()
    for _ in range(50):
        handler.wfile.write(b"y" * 1_000_000)


def slow_headers(handler: Any) -> None:
    handler.wfile.write(b"HTTP/1.1 200 OK\r\n")
    for number in range(100):
        handler.wfile.write(b"X-%d: 1\r\n" % number)
        time.sleep(0.1)


@pytest.fixture
def here() -> Iterator[Web]:
    with web(
        ok=answers(200, '{"ok": true}', Content_Type="application/json"),
        loop=answers(302, Location="/loop"),
        once=answers(302, Location="/ok"),
        drip=drip,
        flood=flood,
        slow=slow_headers,
        nonsense=lambda handler: handler.wfile.write(b"SSH-2.0-OpenSSH_9.2\r\n"),
    ) as told:
        yield told


@pytest.mark.parametrize(
    "spelled",
    [
        "http://127.0.0.1", "http://localhost", "http://127.1", "http://0x7f.1", "http://0x7f000001",
        "http://2130706433", "http://017700000001", "http://127.0.0.1.", "http://LOCALHOST", "http://[::1]",
        "http://[::ffff:127.0.0.1]", "http://[::ffff:7f00:1]", "http://[::127.0.0.1]", "http://0", "http://0.0.0.0",
        "http://[::]", "http://127。0。0。1", "http://public.example@127.0.0.1", "http://x:y@127.1",
        "https://127.0.0.1", "http://127.0.0.1#@public.example", "http://127.255.255.254",
    ],
)  # fmt: skip
def test_this_machine_is_refused_by_every_spelling(here: Web, spelled: str) -> None:
    head, mark, rest = spelled.partition("#")
    with pytest.raises(Unreachable):
        send("GET", f"{head}:{here.port}/ok{mark}{rest}", seconds=3)
    assert here.heard == []


@pytest.mark.parametrize(
    "address",
    [
        "0.0.0.0", "0.1.2.3", "10.0.0.1", "10.255.255.255", "100.64.0.1", "100.127.255.255", "127.0.0.1", "169.254.1.1",
        "169.254.169.254", "172.16.0.1", "172.31.255.255", "192.0.0.1", "192.0.2.1", "192.88.99.1", "192.168.0.1",
        "198.18.0.1", "198.19.255.255", "198.51.100.1", "203.0.113.1", "224.0.0.1", "239.1.1.1", "240.0.0.1",
        "255.255.255.255", "168.63.129.16", "192.0.0.192",
        "::", "::1", "::7f00:1", "::a00:1", "::ffff:10.0.0.1", "::ffff:169.254.169.254", "64:ff9b::7f00:1",
        "64:ff9b::10.0.0.1", "64:ff9b::169.254.169.254", "64:ff9b:1::808:808", "100::1", "2001::1",
        "2001:0:7f00:1::", "2001:db8::1", "2002:7f00:1::", "2002:a9fe:a9fe::1", "3fff::1", "5f00::1", "fc00::1",
        "fd00::1", "fd00:ec2::254", "fe80::1", "fe80::1%1", "febf::1", "fec0::1", "ff02::1", "4000::1", "1::1",
    ],
)  # fmt: skip
def test_an_address_that_is_not_public_is_refused(address: str) -> None:
    with pytest.raises(Forbidden):
        require_allowed(ip_address(address))


@pytest.mark.parametrize(
    "address",
    ["8.8.8.8", "1.1.1.1", "100.63.255.255", "100.128.0.0", "172.15.0.1", "172.32.0.1", "192.0.1.1", "193.0.0.1",
     "223.255.255.255", "2606:4700::1111", "2a00:1450::1", "::ffff:8.8.8.8", "64:ff9b::808:808"],
)  # fmt: skip
def test_a_public_address_is_allowed(address: str) -> None:
    require_allowed(ip_address(address))


@pytest.mark.parametrize("address", ["169.254.169.254", "fe80::1", "100.100.100.200", "0.0.0.0", "::ffff:169.254.0.1",
                                     "fd00:ec2::254", "64:ff9b::a9fe:a9fe", "224.0.0.1"])  # fmt: skip
def test_link_local_and_metadata_are_refused_whatever_the_settings_say(address: str) -> None:
    with pytest.raises(Forbidden):
        require_allowed(ip_address(address), networks("0.0.0.0/0", "::/0"))


def test_the_settings_allow_a_private_network_and_no_other() -> None:
    require_allowed(ip_address("10.1.2.3"), networks("10.1.0.0/16"))
    require_allowed(ip_address("::ffff:10.1.2.3"), networks("10.1.0.0/16"))
    with pytest.raises(Forbidden):
        require_allowed(ip_address("10.2.0.1"), networks("10.1.0.0/16"))


def test_an_answer_has_its_status_headers_and_body(here: Web) -> None:
    got = send("POST", f"{here.url}/ok", json={"ä": 1}, headers={"X-A": "ü"}, query={"a b": "c&d"}, private=HERE)

    assert (got.status, got.body, got.truncated) == (200, b'{"ok": true}', False)
    assert got.headers["content-type"] == "application/json"
    [heard] = here.heard
    assert (heard.method, heard.path, heard.body) == ("POST", "/ok?a+b=c%26d", '{"ä":1}'.encode())
    assert heard.headers["Content-Type"] == "application/json"
    assert heard.headers["X-A"].encode("latin-1").decode() == "ü"


def test_query_is_added_to_that_of_the_address(here: Web) -> None:
    send("GET", f"{here.url}/ok?a=1", query={"b": "2"}, private=HERE)
    assert here.heard[0].path == "/ok?a=1&b=2"


def test_an_endless_redirect_ends(here: Web) -> None:
    with pytest.raises(Unreachable, match="More than 5 redirects"):
        send("GET", f"{here.url}/loop", private=HERE)
    assert len(here.heard) == 6


@pytest.mark.parametrize(
    "target",
    ["http://169.254.169.254/latest/meta-data", "http://10.0.0.1/", "//[fe80::1]/", "http://[::ffff:10.0.0.1]/",
     "http://2852039166/"],
)  # fmt: skip
def test_a_redirect_to_a_private_address_is_refused(here: Web, target: str) -> None:
    here.does["/away"] = answers(302, Location=target)
    with pytest.raises(NotAllowed):
        send("GET", f"{here.url}/away", private=HERE, seconds=3)


@pytest.mark.parametrize("target", ["file:///etc/passwd", "gopher://127.0.0.1/", "ftp://127.0.0.1/x"])
def test_a_redirect_to_another_protocol_is_refused(here: Web, target: str) -> None:
    here.does["/away"] = answers(302, Location=target)
    with pytest.raises(Refused):
        send("GET", f"{here.url}/away", private=HERE)


def test_a_name_that_is_private_at_the_second_look_is_refused(here: Web, monkeypatch: pytest.MonkeyPatch) -> None:
    """Each connection looks the name up itself, and goes to the address that it checked."""
    looks = []
    known = socket.getaddrinfo

    def rebinding(host: str, port: int, *more: Any, **options: Any) -> Any:
        if host != "rebinding.example":
            return known(host, port, *more, **options)
        looks.append(host)
        address = "127.0.0.1" if len(looks) == 1 else "10.0.0.1"
        return [(socket.AF_INET, socket.SOCK_STREAM, 6, "", (address, port))]

    monkeypatch.setattr(addresses.socket, "getaddrinfo", rebinding)
    here.does["/again"] = lambda handler: answer(
        handler, 307, Location=f"http://rebinding.example:{here.port}/ok", Connection="close"
    )

    with pytest.raises(NotAllowed):
        send("GET", f"http://rebinding.example:{here.port}/again", private=HERE)

    assert looks == ["rebinding.example"] * 2
    assert [one.path for one in here.heard] == ["/again"]


def test_a_name_with_one_private_address_among_public_ones_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    both = [(socket.AF_INET, socket.SOCK_STREAM, 6, "", (one, 80)) for one in ("8.8.8.8", "192.168.1.1")]
    monkeypatch.setattr(addresses.socket, "getaddrinfo", lambda *_, **__: both)
    with pytest.raises(NotAllowed):
        send("GET", "http://two.example/", seconds=2)


@pytest.mark.parametrize("path", ["/drip", "/slow"])
def test_what_trickles_in_ends_at_the_deadline(here: Web, path: str) -> None:
    begun = time.monotonic()
    with pytest.raises(Unreachable, match=r"after 0\.5 seconds"):
        send("GET", here.url + path, private=HERE, seconds=0.5)
    assert time.monotonic() - begun < 1.5


def test_a_look_up_that_takes_too_long_ends_at_the_deadline(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(addresses.socket, "getaddrinfo", lambda *_, **__: time.sleep(3) or [])
    begun = time.monotonic()
    with pytest.raises(Unreachable):
        send("GET", "http://slow.example/", seconds=0.3)
    assert time.monotonic() - begun < 1


def test_a_server_that_takes_a_body_slowly_is_left_at_the_deadline() -> None:
    listening = socket.create_server(("127.0.0.1", 0))
    listening.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 2_048)
    begun = time.monotonic()
    with listening, pytest.raises(Unreachable):
        send(
            "POST", f"http://127.0.0.1:{listening.getsockname()[1]}", content="x" * 20_000_000, private=HERE, seconds=1
        )
    assert time.monotonic() - begun < 2


def test_an_answer_of_50_mb_is_cut(here: Web) -> None:
    got = send("GET", f"{here.url}/flood", private=HERE, seconds=20)
    assert (len(got.body), got.truncated) == (MOST_BYTES, True)


@pytest.mark.parametrize("coding", ["gzip", "deflate", "bare"])
def test_a_compressed_answer_is_unpacked(here: Web, coding: str) -> None:
    plain = json.dumps(list(range(10_000))).encode()
    bare = zlib.compressobj(wbits=-15)
    packed = {
        "gzip": gzip.compress(plain), "deflate": zlib.compress(plain), "bare": bare.compress(plain) + bare.flush()
    }[coding]  # fmt: skip
    here.does["/packed"] = answers(200, packed, Content_Encoding="gzip" if coding == "gzip" else "deflate")
    assert send("GET", f"{here.url}/packed", private=HERE).body == plain


def test_a_bomb_is_cut_after_it_was_unpacked_and_takes_no_memory(here: Web) -> None:
    packing = zlib.compressobj(9, wbits=31)
    bomb = b"".join(packing.compress(bytes(1_000_000)) for _ in range(300)) + packing.flush()
    here.does["/bomb"] = answers(200, bomb, Content_Encoding="gzip")
    tracemalloc.start()
    got = send("GET", f"{here.url}/bomb", private=HERE)
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()

    assert (len(got.body), got.truncated) == (MOST_BYTES, True)
    assert peak < 12 * MOST_BYTES


@pytest.mark.parametrize("coding", ["br", "zstd", "gzip, gzip", "nonsense"])
def test_what_was_not_asked_for_is_not_unpacked(here: Web, coding: str) -> None:
    here.does["/odd"] = answers(200, gzip.compress(b"x"), Content_Encoding=coding)
    with pytest.raises(Unreachable, match="compress"):
        send("GET", f"{here.url}/odd", private=HERE)


@pytest.mark.parametrize(
    "url",
    ["file:///etc/passwd", "ftp://public.example/", "gopher://public.example/", "javascript:alert(1)",
     "data:text/plain,x", "//public.example/", "public.example", "", "http://", "http:///x", "http://[::1", "http://a\nb.example/",
     "http://public.example:99999/", "unix:///var/run/docker.sock", "http://\x00/", "https:public.example"],
)  # fmt: skip
def test_anything_but_an_address_of_the_web_is_refused(url: str) -> None:
    with pytest.raises(Refused):
        send("GET", url, seconds=2)


@pytest.mark.parametrize("port", [0, 22, 25, 465, 587, 6667])
def test_ports_of_other_protocols_are_refused(port: int) -> None:
    with pytest.raises(Refused):
        send("GET", f"http://127.0.0.1:{port}/", private=HERE, seconds=2)


@pytest.mark.parametrize(
    "headers",
    [{"X-A": "1\r\nX-B: 2"}, {"X-A": "1\nX-B: 2"}, {"X-A\r\nX-B": "1"}, {"X A": "1"}, {"": "1"}, {"X-A": "\x00"},
     {"X-A": "\ud800"}, {"Host": "other.example"}, {"Content-Length": "3"}, {"Transfer-Encoding": "chunked"},
     {"X-A": "a" * 10_000}],
)  # fmt: skip
def test_a_header_that_breaks_out_is_refused(here: Web, headers: dict[str, str]) -> None:
    with pytest.raises(Refused, match="header"):
        send("GET", f"{here.url}/ok", headers=headers, private=HERE)
    assert here.heard == []


def test_a_header_of_the_author_replaces_ours(here: Web) -> None:
    send("GET", f"{here.url}/ok", json=[1], headers={"content-type": "application/merge-patch+json"}, private=HERE)
    sent = {name.lower(): value for name, value in here.heard[0].headers.items()}
    assert sent["content-type"] == "application/merge-patch+json"


@pytest.mark.parametrize("body", [float("nan"), {"a": float("inf")}, "\ud800"])
def test_a_body_that_is_no_json_is_refused(here: Web, body: Any) -> None:
    with pytest.raises(Refused, match="body"):
        send("POST", f"{here.url}/ok", json=body, private=HERE)


def test_proxies_and_netrc_of_the_environment_are_ignored(
    here: Web, monkeypatch: pytest.MonkeyPatch, tmp_path: Any
) -> None:
    (tmp_path / "netrc").write_text("machine 127.0.0.1 login ann password pass\n")
    monkeypatch.setenv("NETRC", str(tmp_path / "netrc"))
    for name in ("HTTP_PROXY", "http_proxy", "HTTPS_PROXY", "ALL_PROXY", "all_proxy"):
        monkeypatch.setenv(name, "http://127.0.0.1:1")
    assert send("GET", f"{here.url}/ok", private=HERE).status == 200
    assert "Authorization" not in here.heard[0].headers


def test_a_user_in_the_address_signs_in(here: Web) -> None:
    send("GET", f"http://ann:p%40ss@127.0.0.1:{here.port}/ok", private=HERE)
    assert here.heard[0].headers["Authorization"] == "Basic YW5uOnBAc3M="


def test_keys_in_headers_do_not_travel_to_another_origin(here: Web) -> None:
    with web(ok=answers()) as other:
        here.does["/other"] = answers(307, Location=f"{other.url}/ok")
        keys = {"Authorization": SECRET, "X-Api-Key": SECRET, "Cookie": SECRET, "Idempotency-Key": "k", "Accept": "a/b"}
        send("POST", f"{here.url}/other", headers=keys, json={"a": 1}, private=HERE)
        here.does["/once"] = answers(307, Location="/ok")
        send("POST", f"{here.url}/once", headers=keys, private=HERE)

    assert SECRET not in other.heard[0].headers.as_string()
    assert other.heard[0].headers["Idempotency-Key"] == "k"
    assert other.heard[0].headers["Accept"] == "a/b"
    assert other.heard[0].body == b'{"a":1}'
    assert here.heard[-1].path == "/ok"
    assert here.heard[-1].headers["X-Api-Key"] == SECRET


def test_an_address_with_a_secret_is_in_no_error(here: Web) -> None:
    closed = socket.create_server(("127.0.0.1", 0))
    port = closed.getsockname()[1]
    closed.close()
    urls = [
        f"http://{SECRET}.example.invalid/", f"http://127.0.0.1:{port}/{SECRET}", f"http://{SECRET}@10.0.0.1/",
        f"{here.url}/drip?{SECRET}", f"{here.url}/nonsense?{SECRET}", f"http://{SECRET}:bad:port/", f"{SECRET}://x/",
        f"https://127.0.0.1:{here.port}/{SECRET}", f"http://{SECRET}:99999/",
    ]  # fmt: skip
    for url in urls:
        with pytest.raises(Unreachable) as caught:
            send("GET", url, private=HERE, seconds=0.5)
        chain: BaseException | None = caught.value
        assert SECRET not in str(chain), url
        assert chain is not None
        assert chain.__suppress_context__ or chain.__context__ is None, url


def test_each_failure_is_named(here: Web) -> None:
    closed = socket.create_server(("127.0.0.1", 0))
    port = closed.getsockname()[1]
    closed.close()
    for url, reason in {
        "http://nowhere.invalid/": "couldn’t be resolved",
        f"http://127.0.0.1:{port}/": "nothing is listening",
        f"https://127.0.0.1:{here.port}/ok": "TLS failed",
        f"{here.url}/nonsense": "isn’t valid HTTP",
    }.items():
        with pytest.raises(Unreachable, match=reason):
            send("GET", url, private=HERE, seconds=5)


def test_head_and_no_content_have_no_body(here: Web) -> None:
    here.does["/none"] = lambda handler: (handler.send_response(204), handler.end_headers())
    assert send("GET", f"{here.url}/none", private=HERE).body == b""
    assert send("HEAD", f"{here.url}/once", private=HERE).status == 200
