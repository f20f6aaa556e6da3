"""The rooms of the sample, one for each group of domains, and all controls that the sample decides."""

from __future__ import annotations

from typing import Final

import sample_access
import sample_devices
import sample_governance
import sample_login
import sample_messages
import sample_people
import sample_plants
import sample_premises
import sample_wages
from sample_room import Plants, Source

_ROOMS: Final = (
    sample_login,
    sample_access,
    sample_devices,
    sample_messages,
    sample_people,
    sample_wages,
    sample_premises,
    sample_governance,
)
FILL: Final = (*(room.fill for room in _ROOMS), sample_access.complete)
"""What adds the tables, and last of all what of one room needs the tables of others."""
SOURCES: Final[tuple[Source, ...]] = tuple(source for room in _ROOMS for source in room.SOURCES)
CLIENT_SOURCES: Final[tuple[Source, ...]] = tuple(source for room in _ROOMS for source in room.CLIENT_SOURCES)
PLANTS: Final[Plants] = sample_plants.PLANTS | {id_: how for room in _ROOMS for id_, how in room.PLANTS.items()}
CONTROLS: Final = (*sample_plants.PLANTS, *(id_ for room in _ROOMS for id_ in room.CONTROLS))
NOT_DUE: Final = {"WRK-09": "scope"}
"""What is not asked of the vendor, and the cause: thirteenth-month pay, due on 24 December, in India not at all."""
SHOWN: Final = (*sample_plants.SHOWN, *(id_ for room in _ROOMS for id_ in room.SHOWN))
"""The controls that the weak sample breaks; the others are met."""
