"""The verbs of the engine, one method each, grouped by subject."""

from .apps import Apps
from .clients import Clients
from .jobs import Jobs
from .platform import Platform
from .schedules import Schedules
from .secrets import Secrets
from .servers import Servers


class Verbs(Apps, Jobs, Platform, Clients, Schedules, Secrets, Servers):
    """All verbs of an engine."""
