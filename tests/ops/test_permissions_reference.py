"""docs/permissions.md says what the code does."""

from pathlib import Path

from app.auth.people.permission_matrix import routes
from app.cli.reference import permissions
from app.identity.policy import MATRIX
from config import ROOT


def test_the_page_of_permissions_is_made_from_the_code(app):
    made = permissions(app)
    written = Path(ROOT / "docs" / "permissions.md").read_text()
    assert written == made, "run: flask --app wsgi permissions-reference > docs/permissions.md"


def test_it_tells_every_resource_and_every_address(app):
    made = permissions(app)
    for resource in MATRIX:
        assert f"| {resource} |" in made
    assert "| `/api/users` | GET | users:read |" in made
    assert "| `/admin/projects/<ref>/hold` | POST | staff with projects:manage |" in made
    assert "| `/account/company` | GET | owners of companies, for their own |" in made


def test_what_lies_below_admin_is_for_staff_alone(app):
    below = [route for route in routes(app) if route.path.startswith("/admin")]
    assert len(below) > 150
    assert [route.path for route in below if not {"admin", "manager"}.issuperset(route.roles)] == []


def test_the_command_prints_it(app):
    assert app.test_cli_runner().invoke(args=["permissions-reference"]).output == permissions(app)
