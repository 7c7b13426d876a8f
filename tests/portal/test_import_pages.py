"""Other people's files through the pages: asked about, read as was said, remembered, applied, undone and done again."""

import io
import re
from decimal import Decimal

import pytest
from sqlalchemy import select

from app.catalog.models import Product
from app.changes import jobs as tasks
from app.changes import running
from app.core.changes import reading
from app.core.changes.models import ChangePart, ChangeSet, State
from app.core.tables.rows import Unreadable
from tests.factories.workbooks import ods, xlsx

GERMAN = "Bezeichnung;Warengruppe;Preis (EUR);Beschreibung\nRegal Eiche;Möbel;1.249,00;Massiv\n"
SHOP = """Handle,Title,Body (HTML),Type,Tags,Published,Option1 Name,Option1 Value,Variant Price,Image Src,Status
shelf,Shelf,"<p>Solid, <b>oiled</b>.</p><ul><li>deep</li></ul><img>",Shelves,"oak, indoor",true,W,60 cm,49.00,u,
shelf,,,,,,,90 cm,69.00,u,
shelf,,,,,,,,,u,
voucher,Gift voucher,<p>Any&nbsp;amount</p>,Vouchers,gift,false,Value,25,25.00,,draft
voucher,,,,,,,50,20.00,,
"""


def upload(browser, content, name="list.csv", key="products", **more):
    content = content.encode() if isinstance(content, str) else content
    data = {"file": (io.BytesIO(content), name), **more}
    answer = browser.post(f"/admin/{key}/import", data=data, content_type="multipart/form-data")
    assert answer.status_code == 303, answer.text
    return answer.location


@pytest.fixture
def newest(db_session):
    def newest():
        db_session.expire_all()
        return db_session.scalars(select(ChangeSet).order_by(ChangeSet.created_at.desc(), ChangeSet.id.desc())).first()

    return newest


def form_of(page):
    """What the form of the columns would send as it stands."""
    form = page[page.index('class="import-choice"') :]
    form = form[: form.index("</form>")]
    sent = {}
    for name, inside in re.findall(r'<select[^>]*name="([^"]+)"[^>]*>(.*?)</select>', form, re.DOTALL):
        found = re.search(r'<option value="([^"]*)" selected', inside)
        sent[name] = found[1] if found else ""
    for tag in re.findall(r"<input[^>]*>", form):
        name, value = re.search(r'name="([^"]+)"', tag), re.search(r'value="([^"]*)"', tag)
        if name and (" checked" in tag or ('type="checkbox"' not in tag and 'type="radio"' not in tag)):
            sent[name[1]] = value[1] if value else ""
    sent.pop("csrf_token", None)
    return sent


def products(session):
    session.expire_all()
    found = session.scalars(select(Product).order_by(Product.name)).all()
    return [(p.name, p.slug, p.category, p.price, p.currency, p.is_archived) for p in found]


def test_german_headings_are_proposed_and_remembered(as_manager, db_session, newest):
    here = upload(as_manager, GERMAN)
    page = as_manager.get(here).text
    assert newest().state == State.ASKING
    sent = form_of(page)
    assert [sent[f"column-{at}"] for at in range(4)] == ["name", "category", "price", "description"]
    assert sent["value-currency"] == "EUR"
    assert as_manager.post(f"{here}/columns", data={**sent, "column-3": ""}).status_code == 303
    assert "1 new" in as_manager.get(here).text
    as_manager.post(f"{here}/apply")
    assert products(db_session) == [("Regal Eiche", "regal-eiche", "Möbel", Decimal("1249.00"), "EUR", False)]
    assert db_session.query(ChangePart).count() == 0
    again = form_of(as_manager.get(upload(as_manager, GERMAN)).text)
    assert again["column-3"] == ""


