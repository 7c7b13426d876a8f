"""A page worked with by keyboard alone."""

MANY = 150
"""So many times Tab is pressed at most; no page has more to stop at on the way to what a test looks for."""
FOCUS = """() => {
  const style = getComputedStyle(document.activeElement);
  const box = document.activeElement.getBoundingClientRect();
  const seen = box.width > 0 && box.bottom > 0 && box.top < innerHeight && box.right > 0 && box.left < innerWidth;
  return seen && style.outlineStyle !== 'none' && parseFloat(style.outlineWidth) >= 2;
}"""
AT = "(element) => element.selectedIndex"
HERE = "(element) => element === document.activeElement"


def focused(page):
    return page.locator(":focus")


def tab_to(page, locator):
    """Press Tab until the focus is there; it must be visible at each stop."""
    locator.wait_for()
    for _ in range(MANY):
        if locator.evaluate(HERE):
            return
        page.keyboard.press("Tab")
        assert page.evaluate(FOCUS) or page.evaluate("document.activeElement === document.body"), (
            f"the focus can't be seen: {page.evaluate('document.activeElement.outerHTML')[:200]}"
        )
    raise AssertionError(f"Tab doesn't lead to {locator}")


def press(page, role, name):
    """Go to a button or a link of that name, in the dialog if there is one, and press Enter."""
    dialog = page.locator("dialog[open]")
    scope = dialog if dialog.count() else page
    exact = isinstance(name, str)
    tab_to(page, scope.get_by_role(role, name=name, exact=exact).first)
    page.keyboard.press("Enter")


def choose(page, select, text):
    """Choose what begins with the text in a select, by the arrow keys."""
    tab_to(page, select)
    texts = select.evaluate("(element) => [...element.options].map((option) => option.text)")
    steps = next(at for at, one in enumerate(texts) if one.startswith(text)) - select.evaluate(AT)
    for _ in range(abs(steps)):
        page.keyboard.press("ArrowDown" if steps > 0 else "ArrowUp")
