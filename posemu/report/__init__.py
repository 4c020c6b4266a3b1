"""What people read: the console text; the HTML page is made by `posemu.report.html`."""

from posemu.report.console import run_report
from posemu.report.day import NotTheSameError

__all__ = ["NotTheSameError", "run_report"]
