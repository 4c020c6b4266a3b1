"""posemu: a payment-terminal emulator and deterministic fault-injection harness."""

__version__ = "0.1.0"
