"""The application, put together: a table of contents."""

from typing import Any

from flask import Flask

from app.api import cached, surface
from app.cli import commands, embedded, migrations
from app.core import engine, sealing, zones
from app.core.domain import each
from app.core.modules import import_every
from app.extensions import csrf, db
from app.identity import authentication, tenancy
from app.identity.login import login_manager
from app.integrations.email import sending
from app.jobs.tasks import load_tasks
from app.web import (
    assets,
    compression,
    errors,
    filters,
    guards,
    hooks,
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


def put_together(settings: Settings | None = None) -> Flask:
    """Put the application together, with the domains that are installed. Reads the environment when no settings are
    given."""
    zones.use_package()
    settings = settings or Settings.from_environment()
    app = Flask("app", template_folder=str(ROOT / "templates"), static_folder=None)
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
    migrations.init_app(app)
    csrf.init_app(app)
    login_manager.init_app(app)
    import_every("models")
    import_every("events")
    import_every("undoing")
    load_tasks()
    sending.init_app(app)
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
    once.init_app(app)
    for domain, module in each(lambda domain: domain.setup):
        domain.module(module).init_app(app)
    for domain, module in each(lambda domain: domain.pages):
        _add_pages(app, domain.module(module))
    suggested.init_app(app)
    way_back.init_app(app)
    surface.init_app(app)
    compression.init_app(app)
    hooks.put_in_order(app)
    return app


def _add_pages(app: Flask, module: Any) -> None:
    if hasattr(module, "init_app"):
        module.init_app(app)
    for blueprint in getattr(module, "blueprints", None) or (module.bp,):
        app.register_blueprint(blueprint)