def test_what_is_missing_is_told_and_what_was_chosen_is_kept(as_manager):
    here = upload(as_manager, "Artikel;Preis\nA;1,00\n")
    sent = form_of(as_manager.get(here).text)
    answer = as_manager.post(f"{here}/columns", data={**sent, "value-currency": "CHF"})
    assert answer.status_code == 422
    assert 'id="value-category-error"' in answer.text
    assert form_of(answer.text)["value-currency"] == "CHF"
    answer = as_manager.post(f"{here}/columns", data={**sent, "column-1": "name", "value-category": "c"})
    assert answer.status_code == 422
    as_manager.post(f"{here}/columns", data={**sent, "value-category": "Furniture"})
    assert "1 new" in as_manager.get(here).text


@pytest.mark.parametrize(
    ("variants", "made"),
    [
        (
            "lowest",
            [
                ("Gift voucher", "voucher", "Vouchers", Decimal("20.00"), "USD", True),
                ("Shelf", "shelf", "Shelves", Decimal("49.00"), "USD", False),
            ],
        ),
        (
            "own",
            [
                ("Gift voucher, 25", "voucher-25", "Vouchers", Decimal("25.00"), "USD", True),
                ("Gift voucher, 50", "voucher-50", "Vouchers", Decimal("20.00"), "USD", True),
                ("Shelf, 60 cm", "shelf-60-cm", "Shelves", Decimal("49.00"), "USD", False),
                ("Shelf, 90 cm", "shelf-90-cm", "Shelves", Decimal("69.00"), "USD", False),
            ],
        ),
    ],
)
def test_the_export_of_a_shop_is_read_with_its_variants(as_manager, db_session, newest, variants, made):
    here = upload(as_manager, SHOP)
    sent = form_of(as_manager.get(here).text)
    assert as_manager.post(f"{here}/columns", data=sent).status_code == 422
    as_manager.post(f"{here}/columns", data={**sent, "variants": variants, "value-currency": "USD"})
    assert newest().rows_new == len(made)
    page = as_manager.get(here).text
    assert "Dropped: 1 formatting mark, 1 picture" in page
    as_manager.post(f"{here}/apply")
    assert products(db_session) == made
    shelf = db_session.scalars(select(Product).where(Product.name.startswith("Shelf"))).first()
    assert shelf.description == "Solid, oiled.\n\n- deep"
    assert shelf.features == ["oak", "indoor"]
    undo = as_manager.post(f"{here}/undo").location
    assert all(archived for *_, archived in products(db_session)) or products(db_session) == []
    as_manager.post(f"{undo}/undo")
    assert products(db_session) == made


WOO = """ID,Type,SKU,Name,Published,Description,Sale price,Regular price,Categories,Tags,Parent
11,variable,lamp,Lamp,1,<p>Light</p>,,,"Lighting > Desk","new, small",
12,simple,rug,Rug,0,,15,19,Floor,,
13,variation,lamp-red,Lamp - Red,1,,,45,,,lamp
14,variation,lamp-blue,Lamp - Blue,1,,,42.50,,,id:11
"""


@pytest.mark.parametrize(
    ("variants", "made"),
    [
        ("lowest", [("Lamp", Decimal("42.50"), False), ("Rug", Decimal("19.00"), True)]),
        (
            "own",
            [
                ("Lamp - Blue", Decimal("42.50"), False),
                ("Lamp - Red", Decimal("45.00"), False),
                ("Rug", Decimal("19.00"), True),
            ],
        ),
    ],
)
def test_variants_that_name_their_parent_are_found_wherever_they_are(as_manager, db_session, variants, made):
    here = upload(as_manager, WOO)
    sent = form_of(as_manager.get(here).text)
    as_manager.post(f"{here}/columns", data={**sent, "variants": variants, "value-currency": "USD"})
    as_manager.post(f"{here}/apply")
    assert [(name, price, archived) for name, _, _, price, _, archived in products(db_session)] == made
    assert {category for _, _, category, *_ in products(db_session)} == {"Lighting > Desk", "Floor"}


