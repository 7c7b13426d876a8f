"""`flask --app wsgi seed-demo`."""

import json
import stat
from collections import Counter

import pytest
from sqlalchemy import func, select
from sqlalchemy.dialects.postgresql import aggregate_order_by

from app.assistants.models import Assistant, Match, Review, Skill
from app.catalog import demo
from app.catalog.models import Offering, Product, ServiceCategory, Solution
from app.catalog.schemas import ProductInput
from app.core.audit import AuditEntry
from app.extensions import db
from app.identity.models import Client, User
from app.notifications.models import Notification, OutgoingMail
from app.projects.change_orders.models import ChangeOrder
from app.projects.models import Deliverable, Project, ProjectReview
from app.projects.teams.capacity import free_this_week
from app.projects.teams.models import Team
from app.projects.timesheets.models import TimeEntry
from config import ROOT

BY_HAND = 41
TABLES = (Client, User, Product, Solution, ServiceCategory, Offering, AuditEntry)


@pytest.fixture
def change_settings(app, monkeypatch):
    def change(**values):
        monkeypatch.setitem(app.config, "SETTINGS", app.config["SETTINGS"].model_copy(update=values))

    return change


@pytest.fixture
def seed(app, db_session, tmp_path, change_settings):
    change_settings(data_dir=tmp_path)

    def seed(products=60, work=False):
        args = ["seed-demo", "--products", str(products), "--work" if work else "--no-work"]
        result = app.test_cli_runner().invoke(args=args)
        db.session.expire_all()
        return result

    return seed


def counts():
    return {model.__tablename__: db.session.scalar(select(func.count()).select_from(model)) for model in TABLES}


def test_it_makes_some_of_each_thing(seed):
    result = seed()
    assert result.exit_code == 0, result.output
    made = counts()
    assert (made["clients"], made["users"], made["products"]) == (2, 5, 60)
    assert (made["solutions"], made["service_categories"]) == (8, 6)
    assert all(3 <= len(category.offerings) <= 6 for category in db.session.scalars(select(ServiceCategory)))
    assert all(len(solution.products) >= 4 for solution in db.session.scalars(select(Solution)))


WORK = (Assistant, Match, Review, Team, Project, Deliverable, TimeEntry, ChangeOrder, ProjectReview)


def how_many(models):
    return {model.__name__: db.session.scalar(select(func.count()).select_from(model)) for model in models}


def histories_of_projects():
    """The moments of each project's changes and its parts', as they were written one after the other."""
    project = func.coalesce(AuditEntry.parent_id, AuditEntry.record_id)
    of_projects = func.coalesce(AuditEntry.parent_table, AuditEntry.table_name) == "projects"
    moments = func.array_agg(aggregate_order_by(AuditEntry.at, AuditEntry.id))
    return db.session.scalars(select(moments).where(of_projects).group_by(project)).all()


def test_people_have_worked_for_two_years_and_have_capacity_left(seed):
    result = seed(work=True)
    assert (result.exit_code, result.exception) == (0, None)
    made = how_many(WORK)
    assert (made["Assistant"], made["Review"], made["Team"], made["Project"]) == (40, 17, 5, 10)
    assert (made["ChangeOrder"], made["ProjectReview"]) == (1, 3)
    assert made["TimeEntry"] > 100
    statuses = Counter(db.session.scalars(select(Project.status)))
    assert statuses == {"completed": 3, "active": 3, "requested": 2, "planned": 1, "on_hold": 1}
    assert {"accepted", "completed", "proposed"} <= set(db.session.scalars(select(Match.status)))
    assert db.session.scalars(select(Skill.name).where(Skill.status == "waiting")).all() == []
    assert how_many([Notification, OutgoingMail]) == {"Notification": 0, "OutgoingMail": 0}
    teams = [team.id for team in db.session.scalars(select(Team))]
    free = free_this_week(teams)
    assert free.keys() == set(teams)
    assert all(hours > 0 for hours in free.values())
    assert all(moments == sorted(moments) for moments in histories_of_projects())
    again = seed(work=True)
    assert (again.output, how_many(WORK)) == ("", made)


def test_a_second_run_changes_nothing(seed, tmp_path):
    seed()
    made, secret = counts(), (tmp_path / "demo-credentials.txt").read_text()
    versions = db.session.execute(select(Product.id, Product.version)).all()
    again = seed()
    assert (again.exit_code, again.output) == (0, "")
    assert counts() == made
    assert set(db.session.execute(select(Product.id, Product.version)).all()) == set(versions)
    assert (tmp_path / "demo-credentials.txt").read_text() == secret


