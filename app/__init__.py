"""The DIG|LIT portal."""

from flask import Flask

from app.api import cached, surface
from app.assistants.batch import views as batch_views
from app.assistants.engagements import routes as match_views
from app.assistants.matching import index as assistants_index
from app.assistants.profiles import views as assistant_views
from app.auth import hooks as account_hooks
from app.auth.api_keys import views as key_views
from app.auth.impersonation import views as seeing_views
from app.auth.mfa import passkey_views
from app.auth.mfa import views as factor_views
from app.auth.oauth import views as oauth
from app.auth.people import views as people_views
from app.auth.providers import views as provider_views
from app.auth.registration import views as registration_views
from app.auth.sessions import views as session_views
from app.auth.sign_in import views as auth_views
from app.catalog import views as catalog_views
from app.changes import views as changes_views
from app.cli import commands, embedded
from app.core import engine, sealing, zones
from app.core.modules import import_every
from app.extensions import csrf, db, migrate
from app.identity import authentication, tenancy
from app.identity.login import login_manager
from app.integrations.email import sending
from app.jobs.tasks import load_tasks
from app.notifications import listeners, mail_pages
from app.notifications import views as notification_views
from app.portal import views as portal_views
from app.projects import views as project_views
from app.projects.change_orders import views as change_order_views
from app.projects.teams import views as team_views
from app.projects.timeline import views as timeline_views
from app.projects.timesheets import staff_views as time_staff_views
from app.projects.timesheets import views as time_views
from app.web import (
    assets,
    compression,
    errors,
    filters,
    guards,
    limits,
    observability,
    once,
    places,
    security,
    sizes,
    steps,
    suggested,
    templating,
    way_back,
)
from config import ROOT, Settings, sqlalchemy_url

PAGES = (
    auth_views, session_views, key_views, oauth, registration_views, factor_views, passkey_views,
    provider_views, seeing_views, people_views,
    portal_views, changes_views, notification_views, mail_pages,
    catalog_views,
    assistant_views, batch_views, match_views,
    team_views, project_views, timeline_views, time_views, time_staff_views, change_order_views,
)  # fmt: skip
"""The modules with pages, domain by domain."""


def create_app(settings: Settings | None = None) -> Flask:
    """Put the application together. Reads the environment when no settings are given."""
    zones.use_package()
    settings = settings or Settings.from_environment()
    app = Flask(__name__, template_folder=str(ROOT / "templates"), static_folder=None)
    app.config.from_mapping(
        SETTINGS=settings,
        SECRET_KEY=settings.secret_key,
        SQLALCHEMY_DATABASE_URI=sqlalchemy_url(settings.database_url or embedded.url_in(settings.data_dir)),
        SQLALCHEMY_ENGINE_OPTIONS=engine.engine_options(settings),
    )
    db.init_app(app)
    engine.init_app(app)
    sealing.init_app(app)
    places.init_app(app)
    cached.init_app(app)
    tenancy.init_app(app)
    observability.init_app(app)
    migrate.init_app(app, db, directory=str(ROOT / "migrations"))
    csrf.init_app(app)
    login_manager.init_app(app)
    import_every("models")
    import_every("undoing")
    load_tasks()
    sending.init_app(app)
    listeners.init_app(app)
    commands.init_app(app)
    templating.init_app(app)
    assets.init_app(app)
    filters.init_app(app)
    steps.init_app(app)
    security.init_app(app)
    errors.init_app(app)
    sizes.init_app(app)
    authentication.init_app(app)
    limits.init_app(app)
    guards.init_app(app)
    account_hooks.init_app(app)
    once.init_app(app)
    assistants_index.init_app(app)
    for pages in PAGES:
        pages.init_app(app)
    suggested.init_app(app)
    way_back.init_app(app)
    surface.init_app(app)
    compression.init_app(app)
    return app
