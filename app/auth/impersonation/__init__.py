"""Staff see the portal as a client's user does.

A member of staff with the permission (`seeing:write`) may do so for thirty minutes at most. The portal knows it by a
second cookie, which counts beside the staff's own sign-in alone; so whatever ends that ends the impersonation, too.
While it lasts nothing can be changed, and every trace names both.
"""
