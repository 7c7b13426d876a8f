"""What the columns of event logs are called, in English, German and French, and in the exports of process mining
tools."""

from collections.abc import Mapping, Sequence
from functools import cache

from app.core.changes.files.headings import fold

CASE, ACTIVITY, AT, STARTED_AT, RESOURCE = "case", "activity", "at", "started_at", "resource"
TRANSITION = "transition"
NEEDED = (CASE, ACTIVITY, AT)
LABELS = {
    CASE: "Case",
    ACTIVITY: "Activity",
    AT: "End, or the only time",
    STARTED_AT: "Start",
    RESOURCE: "Who did it",
}

_CALLED = {
    CASE: """case concept name | case id | case | case number | trace id | trace | process instance | instance id
        | process id | ticket id | ticket | order id | order number | invoice number | request id
        | fall id | fall | fallnummer | fall nr | vorgang | vorgangsnummer | vorgangs id | prozessinstanz | auftrag
        | auftragsnummer | belegnummer | beleg | rechnungsnummer | aktenzeichen
        | id cas | cas | numero de cas | numero cas | dossier | numero de dossier | n de dossier | numero dossier
        | commande""",
    ACTIVITY: """concept name | activity | activity name | event | event name | task | task name | step | action
        | aktivitat | aktivitaet | tatigkeit | taetigkeit | ereignis | schritt | arbeitsschritt | prozessschritt
        | vorgangsschritt | aufgabe | activite | nom de l activite | tache | etape | evenement | operation""",
    AT: """time timestamp | complete timestamp | end timestamp | timestamp | end time | end | ended at | completed at
        | completed | complete time | completion time | finished at | finish | finish time | at | event time
        | date time | datetime | date | time
        | zeitstempel | endzeit | ende | endzeitpunkt | beendet am | beendet | abgeschlossen am | abgeschlossen
        | zeitpunkt | datum uhrzeit | datum und uhrzeit | datum | zeit
        | horodatage | fin | date de fin | heure de fin | termine le | date et heure | date heure | heure""",
    STARTED_AT: """start timestamp | start time | start | started at | started | begin | begin time | began at
        | startzeit | beginn | startzeitpunkt | anfang | begonnen am | begonnen | gestartet am
        | debut | date de debut | heure de debut | commence le""",
    RESOURCE: """org resource | resource | user | user name | performer | performed by | agent | employee | person
        | actor | originator | owner | who | ressource | bearbeiter | bearbeiterin | mitarbeiter | mitarbeiterin
        | benutzer | ausgefuhrt von | wer | utilisateur | acteur | executant | collaborateur | qui""",
    TRANSITION: "lifecycle transition | lifecycle | transition",
}  # fmt: skip


@cache
def _names() -> Mapping[str, Mapping[str, int]]:
    return {
        name: {fold(one).replace("_", ""): at for at, one in enumerate(called.split("|"))}
        for name, called in _CALLED.items()
    }


def is_known(heading: str) -> bool:
    folded = fold(heading).replace("_", "")
    return any(folded in names for names in _names().values())


def columns_of(headings: Sequence[str], chosen: Mapping[str, str]) -> dict[str, int]:
    """The place of each column that is there: as a person chose it by its name, or else the one that is called best."""
    folded = [fold(heading).replace("_", "") for heading in headings]
    found: dict[str, int] = {}
    for name, heading in chosen.items():
        if (wanted := fold(heading).replace("_", "")) in folded:
            found[name] = folded.index(wanted)
    for name, names in _names().items():
        if chosen.get(name) is None:
            fitting = [at for at, one in enumerate(folded) if one in names and at not in found.values()]
            if fitting:
                found[name] = min(fitting, key=lambda at: names[folded[at]])
    if AT not in found and STARTED_AT in found:
        found[AT] = found.pop(STARTED_AT)
    return found
