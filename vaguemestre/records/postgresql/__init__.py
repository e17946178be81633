"""The records on PostgreSQL: Django's engine with our one writer at a time, the bell of the workers, what the server must be.

Nothing here is imported where the records are a file of SQLite.
"""

import sys

from vaguemestre.records.postgresql import engine

# Django asks for an engine as the module `base` of its package; the module is named for what it is.
sys.modules[f"{__name__}.base"] = engine
