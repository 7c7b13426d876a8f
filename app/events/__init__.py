"""What happens after an event was published (`app/core/events`): the sequencer, and the consumers."""
