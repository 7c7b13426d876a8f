"""What other people call the fields of records: in German, English and French, and in the exports of shops and of time
trackers; further languages are in `languages`. What is called `person+` completes the column that `person` is read
from."""

import re
import unicodedata
from collections.abc import Mapping
from functools import cache

from app.core.changes.files.languages import LANGUAGES
from app.core.changes.files.plan import GROUP, OPTION, STATE

_CAMEL = re.compile(r"(?<=[a-z]{2})(?=[A-Z])")
_UNIT = re.compile(
    r"[\s(\[/,–-]*(?:\bin\s+|\ben\s+)?"
    r"(?P<unit>eur|euro|usd|gbp|chf|us\$|s?fr\.|[€$£₽₴]|"
    r"(?<![^\W\d_])(?:руб|грн|лв|zł|pln|kč|czk|uah|rub|bgn|huf|ron|sek|nok|dkk)(?![^\W\d_])\.?)"
    r"(?:\s*/\s*\w+\.?)?[)\]]?\s*(?P<after>(?:ohne|zzgl|exkl|excl|inkl|incl|netto|brutto|net|gross|ht|ttc)\b.*)?$",
    re.IGNORECASE,
)
_BRACKETS = re.compile(r"[(\[][^)\]]*[)\]]")
_TAX = re.compile(
    r"[\s,/+-]*(?<!\w)(?:(?:ohne|mit|zzgl|inkl|exkl|incl|excl|without|with|hors|plus|bez|con|sin|senza|com|sem|без|з|с|s|z)"
    r"\.?\s*)?(?:mwst|ust|vat|tax|tva|iva|btw|dph|ндс|пдв|ддс|netto|brutto|net|gross|neto|bruto)(?!\w)\.?",
    re.IGNORECASE,
)
_PER = re.compile(r"(?:\s*/|(?<!\w)(?:per|pro|je|za|por|pour|à|за))\s*(?:1\s*)?\w+\.?\s*$", re.IGNORECASE)
_NOT_DECOMPOSED = str.maketrans({"ł": "l", "Ł": "l", "đ": "d", "Đ": "d", "ø": "o", "Ø": "o", "ı": "i"})