def test_what_is_not_published_is_found_again_by_its_name(as_manager, db_session, newest):
    for expected in ((2, 0), (0, 2)):
        here = upload(as_manager, WOO)
        sent = form_of(as_manager.get(here).text)
        as_manager.post(f"{here}/columns", data={**sent, "variants": "lowest", "value-currency": "USD"})
        assert (newest().rows_new, newest().rows_unchanged) == expected
        as_manager.post(f"{here}/apply")
    assert len(products(db_session)) == 2


def test_the_same_export_again_changes_nothing(as_manager, newest):
    for expected in ((2, 0), (0, 2)):
        here = upload(as_manager, SHOP)
        sent = form_of(as_manager.get(here).text)
        as_manager.post(f"{here}/columns", data={**sent, "variants": "lowest", "value-currency": "USD"})
        assert (newest().rows_new, newest().rows_unchanged) == expected
        as_manager.post(f"{here}/apply")


@pytest.mark.parametrize("make", [xlsx, ods])
def test_a_price_list_in_a_workbook_is_read_from_its_sheet_below_its_title(as_manager, db_session, make):
    rows = [
        ["Muster GmbH"],
        ["Preisliste, Stand 01.11.2026"],
        [],
        ["Art.-Nr.", "Bezeichnung", "Warengruppe", "VK netto (EUR)"],
        ["0071", "Regal", "Möbel", 1249.0],
        ["0072", "Stuhl", "Möbel", 99.9],
    ]
    here = upload(as_manager, make({"Hinweise": [["Alle Preise netto"]], "Preise": rows}), "preise.xlsx")
    page = as_manager.get(here).text
    sent = form_of(page)
    assert (sent["sheet"], sent["heading"]) == ("Preise", "4")
    as_manager.post(f"{here}/columns", data=sent)
    as_manager.post(f"{here}/apply")
    assert [(name, price, currency) for name, _, _, price, currency, _ in products(db_session)] == [
        ("Regal", Decimal("1249.00"), "EUR"),
        ("Stuhl", Decimal("99.90"), "EUR"),
    ]


def test_another_sheet_heading_or_letters_can_be_chosen(as_manager):
    book = xlsx(
        {"A": [["name", "category", "price"], ["a", "c", 1]], "B": [["Artikel", "Gruppe", "Preis"], ["b", "c", 2]]}
    )
    here = upload(as_manager, book)
    sent = form_of(as_manager.get(here).text)
    as_manager.post(f"{here}/columns", data={**sent, "sheet": "B", "then": "look"})
    page = as_manager.get(here).text
    assert ">Artikel</label>" in page
    assert form_of(page)["sheet"] == "B"


def test_a_workbook_with_the_portals_own_columns_is_not_asked_about(as_manager, newest):
    upload(as_manager, xlsx({"Products": [["name", "category", "price"], ["A", "c", 1.5]], "Notes": [["no"]]}))
    assert (newest().state, newest().rows_new) == (State.PREVIEWED, 1)
    assert "Only the sheet “Products” is imported, not “Notes”." in newest().params["notes"]


def test_how_a_file_is_read_can_be_changed_from_the_preview(as_manager, newest):
    here = upload(as_manager, "name;category;price\nStůl;c;1\n".encode("cp1250"))
    as_manager.post(f"{here}/ask")
    sent = form_of(as_manager.get(here).text)
    assert sent["encoding"] == "cp1250"
    as_manager.post(f"{here}/columns", data={**sent, "encoding": "cp1252"})
    assert "Stùl" in as_manager.get(here).text
    assert newest().rows_new == 1


def test_ids_of_another_system_are_not_ours(as_manager, newest):
    upload(as_manager, "ID;name;category;price\n1;A;c;1\n2;B;c;2\n")
    assert newest().rows_new == 2
    assert newest().params["notes"] == ["The column “ID” was ignored: its values aren’t this portal’s IDs."]


def test_empty_cells_clear_where_that_is_said(as_manager, db_session, make_product, newest):
    make_product(slug="a", name="A", description="Long", features=["x"])
    content = "slug;description;features\na;;\n"
    upload(as_manager, content)
    assert newest().rows_unchanged == 1
    here = upload(as_manager, content, clear_empty="1")
    assert newest().rows_changed == 1
    as_manager.post(f"{here}/apply")
    product = db_session.scalars(select(Product)).one()
    assert (product.description, product.features, product.name) == ("", [], "A")


