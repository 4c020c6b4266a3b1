"""The terminal's EMV kernel: decides about a chip transaction, sans-IO (EMV 4.4, Books 1 to 4).

A generator that yields requests (`requests`) and ends with an `Outcome`. One file per step of
Book 3, section 10. No clock, no randomness, no clear PIN: all of these are asked for, or given.
"""
