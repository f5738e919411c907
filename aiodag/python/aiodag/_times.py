# SPDX-FileCopyrightText: 2026 The aiodag authors
# SPDX-License-Identifier: LGPL-2.1-or-later

"""Times, which are seconds in Python and milliseconds in C."""

import math
import numbers

# C has no such number of milliseconds.
_MANY = 1 << 32


def to_milliseconds(seconds, what):
    """What C has of a time, rounded up. Raises TypeError or ValueError if it is none."""
    if not isinstance(seconds, numbers.Real) or isinstance(seconds, bool):
        raise TypeError(f"'{type(seconds).__name__}' object cannot be {what}")
    if not 0 <= seconds * 1000 < _MANY:
        raise ValueError(f'{seconds} s cannot be {what}')
    return min(math.ceil(seconds * 1000), _MANY - 1)