def test_a_field_that_is_needed_is_not_cleared(as_manager, make_product, newest):
    make_product(slug="a")
    upload(as_manager, "slug;name;price\na;;1\n", clear_empty="1")
    assert newest().rows_wrong == 1


def test_one_bad_byte_and_one_bad_quotation_mark_are_named(as_manager, newest):
    content = "name;category;price\nStühle grün;c;1\n".encode() + b"f\xfcr alle;c;2\n" + b'"a \\"b\\" c";c;3\nGut;c;4\n'
    here = upload(as_manager, content)
    assert (newest().rows_new, newest().rows_wrong) == (2, 2)
    page = as_manager.get(f"{here}?rows=wrong").text
    assert "Row 3" in page
    assert "Row 4" in page


def test_a_large_file_is_read_by_a_job(as_manager, db_session, newest, monkeypatch):
    monkeypatch.setattr(running, "READ_AT_ONCE", 10)
    here = upload(as_manager, GERMAN)
    assert newest().state == State.PREPARING
    tasks.preview_change_set(str(newest().id))
    assert newest().state == State.ASKING
    as_manager.post(f"{here}/columns", data=form_of(as_manager.get(here).text))
    assert newest().state == State.PREPARING
    tasks.preview_change_set(str(newest().id))
    assert (newest().state, newest().rows_new) == (State.PREVIEWED, 1)


def test_a_large_file_that_cannot_be_read_says_why(as_manager, db_session, newest, monkeypatch):
    monkeypatch.setattr(running, "READ_AT_ONCE", 1)
    here = upload(as_manager, b"PK\x03\x04 no workbook")
    tasks.preview_change_set(str(newest().id))
    assert newest().state == State.FAILED
    assert "can&#39;t be read" in as_manager.get(here).text
    assert db_session.query(ChangePart).count() == 0, "the file is kept, and nobody can read it any more"


def test_a_large_file_is_read_in_another_way_by_a_job(as_manager, db_session, newest, monkeypatch):
    monkeypatch.setattr(running, "READ_AT_ONCE", 1)
    here = upload(as_manager, xlsx({"Prices": [("Artikel", "Preis"), ("A", 1)], "Empty": [("One",)]}), "list.xlsx")
    tasks.preview_change_set(str(newest().id))
    sent = form_of(as_manager.get(here).text)
    assert sent["sheet"] == "Prices"
    as_manager.post(f"{here}/columns", data={**sent, "sheet": "Empty", "then": "look"})
    assert newest().state == State.PREPARING, "the file was read while the person waited"
    tasks.preview_change_set(str(newest().id))
    assert newest().state == State.ASKING
    assert form_of(as_manager.get(here).text)["sheet"] == "Empty"


def test_a_way_of_reading_that_fails_leaves_the_earlier_one(as_manager, newest, monkeypatch):
    monkeypatch.setattr(running, "READ_AT_ONCE", 1)
    here = upload(as_manager, GERMAN)
    tasks.preview_change_set(str(newest().id))
    sent = form_of(as_manager.get(here).text)
    as_manager.post(f"{here}/columns", data={**sent, "encoding": "utf-16-le", "then": "look"})
    monkeypatch.setattr(reading, "open_table", refuse)
    tasks.preview_change_set(str(newest().id))
    monkeypatch.undo()
    page = as_manager.get(here).text
    assert newest().state == State.ASKING
    assert "Not like that." in page
    assert form_of(page) == sent
    as_manager.post(f"{here}/columns", data=sent)
    assert (newest().state, newest().rows_new) == (State.PREVIEWED, 1)


def refuse(*_):
    raise Unreadable("Not like that.")


