"""Keeps the agent alive beside Odoo, in processes of their own: what happens to it does not happen to Odoo."""

import os
import time
from collections.abc import Mapping

from .agent import Agent, Door
from .outcome import say
from .process import end_with_parent
from .settings import Settings
from .snapshot import Instance

# Odoo's visitors come first
NICENESS = 10


def accompany(environ: Mapping[str, str], settings: Settings, child: Mapping[str, str]) -> None:
    """Start the agent where it has somebody to call; ``child`` is the environment that Odoo gets.

    To be called before any thread runs.
    """
    url, token = environ.get("PROV_AGENT_URL", ""), environ.get("PROV_AGENT_TOKEN", "")
    if not url or not token or os.fork():
        return
    end_with_parent()
    os.nice(NICENESS)
    while True:
        agent = os.fork()
        if agent == 0:
            end_with_parent()
            _live(Door(url, token), Instance(child, settings.database, settings.data_dir), settings.agent_pause)
        os.waitpid(agent, 0)
        time.sleep(settings.agent_pause)


def _live(door: Door, instance: Instance, pause: float) -> None:
    try:
        Agent(door, instance, pause=pause).live()
    except BaseException as error:
        say(f"agent: ended by {type(error).__name__}")
    finally:
        # nothing of the first process's own may happen twice at an end
        os._exit(1)
