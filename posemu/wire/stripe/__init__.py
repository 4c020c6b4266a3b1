"""Magnetic stripe: the tracks down to their bits, and what their data means."""