def test_a_discarded_file_is_gone(as_manager, db_session):
    here = upload(as_manager, GERMAN)
    as_manager.post(f"{here}/discard")
    assert db_session.query(ChangePart).count() == 0
    assert as_manager.post(f"{here}/columns", data={}).status_code == 303


def test_a_file_without_names_of_columns_is_read_whole(as_manager, db_session):
    here = upload(as_manager, "1,Bowls,Rice bowl,5.99\n2,Soups,Miso soup,2.49\n")
    sent = form_of(as_manager.get(here).text)
    assert sent["heading"] == "0"
    assert [sent[f"column-{at}"] for at in range(4)] == ["", "", "name", "price"]
    chosen = {"column-1": "category", "value-currency": "USD"}
    as_manager.post(f"{here}/columns", data={**sent, **chosen})
    as_manager.post(f"{here}/apply")
    assert [name for name, *_ in products(db_session)] == ["Miso soup", "Rice bowl"]


@pytest.mark.parametrize(
    ("content", "fields"),
    [
        # The heading of a price list below an address, with columns that have no names.
        (
            ',,Muster & Sohn,,\n,,,,\n,gruppe,Artikelbezeichnung,Euro,Herkunft\n2,Obst,Birne,"0,57",DE\n',
            ["", "category", "name", "price", ""],
        ),
        # A till's export, in Windows letters.
        ("Artikeltext1;Gruppe;MwSt;vkNetto;vkBrutto\nÄpfel;Obst;7;0,15;0,16\n", ["name", "category", "", "price", ""]),
        # PrestaShop, whose prices without tax have more decimals than money has.
        (
            "Product ID;Active (0/1);Name *;Categories (x,y,z...);Price tax excluded;Price tax included;URL rewritten\n"
            "1;1;Oak shelf;Home;41,176;49,00;Oak-Shelf\n2;0;Old shelf;Home;12,605;15,00;Old-Shelf\n",
            ["", "_state", "name", "category", "", "price", "slug"],
        ),
        # A tariff in French.
        (
            "Désignation;Famille;Prix HT (€);Descriptif\nÉtagère;Meubles;49,00;Chêne\n",
            ["name", "category", "price", "description"],
        ),
        # A till that writes its headings as one word.
        ("Artikelnummer;Artikeltext1;EKPreis;VKPreis\n7;Birnen;0,40;0,57\n", ["", "name", "", "price"]),
        # A shop's export in Russian, whose types of rows are no categories.
        (
            "ID,Тип,Артикул,Имя,Опубликован,Короткое описание,Описание,Базовая цена,Категории\n"
            "7,simple,A-1,Стол,1,Дуб,Стол из дуба,1490.00,Мебель\n",
            ["", "", "", "name", "_state", "", "description", "price", "category"],
        ),
        (
            "Артикул;Назва;Група;Опис;Ціна, €;Одиниця\nA1;Стіл;Меблі;Дуб;149,00;шт\n",
            ["", "name", "category", "description", "price", ""],
        ),
        (
            "Код;Наименование;Група;Описание;Цена с ДДС;Валута\n1;Маса;Мебели;Дъб;149,00;EUR\n",
            ["", "name", "category", "description", "price", "currency"],
        ),
        (
            "Indeks;Nazwa towaru;Grupa towarowa;Opis;Cena netto [EUR];J.m.\n1;Półka;Meble;Dąb;149,00;szt.\n",
            ["", "name", "category", "description", "price", ""],
        ),
        (
            "Código;Artículo;Familia;Descripción;P.V.P.;Moneda\n1;Mesa;Muebles;Roble;149,00;EUR\n",
            ["", "name", "category", "description", "price", "currency"],
        ),
        # Where there is no name, the description is it.
        (
            "Codice;Descrizione;Categoria;Prezzo (IVA esclusa)\n1;Tavolo;Mobili;149,00\n2;Sedia;Mobili;49,00\n",
            ["", "name", "category", "price"],
        ),
        (
            "Artikelnr;Omschrijving;Groep;Prijs excl. BTW / stuk\n1;Tafel;Meubels;149,00\n2;Stoel;Meubels;49,00\n",
            ["", "name", "category", "price"],
        ),
        (
            "Kód;Název zboží;Skupina;Popis;Cena bez DPH (EUR)\n1;Stůl;Nábytek;Dub;149,00\n",
            ["", "name", "category", "description", "price"],
        ),
        ("Designação;Categoria;Preço\nMesa;Móveis;149,00\n", ["name", "category", "price"]),
        # Names that nobody knows: nothing is guessed.
        ("Kod;Ime;Cifra\n1;Miza;10\n", ["", "", ""]),
        # Handles that don't repeat are slugs.
        ("Handle,Title,Type,Variant Price\na-lamp,A lamp,Lamps,5.00\n", ["slug", "name", "category", "price"]),
        # A type that says how WooCommerce keeps a row is no category.
        ("Type,Name,Regular price,Categories\nsimple,Lamp,5,Lamps\n", ["", "name", "price", "category"]),
    ],
)
def test_columns_are_proposed_by_what_people_call_them(as_manager, content, fields):
    here = upload(as_manager, content.encode("cp1252") if "MwSt" in content else content)
    sent = form_of(as_manager.get(here).text)
    assert [sent[f"column-{at}"] for at in range(len(fields))] == fields


