"""What left the house for steps of automations, and what was spent on it: a row is written before each call, so that
one whose worker died, or lost its lease, is seen as well."""
