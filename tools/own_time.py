"""Time that a program had, on a machine that others use: the clock stands while it queues for a processor."""

import contextlib
import os
import subprocess
import time
from pathlib import Path


def queued(pid):
    """Seconds that the process, or the session it leads, has been ready to run while others had the processors."""
    folders = [Path(f"/proc/{pid}")]
    with contextlib.suppress(OSError):
        if os.getsid(pid) == pid:
            folders = list(Path("/proc").glob("[0-9]*"))
    seconds = 0.0
    for folder in folders:
        with contextlib.suppress(OSError, IndexError):  # it has ended
            if len(folders) == 1 or int((folder / "stat").read_text().rpartition(")")[2].split()[3]) == pid:
                threads = [int(file.read_text().split()[1]) for file in folder.glob("task/*/schedstat")]
                seconds += 1e-9 * max(threads, default=0)
    return seconds


def said_within(process, seconds):
    """What it said and how long that took it, or TimeoutExpired."""
    begun, before, waited = time.monotonic(), queued(process.pid), 0.0
    step = min(0.2, seconds)
    while True:
        try:
            said = process.communicate(timeout=step)
            return said, time.monotonic() - begun - waited
        except subprocess.TimeoutExpired:
            waited = max(waited, queued(process.pid) - before)
            if time.monotonic() - begun - waited > seconds:
                raise
            step = min(1.5 * step, 1.0, seconds)
