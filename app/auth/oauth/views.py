"""OAuth 2.0 put together: the server, what programs call, and the pages for people."""

from flask import Flask

from app.auth.oauth import application_views, consent_views, endpoint_views, granted_views, server


def init_app(app: Flask) -> None:
    server.init_app(app)
    endpoint_views.init_app(app)
    for blueprint in (consent_views.bp, granted_views.bp, application_views.company, application_views.everyone):
        app.register_blueprint(blueprint)