def test_a_heading_in_another_currency_is_told_before_anything_is_read(as_manager, newest):
    here = upload(as_manager, "Nazwa;Kategoria;Cena (PLN)\nPółka;Meble;149,00\n")
    sent = form_of(as_manager.get(here).text)
    assert sent["value-currency"] == "PLN"
    answer = as_manager.post(f"{here}/columns", data=sent)
    assert answer.status_code == 422
    assert "Prices can’t be kept in PLN, only in USD, EUR, GBP, CHF." in answer.text
    as_manager.post(f"{here}/columns", data={**sent, "value-currency": "EUR"})
    assert newest().rows_new == 1


LONELY = """Handle,Title,Body (HTML),Type,Tags,Published,Option1 Name,Option1 Value,Variant Price
Blue Lamp!,Blue lamp,Blue,,,true,,,5.00
rug,Rug,Soft,,,true,,,7.00
"""
"""An export of the same shop system, whose products have no variants, types, tags or HTML."""


def test_what_an_earlier_file_did_not_show_is_proposed_anew(as_manager, newest):
    here = upload(as_manager, LONELY)
    sent = form_of(as_manager.get(here).text)
    assert (sent["column-0"], sent["column-3"], sent.get("html")) == ("slug", "", None)
    as_manager.post(f"{here}/columns", data={**sent, "value-category": "Sundries", "value-currency": "EUR"})
    assert newest().rows_new == 2
    here = upload(
        as_manager,
        SHOP.replace(",Image Src,Status", "")
        .replace(",u,\n", "\n")
        .replace(",,draft", "")
        .replace("50,20.00,,", "50,20.00"),
    )
    page = as_manager.get(here).text
    assert "same headings" in page or "before" in page
    sent = form_of(page)
    assert [sent[f"column-{at}"] for at in range(9)] == [
        "_group", "name", "description", "category", "features", "_state", "", "_option", "price",
    ]  # fmt: skip
    assert (sent["html"], sent["commas"], sent["value-category"], sent["value-currency"]) == (
        "1",
        "1",
        "Sundries",
        "EUR",
    )


def test_slugs_of_another_system_are_made_ours(as_manager, db_session):
    here = upload(as_manager, LONELY)
    sent = form_of(as_manager.get(here).text)
    as_manager.post(f"{here}/columns", data={**sent, "value-category": "Sundries", "value-currency": "EUR"})
    as_manager.post(f"{here}/apply")
    assert [slug for _, slug, *_ in products(db_session)] == ["blue-lamp", "rug"]


def test_a_name_that_is_missing_is_asked_for_at_the_columns(as_manager):
    here = upload(as_manager, "Kod;Cena\n1;2,00\n")
    answer = as_manager.post(f"{here}/columns", data={**form_of(as_manager.get(here).text), "value-category": "c"})
    assert answer.status_code == 422
    assert "Choose a column for Name.</a>" in answer.text
    assert 'href="#column-0"' in answer.text


