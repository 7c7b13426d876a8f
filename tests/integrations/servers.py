"""Small servers that speak SMTP and HTTP, for tests of what goes out."""

import json
import socket
import ssl
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from email import message_from_bytes
from email.message import EmailMessage
from email.policy import default
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from typing import Any

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec


@dataclass
class SmtpServer:
    """A mail server. `replies` overrides what it says to a command; `hears` are its lines, `mails` what it took."""

    extensions: tuple[str, ...] = ()
    replies: dict[str, str] = field(default_factory=dict)
    context: ssl.SSLContext | None = None
    port: int = 0
    hears: list[str] = field(default_factory=list)
    mails: list[EmailMessage] = field(default_factory=list)
    raw: list[bytes] = field(default_factory=list)
    was_secure: bool = False

    def talk(self, connection: socket.socket) -> None:
        with suppress(OSError, ValueError):
            self._talk(connection)

    def _talk(self, connection: socket.socket) -> None:
        stream = connection.makefile("rwb")

        def say(line: str) -> None:
            stream.write(f"{line}\r\n".encode())
            stream.flush()

        say("220 mail.example")
        while line := stream.readline().decode().strip():
            self.hears.append(line)
            verb = line.split()[0].upper()
            if verb in self.replies:
                say(self.replies[verb])
            elif verb == "EHLO":
                say("250-mail.example")
                for name in self.extensions:
                    say(f"250-{name}")
                say("250 SIZE 10000000")
            elif verb == "STARTTLS" and self.context:
                say("220 go on")
                connection = self.context.wrap_socket(connection, server_side=True)
                self.was_secure = True
                stream = connection.makefile("rwb")
            elif verb == "AUTH":
                say("235 welcome")
            elif verb == "DATA":
                say("354 go on")
                self._take(stream)
                say(self.replies.get("END", "250 taken"))
            elif verb == "QUIT":
                say("221 bye")
                return
            else:
                say("250 ok")

    def _take(self, stream: Any) -> None:
        lines = []
        while (line := stream.readline()) not in (b".\r\n", b""):
            lines.append(line.removeprefix(b".") if line.startswith(b"..") else line)
        self.raw.append(b"".join(lines))
        self.mails.append(message_from_bytes(self.raw[-1], policy=default))  # type: ignore[arg-type]


@contextmanager
def smtp(**how: Any) -> Iterator[SmtpServer]:
    server = SmtpServer(**how)
    listening = socket.create_server(("127.0.0.1", 0))
    server.port = listening.getsockname()[1]

    def serve() -> None:
        with suppress(OSError):
            while True:
                connection, _ = listening.accept()
                connection.settimeout(5)
                threading.Thread(target=server.talk, args=(connection,), daemon=True).start()

    threading.Thread(target=serve, daemon=True).start()
    try:
        yield server
    finally:
        listening.close()


@dataclass
class HttpServer:
    """Answers every POST alike. `asked` are the paths, headers and bodies that came."""

    status: int = 202
    answer: str = ""
    headers: dict[str, str] = field(default_factory=dict)
    url: str = ""
    asked: list[tuple[str, dict[str, str], Any]] = field(default_factory=list)


@contextmanager
def http(**how: Any) -> Iterator[HttpServer]:
    told = HttpServer(**how)

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
            told.asked.append((self.path, dict(self.headers), json.loads(body or b"null")))
            self.send_response(told.status)
            for name, value in told.headers.items():
                self.send_header(name, value)
            self.send_header("Content-Length", str(len(told.answer)))
            self.end_headers()
            self.wfile.write(told.answer.encode())

        def log_message(self, *_: Any) -> None:
            pass

    server = HTTPServer(("127.0.0.1", 0), Handler)
    told.url = f"http://127.0.0.1:{server.server_port}"
    threading.Thread(target=server.serve_forever, daemon=True).start()
    try:
        yield told
    finally:
        server.shutdown()
        server.server_close()


def certificate(folder: Path) -> ssl.SSLContext:
    """A server's side of TLS, under a certificate that it signed itself."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "mail.example")])
    moment = datetime.now(UTC)
    builder: Callable[[], x509.CertificateBuilder] = x509.CertificateBuilder
    made = (
        builder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(moment - timedelta(days=1))
        .not_valid_after(moment + timedelta(days=1))
        .sign(key, hashes.SHA256())
    )
    pem = key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    path = folder / "mail.pem"
    path.write_bytes(pem + made.public_bytes(serialization.Encoding.PEM))
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(path)
    return context
