"""What workers do again and again, so that runs begin."""

from app.automations.triggers import consumer, ticks  # noqa: F401 - the consumer is known from here on
from app.extensions import db
from app.jobs.tasks import repeated


@repeated(1.0, name="automations.schedules", as_system="one clock for the schedules of all companies")
def fire_schedules() -> None:
    """Begin the runs of all schedules that are due, some at a time."""
    while ticks.fire_due():
        db.session.commit()
