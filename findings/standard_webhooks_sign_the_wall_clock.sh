#!/bin/sh
# standardwebhooks 1.1.0 (Python; svix 2.9.1 signs by it) takes the digits of a datetime for UTC, whatever zone it has:
# `sign(..., datetime.now(ZoneInfo("Europe/Berlin")), ...)` signs a time one or two hours ahead of the timestamp in the
# header, and every receiver says that no signature matches. On a server whose clock is UTC all tests pass.
# Its verification also can't answer for what isn't JSON in UTF-8: a rightly signed empty body (a ping) raises
# JSONDecodeError, one in Latin-1 UnicodeDecodeError, neither of which is a WebhookVerificationError. standardwebhooks
# 1.1.1 for npm verifies the empty body, and compares the Latin-1 one with its own reading of it, which never matches.
# Source: standardwebhooks/webhooks.py, `sign` (`timestamp.replace(tzinfo=utc)`) and `verify`; dist/index.js.
# Seen: "utc verified", "the same moment in Berlin WebhookVerificationError: No matching signature found",
# "empty JSONDecodeError", "latin-1 UnicodeDecodeError", "npm: utc verified, the same moment in Berlin No matching
# signature found, empty verified, latin-1 No matching signature found".
set -eu
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install -q --disable-pip-version-check standardwebhooks==1.1.0 tzdata==2026.6
npm install --silent --no-fund --no-audit --prefix "$folder" standardwebhooks@1.1.1
cat >"$folder/look.py" <<'END'
import base64
import hashlib
import hmac
import json
import sys
from datetime import UTC, datetime
from zoneinfo import ZoneInfo

from standardwebhooks import Webhook

KEY = b"0123456789abcdef01234567"
SECRET = "whsec_" + base64.b64encode(KEY).decode()
webhook, now = Webhook(SECRET), datetime.now(UTC)
seconds = str(int(now.timestamp()))


def headers(signature):
    return {"webhook-id": "msg_1", "webhook-timestamp": seconds, "webhook-signature": signature}


def by_the_book(body):
    made = hmac.new(KEY, f"msg_1.{seconds}.".encode() + body, hashlib.sha256).digest()
    return "v1," + base64.b64encode(made).decode()


body = '{"a": 1}'
cases = {
    "utc": (body.encode(), headers(webhook.sign("msg_1", now, body))),
    "the same moment in Berlin": (body.encode(), headers(webhook.sign("msg_1", now.astimezone(ZoneInfo("Europe/Berlin")), body))),
    "empty": (b"", headers(by_the_book(b""))),
    "latin-1": ('{"a": "ä"}'.encode("latin-1"), headers(by_the_book('{"a": "ä"}'.encode("latin-1")))),
}
found = []
for name, (content, sent) in cases.items():
    try:
        webhook.verify(content, sent)
        found.append("verified")
    except Exception as error:
        found.append(type(error).__name__)
    print(name, found[-1])
with open(sys.argv[1], "w") as file:
    json.dump([SECRET, {name: [content.hex(), sent] for name, (content, sent) in cases.items()}], file)
sys.exit(found != ["verified", "WebhookVerificationError", "JSONDecodeError", "UnicodeDecodeError"])
END
cat >"$folder/look.cjs" <<'END'
const { Webhook } = require("standardwebhooks");
const [secret, cases] = JSON.parse(require("fs").readFileSync(process.argv[2]));
const found = Object.entries(cases).map(([name, [content, headers]]) => {
  try { new Webhook(secret).verify(Buffer.from(content, "hex"), headers); return [name, "verified"]; }
  catch (error) { return [name, error.message]; }
});
console.log("npm:", found.map((one) => one.join(" ")).join(", "));
const none = "No matching signature found";
process.exit(Number(found.map((one) => one[1]).join() !== ["verified", none, "verified", none].join()));
END
"$folder/venv/bin/python" "$folder/look.py" "$folder/cases.json"
node "$folder/look.cjs" "$folder/cases.json"