def test_more_products_are_added_to_those_there_are(seed):
    seed(45)
    before = set(db.session.scalars(select(Product.slug)))
    seed(80)
    after = set(db.session.scalars(select(Product.slug)))
    assert len(after) == 80
    assert before < after


def test_the_users_are_one_of_each_role(seed):
    seed()
    users = {user.email: user for user in db.session.scalars(select(User))}
    assert {email: user.role for email, user in users.items()} == {
        "admin@diglit.test": "admin",
        "manager@diglit.test": "manager",
        "client@diglit.test": "client",
        "client2@diglit.test": "client",
        "expert@diglit.test": "expert",
    }
    assert users["client@diglit.test"].client_id != users["client2@diglit.test"].client_id


def test_the_made_up_password_is_shown_once_and_kept_closed(seed, tmp_path, client):
    first = seed()
    path = tmp_path / "demo-credentials.txt"
    password = path.read_text().splitlines()[0].removeprefix("Password: ")
    assert password in first.output
    assert len(password) >= 20
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    for name in ("admin", "manager", "client", "client2", "expert"):
        sent = {"username": f"{name}@diglit.test", "password": password}
        assert client.post("/api/auth/login", json=sent).status_code == 200


def test_a_given_password_is_used_and_written_nowhere(seed, tmp_path, change_settings, client):
    change_settings(demo_password="a password of the demo")
    result = seed()
    assert "a password of the demo" not in result.output
    assert not (tmp_path / "demo-credentials.txt").exists()
    sent = {"username": "manager@diglit.test", "password": "a password of the demo"}
    assert client.post("/api/auth/login", json=sent).status_code == 200


def test_a_password_that_is_given_later_counts_from_then_on(seed, change_settings, client):
    seed()
    change_settings(demo_password="a password of the demo")
    assert "DEMO_PASSWORD" in seed().output
    assert seed().output == ""
    sent = {"username": "expert@diglit.test", "password": "a password of the demo"}
    assert client.post("/api/auth/login", json=sent).status_code == 200


def test_the_file_outlives_the_database(seed, tmp_path, client):
    (tmp_path / "demo-credentials.txt").write_text("Password: kept-from-before-00\n")
    assert "kept-from-before" not in seed().output
    sent = {"username": "admin@diglit.test", "password": "kept-from-before-00"}
    assert client.post("/api/auth/login", json=sent).status_code == 200


def test_production_has_no_demo(seed, change_settings):
    change_settings(app_env="production")
    result = seed()
    assert result.exit_code != 0
    assert "production" in result.output
    assert set(counts().values()) == {0}


def test_each_change_has_an_author_and_a_moment(seed):
    seed()
    entries = db.session.scalars(select(AuditEntry).order_by(AuditEntry.id)).all()
    assert {entry.via for entry in entries} == {"cli"}
    assert {entry.actor_name for entry in entries if entry.action == "create"} == {"seed-demo"}
    corrections = [entry for entry in entries if entry.actor_name == "manager"]
    assert Counter(entry.action for entry in corrections) == {"update": 5, "archive": 1}
    assert len({entry.at for entry in corrections}) == len({entry.change_id for entry in corrections}) == 6
    assert all(set(entry.after) in ({"price"}, {"archived_at"}) for entry in corrections)


def test_history_is_in_the_order_of_time(seed):
    seed()
    product = db.session.scalars(select(Product).where(Product.name == "Sales Cockpit")).one()
    found = select(AuditEntry.at).where(AuditEntry.record_id == product.id).order_by(AuditEntry.id)
    moments = db.session.scalars(found).all()
    assert len(moments) == 3
    assert moments == sorted(moments)
    assert product.created_at <= moments[0]


def test_the_products_written_by_hand_are_the_newest(seed):
    seed(200)
    newest = db.session.scalars(select(Product.name).order_by(Product.created_at.desc()).limit(BY_HAND))
    assert not any(" for " in name for name in newest)


def test_every_entry_keeps_the_rules_of_the_catalogue(seed):
    seed(1000)
    for product in db.session.scalars(select(Product)):
        ProductInput(**{name: getattr(product, name) for name in ProductInput.model_fields})
    assert len(set(db.session.scalars(select(Product.name)))) == 1000


def test_every_icon_exists(seed):
    seed()
    known = json.loads((ROOT / "node_modules/@tabler/icons/tabler-nodes-outline.json").read_text())
    for model in (Product, Solution, ServiceCategory):
        assert set(db.session.scalars(select(model.icon))) <= set(known)


def test_there_are_enough_variants_for_the_default(seed):
    assert demo.most_products() > 10_000
    names = [variant["name"] for variant in demo._variants(demo.most_products())]
    assert len(set(names)) == len(names)
    assert max(map(len, names)) <= 120
