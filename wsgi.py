"""The WSGI entry point: `granian --interface wsgi wsgi:app`, `flask --app wsgi …`."""

from app import create_app
from app.core.serving import begin

app = begin(create_app())
