"""What a page shows as it is laid out: what sticks out of it, and what it says."""

from playwright.sync_api import Page

STICKS_OUT = """() => {
  const width = document.documentElement.clientWidth, found = [], styles = new Map();
  const style = (one) => styles.get(one) ?? styles.set(one, getComputedStyle(one)).get(one);
  const said = (one) => `<${one.localName} class="${one.className}"> ${one.textContent.trim().slice(0, 60)}`;
  const hidden = (one) => one.closest("svg, canvas, .hidden-visually, .skip") || !one.checkVisibility();
  const beyond = (box, from, to) => box.width && (box.right > to + 1 || box.left < from - 1);
  const held = (one) => {  // by what scrolls or cuts
    for (let up = one; up && up !== document.body; up = up.parentElement) {
      if (style(up).overflowX !== "visible") return true;
    }
    return false;
  };
  const wider = document.documentElement.scrollWidth - width;
  if (wider > 0) found.push(`the page by ${wider} px`);
  for (const one of document.body.querySelectorAll("*")) {
    const out = beyond(one.getBoundingClientRect(), 0, width);
    if (out && !hidden(one) && !held(one.parentElement)) found.push(`of the page: ${said(one)}`);
  }
  const texts = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
  const range = document.createRange();
  for (let text = texts.nextNode(); text; text = texts.nextNode()) {
    if (!text.data.trim() || hidden(text.parentElement)) continue;
    let box = text.parentElement;
    while (["inline", "contents"].includes(style(box).display)) box = box.parentElement;
    if (style(box).overflowX !== "visible") continue;
    range.selectNodeContents(text);
    const room = box.getBoundingClientRect();
    const out = beyond(range.getBoundingClientRect(), room.left, room.right);
    if (out) found.push(`of its box: ${said(text.parentElement)}`);
  }
  return found;
}"""
"""Boxes beyond the window that nothing scrolls, and words beyond their box."""
SAID = """() => {
  const found = [], texts = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
  const foreign = (one) => one.closest("body [lang], script, style, code");
  for (let text = texts.nextNode(); text; text = texts.nextNode()) {
    if (text.data.trim() && !foreign(text.parentElement)) found.push(text.data);
  }
  for (const name of ["title", "aria-label", "placeholder", "alt"]) {
    for (const one of document.body.querySelectorAll(`[${name}]`)) {
      if (!foreign(one)) found.push(one.getAttribute(name));
    }
  }
  return found.map((text) => text.trim().replace(/\\s+/g, " "));
}"""
"""What people read or hear in the language of the page."""
UNFOLD = "() => { for (const one of document.querySelectorAll('details')) one.open = true; }"
REDRAWN = 20


def sticking_out(page: Page) -> list[str]:
    """What is wider than the window or than its box."""
    found: list[str] = []
    for _ in range(REDRAWN):  # charts are drawn anew a moment after the window has changed
        found = page.evaluate(STICKS_OUT)
        if not found:
            break
        page.wait_for_timeout(100)
    return found


def unfold(page: Page) -> None:
    """Open everything that can be unfolded, menus too."""
    page.evaluate(UNFOLD)


def texts(page: Page) -> set[str]:
    """The texts of a page that are in its own language, of records in a foreign one none."""
    return set(page.evaluate(SAID))
