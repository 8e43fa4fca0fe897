"""When an offer's runs are over, and when the next begins."""

from __future__ import annotations

import datetime as dt

from ontology.offer import Instance, Offer, day_of

__all__ = ["last_day", "next_date"]


def last_day(instance: Instance) -> dt.date:
    """The last day that a run states; ``date.max`` where it states none."""
    moments = [moment for moment in (instance.start, instance.end) if moment is not None]
    moments += [session.end or session.start for session in instance.sessions]
    return max((day_of(moment) for moment in moments), default=dt.date.max)


def next_date(offer: Offer, today: dt.date) -> dt.date:
    """The first day from ``today`` on on which the offer can be begun or still runs; ``date.min`` where it is over.

    An offer without dates is there at any time: it comes after all dated ones, as ``date.max``.
    """
    going_on = [instance for instance in offer.instances if last_day(instance) >= today]
    if offer.instances and not going_on:
        return dt.date.min
    starts = [max(day_of(instance.start), today) for instance in going_on if instance.start is not None]
    return min(starts, default=dt.date.max)
