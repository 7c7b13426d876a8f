from typing import Any

from flask import Blueprint

from app.api.operation import Example, operation

bp = Blueprint("gadgets_api", __name__, url_prefix="/api/gadgets")


@bp.get("")
@operation(allow="public", answers={200: dict[str, Any]}, tags=("Gadgets",), example=Example(answer={"gadgets": []}))
def list_gadgets() -> dict[str, Any]:
    """List gadgets."""
    return {"gadgets": []}
