"""Logarithm, exponential and normal quantile that give the same last bit on every machine.

The C library's `log` and `exp` may differ in the last bit between platforms, and one such bit can
reorder two events. These use only +, -, *, /, sqrt, frexp and ldexp, which IEEE 754 rounds the same
way everywhere. They are accurate to a few units in the last place, which is far more than a model
needs.
"""

from __future__ import annotations

from math import frexp, ldexp, sqrt

_LN2_HIGH = 6.93147180369123816490e-01
_LN2_LOW = 1.90821492927058770002e-10
_LN2 = _LN2_HIGH + _LN2_LOW
_SQRT_HALF = sqrt(0.5)


def log(x: float) -> float:
    """Natural logarithm of a positive finite x (ValueError otherwise)."""
    if not 0.0 < x < float("inf"):
        raise ValueError(f"log needs a positive finite number, not {x!r}")
    m, e = frexp(x)
    if m < _SQRT_HALF:
        m *= 2.0
        e -= 1
    s = (m - 1.0) / (m + 1.0)  # ln m = 2 atanh s, |s| <= 0.172
    s2 = s * s
    total = 0.0
    for k in range(21, 0, -2):
        total = total * s2 + 1.0 / k
    return e * _LN2_HIGH + (2.0 * s * total + e * _LN2_LOW)


def exp(x: float) -> float:
    """e to the x, for |x| up to 700 (ValueError otherwise)."""
    if not -700.0 <= x <= 700.0:
        raise ValueError(f"exp needs a number from -700 to 700, not {x!r}")
    n = int(x / _LN2 + (0.5 if x >= 0 else -0.5))
    r = (x - n * _LN2_HIGH) - n * _LN2_LOW
    total = 1.0
    for k in range(14, 0, -1):
        total = 1.0 + total * r / k
    return ldexp(total, n)


def power(x: float, y: float) -> float:
    """x to the y for x >= 0; what is too small to matter (below e^-700) is 0."""
    if x == 0.0:
        return 0.0
    exponent = y * log(x)
    return 0.0 if exponent < -700.0 else exp(exponent)


def _rational(r: float, top: tuple[float, ...], bottom: tuple[float, ...]) -> float:
    p = q = 0.0
    for c in top:
        p = p * r + c
    for c in bottom:
        q = q * r + c
    return p / q


# Wichura, Algorithm AS 241 (PPND16), Applied Statistics 37 (1988); highest power first.
_CENTRE = (
    (2509.0809287301226727, 33430.575583588128105, 67265.770927008700853, 45921.953931549871457,
     13731.693765509461125, 1971.5909503065514427, 133.14166789178437745, 3.387132872796366608),
    (5226.495278852854561, 28729.085735721942674, 39307.89580009271061, 21213.794301586595867,
     5394.1960214247511077, 687.1870074920579083, 42.313330701600911252, 1.0),
)  # fmt: skip
_TAIL = (
    (7.7454501427834140764e-4, 0.0227238449892691845833, 0.24178072517745061177,
     1.27045825245236838258, 3.64784832476320460504, 5.7694972214606914055,
     4.6303378461565452959, 1.42343711074968357734),
    (1.05075007164441684324e-9, 5.475938084995344946e-4, 0.0151986665636164571966,
     0.14810397642748007459, 0.68976733498510000455, 1.6763848301838038494,
     2.05319162663775882187, 1.0),
)  # fmt: skip
_FAR_TAIL = (
    (2.01033439929228813265e-7, 2.71155556874348757815e-5, 0.0012426609473880784386,
     0.026532189526576123093, 0.29656057182850489123, 1.7848265399172913358,
     5.4637849111641143699, 6.6579046435011037772),
    (2.04426310338993978564e-15, 1.4215117583164458887e-7, 1.8463183175100546818e-5,
     7.868691311456132591e-4, 0.0148753612908506148525, 0.13692988092273580531,
     0.59983220655588793769, 1.0),
)  # fmt: skip


def normal_quantile(u: float) -> float:
    """The standard normal deviate below which a share u of the mass lies, for 0 < u < 1."""
    if not 0.0 < u < 1.0:
        raise ValueError(f"a quantile needs a number between 0 and 1, not {u!r}")
    q = u - 0.5
    if abs(q) <= 0.425:
        return q * _rational(0.180625 - q * q, *_CENTRE)
    r = sqrt(-log(u if q < 0 else 1.0 - u))
    z = _rational(r - 1.6, *_TAIL) if r <= 5.0 else _rational(r - 5.0, *_FAR_TAIL)
    return -z if q < 0 else z
