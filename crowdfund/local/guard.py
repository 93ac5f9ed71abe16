"""Outlive the supervisor by seconds: end every process group it leaves behind.

Run as a plain script with nothing but the standard library. The supervisor writes `+pgid` and
`-pgid` lines to its standard input; the end of that input means that the supervisor is gone,
however it went. On Linux direct children also die by PR_SET_PDEATHSIG; this ends their children
(web workers), and is the only guard on other systems.
"""

import os
import signal
import sys
import time

GRACE_S = 4.0


def main() -> None:
    """Follow the list of groups; when the supervisor is gone, end those that are left."""
    for ignored in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(ignored, signal.SIG_IGN)
    groups: set[int] = set()
    for line in sys.stdin:
        group = int(line[1:])
        (groups.add if line[0] == "+" else groups.discard)(group)
    end(groups)


def end(groups: set[int]) -> None:
    """Ask each group to stop, then kill what stays."""
    left = {group for group in groups if send(group, signal.SIGTERM)}
    deadline = time.monotonic() + GRACE_S
    while left and time.monotonic() < deadline:
        time.sleep(0.05)
        left = {group for group in left if send(group, 0)}
    for group in left:
        send(group, signal.SIGKILL)


def send(group: int, number: int) -> bool:
    """Signal a group; False when nobody is left in it."""
    try:
        os.killpg(group, number)
    except (ProcessLookupError, PermissionError):
        return False
    return True


if __name__ == "__main__":
    main()
