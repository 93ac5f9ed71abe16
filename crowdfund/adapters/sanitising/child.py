"""The program that reads one upload: limits first, then bytes in, fresh bytes out.

Run by path, so that nothing of the platform is loaded here. Answers one line of JSON and the bytes.
"""

import contextlib
import json
import resource
import signal
import sys


def limit(memory_mb: int, cpu_s: float) -> None:
    """Take from this process what it does not need; a limit that the system lacks is left out."""
    limits = {
        "RLIMIT_AS": memory_mb * 1024 * 1024,
        "RLIMIT_CPU": int(cpu_s) + 1,
        "RLIMIT_FSIZE": 0,
        "RLIMIT_CORE": 0,
        "RLIMIT_NOFILE": 32,
    }
    for name, most in limits.items():
        with contextlib.suppress(AttributeError, OSError, ValueError):  # macOS has no RLIMIT_AS
            resource.setrlimit(getattr(resource, name), (most, most))
    # The limit above counts whole seconds; this one ends the process by SIGPROF in time.
    signal.setitimer(signal.ITIMER_PROF, cpu_s)


def main(content_type: str, job: str, turn: str, memory_mb: str, cpu_s: str) -> int:
    """Read the input, write the answer; an exit code other than 0 means that the reader broke."""
    limit(int(memory_mb), float(cpu_s))
    try:
        if content_type == "application/pdf":
            import pdfs  # each file needs one of the two libraries

            data, pages = pdfs.rewrite(sys.stdin.buffer.read())
            result = {"content_type": "application/pdf", "pages": pages}
        else:
            import pictures

            data, kind, size = pictures.rewrite(
                sys.stdin.buffer.read(), content_type, job, int(turn)
            )
            result = {"content_type": kind, "pages": 1, "size": size}
    except MemoryError:
        result, data = {"refused": "heavy"}, b""
    except Exception as error:  # noqa: BLE001 - the file is foreign: whatever it raises, it is refused
        is_known = type(error).__name__ == "RefusedError"
        result, data = {"refused": str(error) if is_known else "unreadable"}, b""
    sys.stdout.buffer.write(json.dumps(result).encode() + b"\n")
    sys.stdout.buffer.write(data)
    return 0


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