_CALLED = {
    "name": """title | product name | product title | item name | name | bezeichnung | artikelbezeichnung | artikelname
        | produktname | produktbezeichnung | artikeltext | artikeltext 1 | artikeltext1 | positionsname
        | nom | nom du produit | nom produit | designation | libelle | intitule
        | name de | name en | post title | titel | titre | produkt | product | produit | artikel | article | item
        | bezeichnung 1 | kurztext | dienstleistung | leistung | service | skill | kenntnis | team""",
    "slug": "handle | url key | permalink | url rewritten | rewritten url | alias | seo url | post name",
    "category": """type | cat | product type | product category | category | categories | categories x y z | kategorie
        | kategorien | warengruppe | produktgruppe | artikelgruppe | gruppe | produktkategorie | categorie | rubrique
        | famille | gamme | categorie par defaut | default category | tax product cat | group | sortiment
        | gewerk | kapitel""",
    "description": """body html | description | product description | item description | beschreibung
        | produktbeschreibung | artikelbeschreibung | langtext | beschreibungstext | details | detail
        | long description | description longue | descriptif | post content | short description | kurzbeschreibung
        | description courte | resume | summary""",
    "summary": "short description | kurzbeschreibung | description courte | resume | zusammenfassung | post excerpt",
    "industry": "branche | industrie | secteur | sector | secteur d activite",
    "price": """variant price | regular price | price | sale price | unit price | list price | net price | sales price
        | selling price | retail price | rrp | msrp | preis | verkaufspreis | vk preis | vk | vkp | vk netto
        | einzelpreis | listenpreis | nettopreis | preis netto | netto | bruttopreis | preis brutto | stuckpreis
        | stueckpreis | uvp | prix | prix de vente | prix unitaire | pu | pu ht | prix ht | prix tarif | tarif
        | prix de vente ht | prix ttc | prix de vente ttc | tarif regulier | regularer preis | net sale price
        | price tax excluded | price tax included
        | price tax excluded or price tax included | price tax excl
        | price tax incl | price without tax | meta price | euro | eur | chf | usd | ek preis | ek""",
    "hourly_rate": "hourly rate | rate | stundensatz | tarif horaire | taux horaire | satz",
    "currency": "currency | currency code | wahrung | waehrung | devise | monnaie | wkz | whg",
    "features": """tags | tag | keywords | merkmale | eigenschaften | features | stichworte | schlagworte | schlagworter
        | caracteristiques | mots cles | tags x y z | highlights | etiquettes""",
    "skills": "skills | kenntnisse | fahigkeiten | faehigkeiten | competences",
    "aliases": "aliases | synonyme | synonyms | synonymes | andere namen",
    "headline": "headline | job title | berufsbezeichnung | position | poste | titel | title",
    "about": "about | bio | uber | profil | a propos | description | beschreibung",
    "person": """person | user | username | employee | member | team member | assistant | who | name | full name
        | user name | mitarbeiter | mitarbeiterin | mitarbeiter in | mitarbeitername | benutzer | nutzer | bearbeiter
        | vorname | personne | utilisateur | collaborateur | employe | salarie | prenom | first name | given name
        | nachname | last name | surname | nom | email | e mail | user email | mail""",
    "person+": """last name | surname | family name | nachname | familienname | nom de famille | nom | email | e mail
        | user email | mail""",
    "worked_on": """day | date | start date | worked on | work date | entry date | spent date | started | start
        | started at | datum | tag | arbeitstag | startdatum | beginn | jour | date de debut | date du travail""",
    "hours": """hours | duration | duration h | duration decimal | time | time h | time spent | hours worked
        | total hours | stunden | dauer | dauer h | dauer dezimal | arbeitszeit | zeit | std | aufwand
        | anzahl stunden | heures | duree | duree h | temps | temps passe | nombre d heures""",
    "project": "project | project name | projekt | projektname | projet | nom du projet | auftrag | mandat",
    "company": """company | client | customer | client name | account | kunde | kundin | firma | unternehmen
        | auftraggeber | client e | entreprise | societe""",
    "note": """note | notes | description | what was done | comment | comments | activity | task description | task
        | notiz | notizen | beschreibung | bemerkung | bemerkungen | tatigkeit | taetigkeit | kommentar | leistung
        | remarque | remarques | commentaire | activite | tache""",
    GROUP: """handle | parent | parent sku | hauptartikel | vaterartikel | produit parent | ubergeordnet
        | ubergeordnetes produkt""",
    OPTION: "option1 value | option2 value | option3 value | variante | variant | variant title | declinaison",
    STATE: "status | published | active 0 1 | active | aktiv | actif | post status | statut | veroffentlicht | publie",
}  # fmt: skip


def fold(name: str) -> str:
    """The name without case, accents and signs: `vkNetto` and `VK-Netto` are one."""
    plain = unicodedata.normalize("NFKD", _CAMEL.sub(" ", name).translate(_NOT_DECOMPOSED))
    return re.sub(r"[\W_]+", "_", "".join(c for c in plain if not unicodedata.combining(c)).casefold()).strip("_")


def bare(heading: str) -> str:
    """The heading without the currency that it names: `Preis (EUR)` is `Preis`."""
    found = _UNIT.search(heading)
    if found is None or not found.start():
        return heading
    return f"{heading[: found.start()]} {found['after'] or ''}".strip()


def likeness(heading: str, field: str) -> int:
    """How well a heading names a field: 0 for not at all, more for what names it better. One that does so only without
    what it says in brackets, of taxes or of units is the least."""
    names = _names(field)
    for name in (heading, bare(heading)):
        at = names.get(_joined(name))
        if at is not None:
            return len(names) - at + 1
    without = _PER.sub("", bare(_BRACKETS.sub(" ", heading)))
    return 1 if {_joined(without), _joined(_TAX.sub(" ", without))} & names.keys() else 0


def _joined(name: str) -> str:
    """Folded, and written as one word: exports have `VKPreis` for what lists call `VK-Preis`."""
    return fold(name).replace("_", "")


@cache
def _names(field: str) -> Mapping[str, int]:
    """What the field is called, the best first, by its place."""
    called = (table.get(field, "") for table in (_CALLED, *LANGUAGES))
    names = (_joined(name) for names in called for name in names.split("|"))
    return {name: at for at, name in enumerate(dict.fromkeys(name for name in names if name))}
