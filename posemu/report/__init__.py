"""What people read: the console text."""

from posemu.report.console import run_report

__all__ = ["run_report"]
