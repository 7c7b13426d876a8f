"""Mail goes out by SMTP, SendGrid or SES, or into the mailbox; each against a server that really listens."""

import base64
import socket
import stat
from datetime import timedelta
from email import message_from_bytes
from email.policy import default
from uuid import UUID

import pytest

from app import create_app
from app.core.clock import now, shifted
from app.integrations.email import mailbox, sendgrid, sending, ses, smtp
from app.integrations.email.mailbox import Mailbox
from app.integrations.email.message import Mail, MailDelayed, MailRefused, compose
from config import Settings
from tests.integrations import servers

SENDER = "DIG|LIT <portal@example.com>"
ID = UUID("019aa8f0-9e10-7b13-8a41-0d2f4a6c8e01")
LONG = "Größe und Wörter " * 200
MAIL = Mail("maria@example.com", "Überraschung für Dich", f"Hallo,\n\n{LONG}\n.\nEnde", "<p>Grüße</p>", ID)


def body_of(message, kind="plain"):
    return message.get_body((kind,)).get_content()


def test_a_mail_says_who_what_and_that_a_machine_wrote_it():
    message = compose(MAIL, SENDER)
    assert message["From"] == SENDER
    assert message["To"] == "maria@example.com"
    assert message["Auto-Submitted"] == "auto-generated"
    assert message["Message-ID"] == f"<{ID}@example.com>"
    assert message["Date"]
    read = message_from_bytes(message.as_bytes(), policy=default)
    assert read["Subject"] == MAIL.subject
    assert body_of(read).replace("\r\n", "\n").strip() == MAIL.text
    assert "Grüße" in body_of(read, "html")


def test_no_line_is_longer_than_smtp_allows_and_all_is_ascii():
    wire = compose(MAIL, SENDER).as_bytes()
    assert max(map(len, wire.split(b"\r\n"))) <= 998
    assert wire.isascii()


@pytest.mark.parametrize(
    "to",
    [
        "a@example.com\r\nBcc: b@example.com",
        "a@example.com, b@example.com",
        "a@example.com b@example.com",
        "a",
        "",
        "@example.com",
        "a@",
        "<a@example.com",
        "a@exa mple.com",
        "a@example.com\0",
        "a@-",
    ],
)
def test_what_is_no_single_address_is_refused(to):
    with pytest.raises(MailRefused):
        compose(Mail(to, "Hello", "text"), SENDER)


def test_a_line_break_in_the_subject_is_refused():
    with pytest.raises(MailRefused):
        compose(Mail("a@example.com", "Hello\r\nBcc: b@example.com", "text"), SENDER)


def test_a_domain_with_umlauts_goes_out_as_the_dns_has_it():
    assert compose(Mail("a@bücher.example", "Hello", "text"), SENDER)["To"] == "a@xn--bcher-kva.example"


def send(server, mail=MAIL, scheme="smtp", who=""):
    smtp.send(compose(mail, SENDER), f"{scheme}://{who}127.0.0.1:{server.port}")


def test_smtp_takes_a_mail():
    with servers.smtp() as server:
        send(server)
    assert len(server.mails) == 1
    assert server.mails[0]["Subject"] == MAIL.subject
    assert body_of(server.mails[0]).replace("\r\n", "\n").strip() == MAIL.text
    assert any(line.upper().startswith("MAIL FROM:<PORTAL@EXAMPLE.COM>") for line in server.hears)
    assert not server.was_secure


def test_starttls_is_used_where_it_is_offered_and_the_password_is_decoded(tmp_path):
    with servers.smtp(extensions=("STARTTLS", "AUTH PLAIN"), context=servers.certificate(tmp_path)) as server:
        send(server, who="user%40example.com:p%3Ass%2Fword@")
    assert server.was_secure
    told = next(line.split()[2] for line in server.hears if line.startswith("AUTH PLAIN"))
    assert base64.b64decode(told) == b"\0user@example.com\0p:ss/word"
    assert server.hears.index("STARTTLS") < next(at for at, line in enumerate(server.hears) if line.startswith("AUTH"))
    assert len(server.mails) == 1


