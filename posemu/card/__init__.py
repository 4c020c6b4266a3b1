"""Cards: things that answer when they are presented. Sans-IO."""

from posemu.card.stripe import StripeCard

__all__ = ["StripeCard"]
