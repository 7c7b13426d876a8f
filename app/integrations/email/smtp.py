"""Mail by SMTP (RFC 5321): `smtp://user:password@host:port`, with STARTTLS where the server offers it, or `smtps://`."""

import ssl
from contextlib import suppress
from email.message import EmailMessage
from ipaddress import ip_address
from smtplib import SMTP, SMTP_SSL, SMTPException, SMTPNotSupportedError, SMTPRecipientsRefused, SMTPResponseException
from urllib.parse import unquote, urlsplit

from app.integrations.email.message import MailDelayed, MailRefused

TIMEOUT = 15.0
PORTS = {"smtp": 587, "smtps": 465}


def send(message: EmailMessage, url: str) -> None:
    """Hand the message over. Raises MailRefused or MailDelayed."""
    try:
        server = _connect(url)
        try:
            server.send_message(message)
        finally:
            # Once the server has taken the message it is sent, whatever becomes of the farewell.
            with suppress(SMTPException, OSError):
                server.quit()
    except SMTPRecipientsRefused as error:
        raise _trouble(*next(iter(error.recipients.values()))) from None
    except SMTPResponseException as error:
        raise _trouble(error.smtp_code, error.smtp_error) from None
    except SMTPNotSupportedError:
        raise MailRefused("The mail server can't carry an address like this one.") from None
    except (SMTPException, OSError) as error:
        raise MailDelayed(f"The mail server could not be used: {type(error).__name__}: {error}") from None


def _connect(url: str) -> SMTP:
    parts = urlsplit(url)
    host, port = parts.hostname or "", parts.port or PORTS[parts.scheme]
    context = ssl.create_default_context()
    if _is_here(host):
        # Nobody is between, and servers here have no certificate of an authority.
        context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
    if parts.scheme == "smtps":
        server: SMTP = SMTP_SSL(host, port, timeout=TIMEOUT, context=context)
        secure = True
    else:
        server = SMTP(host, port, timeout=TIMEOUT)
        server.ehlo_or_helo_if_needed()
        secure = server.has_extn("starttls")
        if secure:
            server.starttls(context=context)
    if parts.username:
        if not secure and not _is_here(host):
            raise MailDelayed("The mail server offers no TLS, and a password isn't sent in clear: use smtps://.")
        try:
            server.login(unquote(parts.username), unquote(parts.password or ""))
        except SMTPNotSupportedError:
            raise MailDelayed("The mail server takes no sign-in; SMTP_URL has one.") from None
    return server


def _is_here(host: str) -> bool:
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


def _trouble(code: int, reply: bytes | str) -> MailRefused | MailDelayed:
    """What a reply of the server means: 5yz is for good (RFC 5321, 4.2.1). A refused sign-in (534, 535) or missing
    permission (530) is the settings' fault, and may be put right before the next try."""
    text = reply.decode("utf-8", "replace") if isinstance(reply, bytes) else reply
    said = f"The mail server said {code}: {text}"
    return MailRefused(said) if 500 <= code < 600 and code not in (530, 534, 535) else MailDelayed(said)
