"""Forms made from schemas: `form_class(ProductInput)` is the form of a product."""

from app.web.forms.schema_form import SchemaForm, form_class

__all__ = ["SchemaForm", "form_class"]
