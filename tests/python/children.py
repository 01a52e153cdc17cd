"""What the tests share that start a process of their own."""

import signal


def default_signals():
    """In the child, before it starts: nohup, a shell's `&` and some services hand signals down ignored or blocked."""
    for number in (
        watched := (signal.SIGINT, signal.SIGTERM, signal.SIGHUP, signal.SIGUSR1, signal.SIGUSR2, signal.SIGXCPU)
    ):
        signal.signal(number, signal.SIG_DFL)
    signal.pthread_sigmask(signal.SIG_UNBLOCK, watched)
