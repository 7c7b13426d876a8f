"""Seeing the portal as a client's user does.

A member of staff who may (`seeing:write`) looks through a customer's eyes for thirty minutes at most. The portal knows
it by a second cookie, which counts beside the staff's own sign-in alone; so whatever ends that ends the look, too.
While it lasts nothing can be changed, and every trace names both.
"""
