"""Sending mail: by SMTP, SendGrid or SES, and into a mailbox in DATA_DIR where none is set."""
