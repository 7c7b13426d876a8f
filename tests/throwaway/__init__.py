"""A domain that lies outside of the application, to prove that one is announced in a single place: its `DOMAIN`."""

from app.core.domain import AccountPage, AuditWords, DemoStep, Domain, Entry

DOMAIN = Domain(
    "gadgets",
    package="tests.throwaway",
    pages=("views",),
    api=("api",),
    tags={"Gadgets": "Things that shine."},
    commands=("cli",),
    permissions={"gadgets": ("rw", "r", "r", "-")},
    scopes={"gadgets": "gadgets"},
    sections={"Gadgets": 5},
    navigation=(
        Entry("Gadgets", "gadgets.index", "package", "Gadgets", "gadgets:read", words="things"),
        Entry("No such page", "gadgets.missing", "package", "Gadgets"),
    ),
    account=(AccountPage("Gadgets", "gadgets.own", "package", 95, "views:summary", shown_if="views:is_on"),),
    home="views:home_of",
    audit=AuditWords(verbs={"polish": "polished"}, in_history={"polish": "made it shine"}),
    demo=(DemoStep(90, "demo:add_gadgets"),),
)
