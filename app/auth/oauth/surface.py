"""OAuth 2.0 put together: the server, what programs call, and the pages for people."""

from flask import Flask

from app.auth.oauth import consent, endpoints, managing, pages, server


def init_app(app: Flask) -> None:
    server.init_app(app)
    endpoints.init_app(app)
    for blueprint in (consent.bp, pages.bp, managing.company, managing.everyone):
        app.register_blueprint(blueprint)