@pytest.mark.parametrize(
    ("replies", "error"),
    [
        ({"RCPT": "550 no such user"}, MailRefused),
        ({"RCPT": "450 mailbox busy"}, MailDelayed),
        ({"MAIL": "553 not you"}, MailRefused),
        ({"MAIL": "451 later"}, MailDelayed),
        ({"END": "554 spam"}, MailRefused),
        ({"END": "452 no room"}, MailDelayed),
        ({"AUTH": "535 wrong"}, MailDelayed),
        ({"MAIL": "530 sign in first"}, MailDelayed),
        ({"EHLO": "421 closing", "HELO": "421 closing"}, MailDelayed),
    ],
)
def test_what_the_server_refuses_is_for_good_or_for_now(replies, error):
    with servers.smtp(extensions=("AUTH PLAIN",), replies=replies) as server, pytest.raises(error) as told:
        send(server, who="user:password@")
    assert "password" not in str(told.value)


def test_a_server_that_is_away_is_no_end():
    with socket.socket() as nobody_listens:
        nobody_listens.bind(("127.0.0.1", 0))
        with pytest.raises(MailDelayed):
            smtp.send(compose(MAIL, SENDER), f"smtp://127.0.0.1:{nobody_listens.getsockname()[1]}")


def test_a_mail_that_was_taken_is_sent_whatever_the_farewell():
    with servers.smtp(replies={"QUIT": "500 what"}) as server:
        send(server)
    assert len(server.mails) == 1


def test_a_password_is_not_sent_in_clear_to_elsewhere(monkeypatch):
    monkeypatch.setattr(smtp, "_is_here", lambda _host: False)
    with servers.smtp(extensions=("AUTH PLAIN",)) as server, pytest.raises(MailDelayed, match="TLS"):
        send(server, who="user:password@")
    assert not any(line.startswith("AUTH") for line in server.hears)


def test_sendgrid_takes_a_mail_without_counting_clicks():
    with servers.http() as server:
        sendgrid.send(MAIL, SENDER, api_key="SG.key", address=f"{server.url}/v3/mail/send")
    path, headers, body = server.asked[0]
    assert path == "/v3/mail/send"
    assert headers["Authorization"] == "Bearer SG.key"
    assert body["personalizations"][0]["to"] == [{"email": MAIL.to}]
    assert body["from"] == {"email": "portal@example.com", "name": "DIG|LIT"}
    assert [part["type"] for part in body["content"]] == ["text/plain", "text/html"]
    assert body["tracking_settings"]["click_tracking"]["enable"] is False


@pytest.mark.parametrize(
    ("status", "error"),
    [(400, MailRefused), (413, MailRefused), (401, MailDelayed), (429, MailDelayed), (503, MailDelayed)],
)
def test_what_sendgrid_refuses_is_for_good_or_for_now(status, error):
    with servers.http(status=status, answer="no") as server, pytest.raises(error):
        sendgrid.send(MAIL, SENDER, api_key="SG.key", address=server.url)


def test_sendgrid_away_is_no_end():
    with pytest.raises(MailDelayed):
        sendgrid.send(MAIL, SENDER, api_key="SG.key", address="http://127.0.0.1:1")


def send_by_ses(server):
    ses.send(compose(MAIL, SENDER), region="eu-west-1", key_id="AKID", secret="t0p", address=server.url)


def test_ses_takes_a_mail():
    with servers.http(status=200, answer='{"MessageId": "1"}') as server:
        send_by_ses(server)
    path, headers, body = server.asked[0]
    assert path == "/v2/email/outbound-emails"
    assert "Credential=AKID/" in headers["Authorization"]
    assert "eu-west-1/ses" in headers["Authorization"]
    assert body["Destination"] == {"ToAddresses": [MAIL.to]}
    read = message_from_bytes(base64.b64decode(body["Content"]["Raw"]["Data"]), policy=default)
    assert read["Subject"] == MAIL.subject


