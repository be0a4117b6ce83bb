"""The court of the NBA in metres: its size, and where the baskets are.

The origin is a corner; x runs along the court and y across it.
"""

__all__ = ["BASKET", "FOOT", "LENGTH", "WIDTH"]

FOOT = 0.3048
LENGTH, WIDTH = 94 * FOOT, 50 * FOOT
BASKET = (5.25 * FOOT, WIDTH / 2)
"""Centre of the ring at the left end; the other one lies opposite, at LENGTH - x."""
