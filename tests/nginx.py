"""An nginx with deploy/nginx.conf in front of a portal, where one is installed."""

import datetime
import ipaddress
import os
import shutil
import socket
import ssl
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec

from config import ROOT

PROGRAM = shutil.which("nginx", path=f"{os.environ.get('PATH', '')}:/usr/sbin")
needs_nginx = pytest.mark.skipif(not PROGRAM, reason="nginx isn't installed")

AROUND = """
{user}
daemon off;
worker_processes 1;
pid {folder}/nginx.pid;
error_log {folder}/error.log;
events {{}}
http {{
    access_log off;
    client_body_temp_path {folder}/bodies;
    proxy_temp_path {folder}/proxied;
    fastcgi_temp_path {folder}/fastcgi;
    uwsgi_temp_path {folder}/uwsgi;
    scgi_temp_path {folder}/scgi;
    {more}
    include {folder}/portal.conf;
}}
"""
COMPRESSING = "gzip on; gzip_proxied any; gzip_min_length 20; gzip_types application/json application/problem+json;"


@dataclass(frozen=True)
class Nginx:
    address: str
    trusted: ssl.SSLContext


@contextmanager
def nginx(portal: str, folder: Path, *, more: str = COMPRESSING) -> Iterator[Nginx]:
    """Our configuration with another address, port and certificate, in front of the portal at that address. It also
    compresses, which ours leaves to the portal."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    certificate, key = folder / "portal.pem", folder / "portal.key"
    _make_certificate(certificate, key)
    adapted = (ROOT / "deploy" / "nginx.conf").read_text()
    for ours, other in (
        ("listen 443 ssl", f"listen 127.0.0.1:{port} ssl"),
        ("portal.example.com", "localhost"),
        ("/etc/ssl/portal.pem", str(certificate)),
        ("/etc/ssl/portal.key", str(key)),
        ("http://127.0.0.1:8000", portal),
    ):
        assert ours in adapted
        adapted = adapted.replace(ours, other)
    (folder / "portal.conf").write_text(adapted)
    settings = folder / "nginx.conf"
    user = "user root;" if os.geteuid() == 0 else ""
    settings.write_text(AROUND.format(folder=folder, user=user, more=more))
    process = subprocess.Popen([str(PROGRAM), "-p", str(folder), "-c", str(settings)], stderr=subprocess.PIPE)
    try:
        until = time.monotonic() + 10
        while True:
            try:
                socket.create_connection(("127.0.0.1", port), timeout=1).close()
                break
            except OSError:
                assert process.poll() is None, process.stderr and process.stderr.read().decode()
                assert time.monotonic() < until, "nginx doesn't answer"
                time.sleep(0.05)
        yield Nginx(f"https://localhost:{port}", ssl.create_default_context(cafile=str(certificate)))
    finally:
        process.terminate()
        process.wait(10)


def _make_certificate(certificate: Path, key: Path) -> None:
    made = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "localhost")])
    now = datetime.datetime.now(datetime.UTC)
    names = [x509.DNSName("localhost"), x509.IPAddress(ipaddress.ip_address("127.0.0.1"))]
    signed = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(made.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - datetime.timedelta(days=1))
        .not_valid_after(now + datetime.timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName(names), critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
        .sign(made, hashes.SHA256())
    )
    certificate.write_bytes(signed.public_bytes(serialization.Encoding.PEM))
    plain = serialization.NoEncryption()
    key.write_bytes(
        made.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.TraditionalOpenSSL, plain)
    )