@pytest.mark.parametrize(
    ("status", "code", "error"),
    [
        (400, "MessageRejected", MailRefused),
        (400, "BadRequestException", MailRefused),
        (403, "InvalidSignatureException", MailDelayed),
        (429, "TooManyRequestsException", MailDelayed),
    ],
)
def test_what_ses_refuses_is_for_good_or_for_now(status, code, error):
    answer = {"status": status, "answer": '{"message": "no"}', "headers": {"x-amzn-ErrorType": code}}
    with servers.http(**answer) as server, pytest.raises(error):
        send_by_ses(server)


def test_ses_is_asked_once_for_each_try():
    """What may have been sent is repeated by the queue alone, which counts its tries and waits between them."""
    with servers.http(status=500, answer="oops") as server, pytest.raises(MailDelayed):
        send_by_ses(server)
    assert len(server.asked) == 1


def test_the_mailbox_keeps_mails_for_its_owner_alone(tmp_path):
    box = Mailbox(tmp_path)
    box.deliver(compose(MAIL, SENDER))
    (file,) = (tmp_path / "mailbox").iterdir()
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    assert stat.S_IMODE((tmp_path / "mailbox").stat().st_mode) == 0o700
    (mail,) = box.newest(10)
    assert (mail.to, mail.subject) == (MAIL.to, MAIL.subject)
    assert mail.text.replace("\r\n", "\n").strip() == MAIL.text
    assert abs(mail.at - now()) < timedelta(minutes=1)
    assert box.find(mail.name) == mail


@pytest.mark.parametrize(
    "name", ["", "../secret-key", "x", "20261122T000000000000-00000000", "20261122T000000000000-00000000\0"]
)
def test_the_mailbox_has_no_other_files(tmp_path, name):
    (tmp_path / "secret-key").write_text("t0p")
    assert Mailbox(tmp_path).find(name) is None


def test_the_mailbox_keeps_the_newest(tmp_path, monkeypatch):
    monkeypatch.setattr(mailbox, "KEPT", 3)
    box = Mailbox(tmp_path)
    for at in range(5):
        with shifted(timedelta(seconds=at)):
            box.deliver(compose(Mail("a@example.com", f"Mail {at}", "text"), SENDER))
    assert [mail.subject for mail in box.newest(10)] == ["Mail 4", "Mail 3", "Mail 2"]


def settings(app, monkeypatch, **changes):
    changed = app.config["SETTINGS"].model_copy(update=changes)
    monkeypatch.setitem(app.config, "SETTINGS", changed)


def test_the_settings_say_by_what_it_goes(app, monkeypatch, tmp_path):
    with app.app_context():
        settings(app, monkeypatch, data_dir=tmp_path)
        sending.send(MAIL)
        assert len(list(Mailbox(tmp_path).newest(9))) == 1
        with servers.smtp() as server:
            settings(app, monkeypatch, data_dir=tmp_path, smtp_url=f"smtp://127.0.0.1:{server.port}")
            sending.send(MAIL)
        assert len(server.mails) == 1
        assert len(list(Mailbox(tmp_path).newest(9))) == 1


def test_production_has_no_mailbox(app, monkeypatch, tmp_path):
    with app.app_context():
        settings(app, monkeypatch, data_dir=tmp_path, app_env="production")
        with pytest.raises(MailRefused, match="SMTP_URL"):
            sending.send(MAIL)
    assert not (tmp_path / "mailbox").exists()


def test_production_says_at_the_start_that_nothing_can_be_sent(app, monkeypatch, capfd):
    for url, warned in ((None, True), ("smtp://mail.example", False)):
        settings(app, monkeypatch, app_env="production", smtp_url=url)
        sending.init_app(app)
        assert ("no mail server is set" in capfd.readouterr().err) is warned


def test_the_page_of_the_mailbox_is_there_only_where_mail_stays():
    base = {"SECRET_KEY": "x" * 40, "DATABASE_URL": "postgresql:///nowhere", "DATABASE_ROLES": "tests"}
    for more, there in (
        ({"APP_ENV": "development"}, True),
        ({"APP_ENV": "development", "SMTP_URL": "smtp://mail.example"}, False),
        ({"APP_ENV": "production"}, False),
    ):
        rules = {rule.rule for rule in create_app(Settings.model_validate(base | more)).url_map.iter_rules()}
        assert ("/admin/mailbox" in rules) is there
        assert "/admin/mails" in rules
