from app.jobs.tasks import task


@task("gadgets.polish", title="Polish gadgets")
def polish() -> None:
    """Polish them."""