def test_columns_without_names_are_told_by_what_they_hold(as_manager):
    here = upload(
        as_manager, "1;4006;Soups;Miso soup;2,49;12\n2;4007;Soups;Udon soup;5,99;9\n3;4008;Bowls;Rice bowl;7,00;4\n"
    )
    sent = form_of(as_manager.get(here).text)
    assert [sent[f"column-{at}"] for at in range(6)] == ["", "", "category", "name", "price", ""]


def test_names_of_two_lines_are_one(as_manager, newest):
    upload(as_manager, xlsx({"A": [["name", "category", "price", "currency"], ["Shelf\noak", "Office\t", 2, "EUR"]]}))
    assert newest().rows_new == 1


def test_rows_of_one_name_can_be_told_apart_by_their_numbers(as_manager, newest):
    here = upload(
        as_manager, "Art.-Nr.;Bezeichnung;Gruppe;Preis €\nA 1;Clip;c;1,00\nA 2;Clip;c;2,00\nA 3;Clip;c;3,00\n"
    )
    sent = form_of(as_manager.get(here).text)
    as_manager.post(f"{here}/columns", data=sent)
    assert (newest().rows_new, newest().rows_wrong) == (1, 2)
    assert "2 rows have the name of an earlier one." in as_manager.get(here).text
    as_manager.post(f"{here}/ask")
    as_manager.post(f"{here}/columns", data={**sent, "column-0": "slug"})
    assert (newest().rows_new, newest().rows_wrong) == (3, 0)


def test_columns_that_hold_nothing_are_folded_and_named_last(as_manager):
    blank = [f"Google Shopping / {number}" for number in range(30)]
    more = [f"Note {number}" for number in range(5)]
    heading = ",".join([*blank, "Title", "Type", "Price (EUR)", *more])
    here = upload(as_manager, f"{heading}\n{',' * 30}Oak shelf,Shelves,49.00,a,b,c,d,e\n")
    page = as_manager.get(here).text
    assert "30 columns without values in the first rows" in page
    inside = page[page.index("30 columns without") : page.index("For all rows")]
    assert inside.count("<select") == 30
    as_manager.post(f"{here}/columns", data=form_of(page))
    told = re.search("Columns that aren’t imported: [^<]*", as_manager.get(here).text)[0]
    assert told.startswith("Columns that aren’t imported: “Note 0”, “Note 1”")
    assert told.endswith("and 23 more.")
    assert told.count("Google Shopping") == 7


SHEETS = {
    "Prices": [["Sample Ltd"], ["As of November"], [], ["Artikel", "Preis"], ["Bench", 49.5]],
    "Others": [["name", "category", "price"], ["Chair", "Seats", 20]],
}


def test_the_heading_of_another_sheet_is_found_anew(as_manager):
    here = upload(as_manager, xlsx(SHEETS), "list.xlsx")
    sent = form_of(as_manager.get(here).text)
    assert (sent["sheet"], sent["heading"]) == ("Others", "1")
    as_manager.post(f"{here}/columns", data={**sent, "sheet": "Prices", "then": "look"})
    sent = form_of(as_manager.get(here).text)
    assert (sent["heading"], sent["column-0"], sent["column-1"]) == ("4", "name", "price")


@pytest.mark.parametrize("said", [{"sheet": "Prices"}, {"heading": "2"}])
def test_columns_are_asked_about_again_when_the_file_is_read_in_another_way(as_manager, newest, said):
    """They were chosen for what stood there before."""
    here = upload(as_manager, xlsx(SHEETS), "list.xlsx")
    answer = as_manager.post(f"{here}/columns", data={**form_of(as_manager.get(here).text), **said})
    assert answer.status_code == 303
    page = as_manager.get(here).text
    assert newest().state == State.ASKING
    assert "The file was read again as you chose." in page
    assert said.items() <= form_of(page).items()
