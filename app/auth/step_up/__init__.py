"""A fresh proof before what could be turned against its owner."""
