import click
from flask import Flask


def init_app(app: Flask) -> None:
    app.cli.add_command(count_gadgets)


@click.command("count-gadgets")
def count_gadgets() -> None:
    click.echo("0 gadgets")
