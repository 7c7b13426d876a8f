"""Assistants and what they can do: skills, profiles and calendars, matching, engagements and reviews."""

from app.assistants.audit_words import WORDS
from app.core.domain import DemoStep, Domain, Entry

_SECTION = "Matching"

DOMAIN = Domain(
    "assistants",
    setup=("matching.index",),
    pages=("engagements.routes", "profiles.views", "profiles.own_views", "skills.views", "batch.views"),
    api=("profiles.api", "skills.api", "engagements.api", "requests.api"),
    tags={
        "Assistants": "Virtual assistants: skills, rates, calendars.",
        "Matches": "Finding the assistants who fit, and what becomes of the proposals.",
        "Skills": "The taxonomy of skills that matching rests on.",
    },
    permissions={
        "assistants": ("rw", "rw", "r", "r"),
        "matches": ("rw", "rw", "rw", "-"),
        "skills": ("rw", "r", "-", "-"),
        "profile": ("rw", "-", "-", "rw"),
    },
    scopes={"assistants": "virtual assistants", "matches": "matches with assistants"},
    sections={_SECTION: 10},
    navigation=(
        Entry(
            *("Assign requests", "assign.index", "arrows-shuffle", _SECTION, "matches:write"),
            words="batch together fair solver",
        ),
        Entry("New terms", "skills.new_terms", "tag", _SECTION, "skills:read", words="unknown skills waiting decide"),
        Entry(
            *("Assistants", "my_matches.overview", "user-search", "", "matches:read"),
            for_staff=False,
            words="matches proposals requests engagements virtual assistant find hire",
        ),
        Entry(
            *("Assignments", "assignments.overview", "user-check", "", "profile:read"),
            for_staff=False,
            words="engagements companies clients my work",
        ),
        Entry("Profile", "own_profile.profile", "id", "", "profile:read", for_staff=False, words="skills hours"),
        Entry(
            *("Calendar", "own_profile.calendar", "calendar", "", "profile:read"),
            for_staff=False,
            words="time off holidays",
        ),
    ),
    home="home:home_of",
    audit=WORDS,
    demo=(
        DemoStep(10, "skills.loading:add_skills"),
        DemoStep(50, "demo:add_assistants", is_work=True),
        DemoStep(70, "demo:add_engagements", is_work=True),
    ),
)
