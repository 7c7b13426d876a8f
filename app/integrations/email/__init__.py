"""Sending mail: by SMTP, SendGrid or SES, whichever is set; into a mailbox in DATA_DIR where none is.

Called by jobs alone (`sending.send`): it waits for others, and has no part in any transaction.
"""
