"""The DIG|LIT portal."""

from flask import Flask

from app.auth import identity
from app.auth import views as auth_views
from app.extensions import csrf, db, login_manager, migrate
from app.web import guards
from config import ROOT, Settings, sqlalchemy_url


def create_app(settings: Settings | None = None) -> Flask:
    """Put the application together. Reads the environment when no settings are given."""
    settings = settings or Settings.from_environment()
    app = Flask(__name__, template_folder=str(ROOT / "templates"), static_folder=None)
    app.config.from_mapping(
        SETTINGS=settings,
        SECRET_KEY=settings.secret_key,
        SQLALCHEMY_DATABASE_URI=sqlalchemy_url(settings.database_url),
    )
    db.init_app(app)
    migrate.init_app(app, db, directory=str(ROOT / "migrations"))
    csrf.init_app(app)
    login_manager.init_app(app)
    identity.init_app(app)
    guards.init_app(app)
    auth_views.init_app(app)
    return app
