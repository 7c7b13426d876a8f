"""Coming in for the first time, and again: registration, invitations, the e-mail address, the password.

Whatever is mailed is a one-time token: good for one use within a short time, and bound to the state that it changes.
"""
