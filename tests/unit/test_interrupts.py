"""An interrupt that a finaliser swallows is raised at the next check."""

from __future__ import annotations

import os
import signal

import pytest

from rdpt_core import interrupts


class Finalised:
    def __del__(self) -> None:
        os.kill(os.getpid(), signal.SIGINT)
        for _ in range(100):
            pass


@pytest.mark.filterwarnings("error::pytest.PytestUnraisableExceptionWarning")
def test_a_dropped_interrupt_is_raised_at_the_next_check() -> None:
    with interrupts.remembered():
        interrupts.check()
        thing = Finalised()
        del thing  # Python would print a KeyboardInterrupt of this finaliser, and go on.
        with pytest.raises(KeyboardInterrupt):
            interrupts.check()
    assert signal.getsignal(signal.SIGINT) is signal.default_int_handler


def test_a_new_command_starts_without_old_interrupts() -> None:
    with interrupts.remembered(), pytest.raises(KeyboardInterrupt):
        os.kill(os.getpid(), signal.SIGINT)
        for _ in range(1000):
            pass
    interrupts.check()
    with interrupts.remembered():
        interrupts.check()


def test_the_handler_of_another_program_stays() -> None:
    previous = signal.signal(signal.SIGINT, signal.SIG_IGN)
    try:
        with interrupts.remembered():
            assert signal.getsignal(signal.SIGINT) is signal.SIG_IGN
    finally:
        signal.signal(signal.SIGINT, previous)
