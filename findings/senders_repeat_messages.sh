#!/bin/sh
# What the libraries of messengers do, by default, when the request was read and the connection breaks before an answer:
# slack-sdk 3.48.0 posts the message a second time, and boto3 1.44.8 (whose default is now "standard", 3 attempts) sends
# the mail (SES) or text message (SNS) three times, after a read timeout as well. None of them sends a key that the
# service would know a repetition by. twilio 9.13.0 and resend 2.52.0 send once. And slack-sdk's WebhookClient raises
# nothing for a refusal: status 500 is a return value that says so. A worker that counts its own attempts counts wrong:
# `retry_handlers=[]`, `Config(retries={"total_max_attempts": 1})`, and look at `status_code`. `max_attempts` of the same
# dictionary counts the further ones: 1 means two requests.
# Source: slack_sdk/http_retry/builtin_handlers.py, `ConnectionErrorRetryHandler`; botocore/retries/standard.py.
# Seen: "connection breaks: slack 2, ses 3, sns 3, twilio 1, resend 1", "timeout: ses 3", "told not to: slack 1, ses 1,
# ses with max_attempts 2", "status 500: slack raises nothing".
set -eu
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install -q --disable-pip-version-check \
    slack-sdk==3.48.0 boto3==1.44.8 twilio==9.13.0 resend==2.52.0
AWS_EC2_METADATA_DISABLED=true AWS_CONFIG_FILE=/dev/null AWS_SHARED_CREDENTIALS_FILE=/dev/null \
    "$folder/venv/bin/python" - <<'END'
import sys
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import boto3
import resend
from botocore.config import Config
from slack_sdk.webhook import WebhookClient
from twilio.rest import Client as Twilio

heard, does = [], ["breaks"]
over = threading.Event()


class Service(BaseHTTPRequestHandler):
    def do_POST(self):
        self.rfile.read(int(self.headers["Content-Length"]))
        heard.append(self.path)
        fate = does[0]
        if fate == "waits":
            over.wait(10)
        elif fate == "500":
            self.send_error(500)
        self.close_connection = True

    def log_message(self, *_):
        pass


server = ThreadingHTTPServer(("127.0.0.1", 0), Service)
server.daemon_threads = True
threading.Thread(target=server.serve_forever, daemon=True).start()
url = f"http://127.0.0.1:{server.server_port}"


def aws(name, **settings):
    return boto3.client(name, endpoint_url=url, region_name="eu-central-1", aws_access_key_id="a", aws_secret_access_key="b",
                        config=Config(read_timeout=1, **settings))


def by_ses(**settings):
    message = {"Subject": {"Data": "s"}, "Body": {"Text": {"Data": "t"}}}
    aws("ses", **settings).send_email(Source="a@x.test", Destination={"ToAddresses": ["b@x.test"]}, Message=message)


def by_twilio():
    client = Twilio("AC1", "token")
    client.api.base_url = url
    client.messages.create(to="+4930123", from_="+4930124", body="hi")


def by_resend():
    resend.api_key, resend.api_url = "re_1", url
    resend.Emails.send({"from": "a@x.test", "to": ["b@x.test"], "subject": "s", "text": "t"})


def sent(send, fate):
    heard.clear()
    does[:] = [fate]
    try:
        send()
    except Exception:
        pass
    return len(heard)


breaks = {
    "slack": sent(lambda: WebhookClient(f"{url}/hook").send(text="hi"), "breaks"),
    "ses": sent(by_ses, "breaks"),
    "sns": sent(lambda: aws("sns").publish(PhoneNumber="+4930123", Message="hi"), "breaks"),
    "twilio": sent(by_twilio, "breaks"),
    "resend": sent(by_resend, "breaks"),
}
told = {
    "slack": sent(lambda: WebhookClient(f"{url}/hook", retry_handlers=[]).send(text="hi"), "breaks"),
    "ses": sent(lambda: by_ses(retries={"total_max_attempts": 1}), "breaks"),
    "ses with max_attempts": sent(lambda: by_ses(retries={"max_attempts": 1}), "breaks"),
}
late = sent(by_ses, "waits")
over.set()
does[:] = ["500"]
status = WebhookClient(f"{url}/hook").send(text="hi").status_code
server.shutdown()
print("connection breaks:", ", ".join(f"{name} {count}" for name, count in breaks.items()))
print(f"timeout: ses {late}")
print("told not to:", ", ".join(f"{name} {count}" for name, count in told.items()))
print(f"status {status}: slack raises nothing")
sys.exit((breaks, late, told, status) != (
    {"slack": 2, "ses": 3, "sns": 3, "twilio": 1, "resend": 1}, 3,
    {"slack": 1, "ses": 1, "ses with max_attempts": 2}, 500))
END
