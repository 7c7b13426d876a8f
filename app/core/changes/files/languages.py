"""What fields are called in the languages of Europe beyond German, English and French (`headings`), by price lists and
by the exports of shops. Accents, case and signs don't matter; of one language, what names a field best comes first."""

from app.core.changes.files.plan import GROUP, OPTION, STATE

RUSSIAN = {
    "name": """наименование | название | наименование товара | название товара | название позиции
        | наименование позиции | имя | имя товара | номенклатура | наименование продукции | товар | услуга
        | продукция""",
    "category": """категория | категории | категория товара | название группы | группа товаров | группа товара
        | товарная группа | товарная категория | группа | раздел | рубрика | тип товара | вид товара""",
    "description": """описание | полное описание | описание товара | подробное описание | краткое описание
        | короткое описание""",
    "summary": "краткое описание | короткое описание",
    "price": """цена | розничная цена | цена розничная | розница | базовая цена | цена продажи | цена за единицу
        | цена за ед | цена за шт | цена за 1 шт | цена без ндс | цена с ндс | ррц | стоимость | оптовая цена
        | цена оптовая | опт | закупочная цена""",
    "currency": "валюта | код валюты",
    "features": "метки | теги | ключевые слова | поисковые запросы | особенности",
    "slug": "символьный код | чпу",
    "industry": "отрасль",
    "hourly_rate": "ставка в час | почасовая ставка | ставка",
    "skills": "навыки | умения",
    "aliases": "синонимы",
    "headline": "должность",
    "about": "о себе",
    GROUP: "родительский | родитель | родительский товар",
    OPTION: "вариант | модификация",
    STATE: "опубликован | опубликовано | статус | активен | активность | включен",
}
UKRAINIAN = {
    "name": """найменування | назва | назва товару | найменування товару | назва позиції | номенклатура | товар
        | послуга | назва позиції укр""",
    "category": "категорія | категорії | назва групи | група товарів | товарна група | група | розділ | тип товару",
    "description": "опис | повний опис | опис товару | короткий опис",
    "summary": "короткий опис",
    "price": """ціна | роздрібна ціна | ціна роздрібна | роздріб | звичайна ціна | ціна продажу | ціна за одиницю
        | ціна за шт | ціна без пдв | ціна з пдв | ррц | вартість | оптова ціна | ціна оптова | опт
        | закупівельна ціна""",
    "currency": "валюта | код валюти",
    "features": "позначки | мітки | теги | ключові слова | пошукові запити | особливості",
    "industry": "галузь",
    "hourly_rate": "ставка за годину | погодинна ставка | ставка",
    "skills": "навички | вміння",
    "aliases": "синоніми",
    "headline": "посада",
    "about": "про себе",
    GROUP: "батьківський | батьківський товар",
    OPTION: "варіант | модифікація",
    STATE: "опубліковано | опублікований | статус | активний",
}
BULGARIAN = {
    "name": """име | наименование | име на продукта | име на продукт | наименование на продукта | продукт | стока
        | услуга""",
    "category": "категория | категории | група | група продукти | продуктова група | вид",
    "description": "описание | дълго описание | кратко описание",
    "summary": "кратко описание",
    "price": """цена | продажна цена | единична цена | редовна цена | цена без ддс | цена с ддс | крайна цена
        | цена на едро | доставна цена""",
    "currency": "валута | код на валута",
    "features": "етикети | тагове | ключови думи | характеристики",
    "industry": "отрасъл | бранш",
    "hourly_rate": "часова ставка | ставка",
    "skills": "умения",
    "headline": "длъжност",
    OPTION: "вариант",
    STATE: "публикуван | публикувано | статус | активен",
}
POLISH = {
    "name": """nazwa | nazwa produktu | nazwa towaru | nazwa artykułu | nazwa usługi | nazwa asortymentu | towar
        | produkt | usługa | tytuł""",
    "category": """kategoria | kategorie | grupa | grupa towarowa | grupa asortymentowa | grupa produktów | dział
        | asortyment | rodzaj""",
    "description": "opis | opis produktu | pełny opis | długi opis | opis długi | krótki opis | opis krótki",
    "summary": "krótki opis | opis krótki",
    "price": """cena netto | cena | cena sprzedaży | cena sprzedaży netto | cena katalogowa | cena jednostkowa
        | cena jednostkowa netto | cena detaliczna | cena regularna | cena brutto | cena hurtowa | cena zakupu""",
    "currency": "waluta | kod waluty",
    "features": "tagi | znaczniki | słowa kluczowe | cechy",
    "industry": "branża",
    "hourly_rate": "stawka godzinowa | stawka",
    "skills": "umiejętności",
    "aliases": "synonimy",
    "headline": "stanowisko",
    "about": "o mnie",
    GROUP: "nadrzędny | produkt nadrzędny",
    OPTION: "wariant",
    STATE: "opublikowano | opublikowane | opublikowany | aktywny | status",
}
CZECH = {
    "name": """název | název produktu | název zboží | název výrobku | název položky | zboží | výrobek | produkt
        | položka | služba | názov | názov produktu | názov tovaru""",
    "category": "kategorie | skupina | skupina zboží | produktová skupina | sortiment | druh | kategória | kategórie",
    "description": "popis | dlouhý popis | popis produktu | krátký popis | dlhý popis",
    "summary": "krátký popis",
    "price": """cena bez dph | cena | prodejní cena | běžná cena | základní cena | cena za kus | cena za mj
        | jednotková cena | ceníková cena | doporučená cena | cena s dph | predajná cena | nákupní cena""",
    "currency": "měna | mena",
    "features": "štítky | klíčová slova | vlastnosti",
    "industry": "odvětví | obor",
    "hourly_rate": "hodinová sazba | sazba",
    "skills": "dovednosti",
    "aliases": "synonyma",
    "headline": "pozice",
    "about": "o mně",
    GROUP: "nadřazený | nadřazené",
    OPTION: "varianta",
    STATE: "publikováno | zveřejněno | aktivní | stav publikace",
}
SPANISH = {
    "name": """nombre | nombre del producto | nombre producto | nombre artículo | denominación | producto
        | artículo | servicio | título""",
    "category": "categoría | categorías | familia | subfamilia | grupo | rubro | sección | línea | tipo",
    "description": """descripción | descrip | descr | descripción larga | descripción completa | descripción corta
        | detalle | detalles""",
    "summary": "descripción corta | resumen",
    "price": """precio | precio de venta | precio venta | pvp | precio unitario | precio sin iva | precio neto
        | precio normal | precio de lista | precio lista | precio con iva | pvp con iva | tarifa | importe
        | precio mayorista | precio de compra""",
    "currency": "moneda | divisa",
    "features": "etiquetas | palabras clave | características",
    "industry": "sector",
    "hourly_rate": "tarifa por hora | precio por hora | tarifa hora",
    "skills": "habilidades | competencias",
    "aliases": "sinónimos",
    "headline": "puesto | cargo",
    "about": "sobre mí",
    GROUP: "superior | producto superior | padre",
    OPTION: "variante",
    STATE: "publicado | estado | activo",
}
ITALIAN = {
    "name": "nome | nome prodotto | nome articolo | denominazione | prodotto | articolo | servizio | titolo",
    "category": "categoria | categorie | famiglia | gruppo | reparto | tipologia | linea | tipo",
    "description": """descrizione | descrizione articolo | descrizione prodotto | descrizione estesa
        | descrizione lunga | descrizione breve""",
    "summary": "descrizione breve | breve descrizione",
    "price": """prezzo | prezzo di vendita | prezzo vendita | prezzo di listino | prezzo listino | listino
        | prezzo unitario | prezzo netto | prezzo iva esclusa | prezzo senza iva | prezzo al pubblico
        | prezzo iva inclusa | prezzo ivato | importo | prezzo di acquisto""",
    "currency": "valuta | divisa",
    "features": "tag | etichette | parole chiave | caratteristiche",
    "industry": "settore",
    "hourly_rate": "tariffa oraria | costo orario",
    "skills": "competenze",
    "aliases": "sinonimi",
    "headline": "ruolo | posizione",
    GROUP: "genitore | padre",
    OPTION: "variante",
    STATE: "pubblicato | stato | attivo",
}
DUTCH = {
    "name": "naam | productnaam | artikelnaam | product naam | benaming | artikel | dienst | titel",
    "category": "categorie | categorieën | productgroep | artikelgroep | groep | hoofdgroep | rubriek | soort",
    "description": """omschrijving | beschrijving | productomschrijving | artikelomschrijving | lange omschrijving
        | korte omschrijving | korte beschrijving""",
    "summary": "korte omschrijving | korte beschrijving | samenvatting",
    "price": """verkoopprijs | prijs | prijs excl btw | verkoopprijs excl btw | reguliere prijs | nettoprijs
        | stuksprijs | eenheidsprijs | adviesprijs | brutoprijs | prijs incl btw | verkoopprijs incl btw
        | inkoopprijs""",
    "currency": "valuta | munt | munteenheid",
    "features": "trefwoorden | labels | kenmerken | eigenschappen",
    "industry": "sector | bedrijfstak",
    "hourly_rate": "uurtarief | tarief",
    "skills": "vaardigheden",
    "aliases": "synoniemen",
    "headline": "functie",
    "about": "over mij",
    GROUP: "hoofdproduct | hoofd",
    OPTION: "variant | variatie",
    STATE: "gepubliceerd | actief | status",
}
PORTUGUESE = {
    "name": "nome | nome do produto | produto | artigo | designação | denominação | serviço | título",
    "category": "categoria | categorias | família | grupo | secção | seção | tipo",
    "description": "descrição | descrição completa | descrição curta | detalhes",
    "summary": "descrição curta | resumo",
    "price": """preço | preço de venda | preço venda | preço unitário | preço normal | pvp | preço sem iva
        | preço de tabela | preço com iva | valor""",
    "currency": "moeda",
    "features": "etiquetas | palavras chave | características",
    "industry": "setor",
    "hourly_rate": "preço por hora",
    "skills": "competências | habilidades",
    "headline": "cargo | função",
    OPTION: "variante",
    STATE: "publicado | estado | ativo",
}

LANGUAGES = (RUSSIAN, UKRAINIAN, BULGARIAN, POLISH, CZECH, SPANISH, ITALIAN, DUTCH, PORTUGUESE)
