"""Cards: things that answer when they are presented. Sans-IO."""

from posemu.card.stripe import StripeCard, spoil

__all__ = ["StripeCard", "spoil"]
