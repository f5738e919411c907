# SPDX-FileCopyrightText: 2026 The aiodag authors
# SPDX-License-Identifier: LGPL-2.1-or-later

"""Which frames are the program's, and not ours: what is shown to a user."""

import concurrent.futures
import os
import sys

_PACKAGE = os.path.dirname(__file__)
_FUTURES = os.path.dirname(concurrent.futures.__file__)

# The override too, when that is there.
files = set()


def _is_ours(frame):
    path = frame.f_code.co_filename
    return path in files or os.path.dirname(path) == _PACKAGE


def strip(trace):
    """Leaves out the frames on top of a traceback that are not of the program."""
    while trace is not None:
        frame = trace.tb_frame
        if not _is_ours(frame) and os.path.dirname(frame.f_code.co_filename) != _FUTURES:
            break
        trace = trace.tb_next
    return trace


def find():
    """The frame of the program that called us, if any."""
    frame = sys._getframe()
    while frame is not None and _is_ours(frame):
        frame = frame.f_back
    return frame


def describe(code, lasti):
    """Where in the program something is: the file and the line."""
    if code is None:
        return 'C'
    for start, end, line in code.co_lines():
        if start <= lasti < end:
            return f'{code.co_filename}:{line}'
    return code.co_filename
