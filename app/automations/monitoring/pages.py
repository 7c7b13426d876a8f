"""All pages of runs: importing a module of views adds its pages to the two blueprints."""

from app.automations.monitoring import (
    blueprint_views,
    cost_views,
    failure_views,
    list_views,
    overview_views,
    retry_views,
    run_views,
)

__all__ = ["blueprints", "cost_views", "failure_views", "list_views", "overview_views", "retry_views", "run_views"]
blueprints = blueprint_views.blueprints
