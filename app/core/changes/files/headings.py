"""What other people call the fields of records: in German, English and French, and in the exports of shops."""

import re
import unicodedata
from functools import cache

from app.core.changes.files.plan import GROUP, OPTION, STATE

_CAMEL = re.compile(r"(?<=[a-z]{2})(?=[A-Z])")
_UNIT = re.compile(
    r"[\s(\[/,–-]*(?:\bin\s+|\ben\s+)?(?P<unit>eur|euro|usd|gbp|chf|us\$|s?fr\.|[€$£])"
    r"(?:\s*/\s*\w+\.?)?[)\]]?\s*(?P<after>(?:ohne|zzgl|exkl|excl|inkl|incl|netto|brutto|net|gross|ht|ttc)\b.*)?$",
    re.IGNORECASE,
)

_CALLED = {
    "name": """title | product name | product title | item name | name | bezeichnung | artikelbezeichnung | artikelname
        | produktname | produktbezeichnung | artikeltext | artikeltext 1 | artikeltext1 | positionsname
        | nom | nom du produit | nom produit | designation | libelle | intitule
        | name de | name en | post title | titel | titre | produkt | product | produit | artikel | article | item
        | bezeichnung 1 | kurztext | dienstleistung | leistung | service | skill | kenntnis | team""",
    "slug": "handle | url key | permalink | url rewritten | rewritten url | alias | seo url | post name",
    "category": """type | product type | product category | category | categories | categories x y z | kategorie
        | kategorien | warengruppe | produktgruppe | artikelgruppe | gruppe | produktkategorie | categorie | rubrique
        | famille | gamme | categorie par defaut | default category | tax product cat | group | sortiment
        | gewerk | kapitel""",
    "description": """body html | description | beschreibung | produktbeschreibung | artikelbeschreibung | langtext
        | beschreibungstext | details | detail | long description | description longue | descriptif | post content
        | short description | kurzbeschreibung | description courte | resume | summary""",
    "summary": "short description | kurzbeschreibung | description courte | resume | zusammenfassung | post excerpt",
    "industry": "branche | industrie | secteur | sector | secteur d activite",
    "price": """variant price | regular price | price | sale price | unit price | list price | net price | sales price
        | selling price | retail price | rrp | msrp | preis | verkaufspreis | vk preis | vk | vkp | vk netto
        | einzelpreis | listenpreis | nettopreis | preis netto | netto | bruttopreis | preis brutto | stuckpreis
        | stueckpreis | uvp | prix | prix de vente | prix unitaire | pu | pu ht | prix ht | prix tarif | tarif
        | prix de vente ht | prix ttc | prix de vente ttc | price tax excluded | price tax included
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
    GROUP: "handle | parent | parent sku | hauptartikel | vaterartikel | produit parent",
    OPTION: "option1 value | option2 value | option3 value | variante | variant | variant title | declinaison",
    STATE: "status | published | active 0 1 | active | aktiv | actif | post status | statut",
}  # fmt: skip


def fold(name: str) -> str:
    """The name without case, accents and signs: `vkNetto` and `VK-Netto` are one."""
    plain = "".join(c for c in unicodedata.normalize("NFKD", _CAMEL.sub(" ", name)) if not unicodedata.combining(c))
    return re.sub(r"[\W_]+", "_", plain.casefold()).strip("_")


def bare(heading: str) -> str:
    """The heading without the currency that it names: `Preis (EUR)` is `Preis`."""
    found = _UNIT.search(heading)
    if found is None or not found.start():
        return heading
    return f"{heading[: found.start()]} {found['after'] or ''}".strip()


def likeness(heading: str, field: str) -> int:
    """How well a heading names a field: 0 for not at all, more for what names it better."""
    names = _names(field)
    for name in (fold(heading), fold(bare(heading))):
        if name and name in names:
            return len(names) - names.index(name)
    return 0


@cache
def _names(field: str) -> tuple[str, ...]:
    return tuple(fold(name) for name in _CALLED.get(field, "").split("|"))
