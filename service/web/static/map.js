// The map of needs, drawn from its table: points to zoom and press, and a list beside it that does the same by keyboard.

const section = document.getElementById("needs-map");
const at = (name) => section.querySelector(`[data-${name}]`);
const table = document.getElementById("map-needs");
const [canvas, list, note, count, chosen, legend] = ["canvas", "list", "note", "count", "chosen", "legend"].map(at);
const search = document.getElementById("map-search");
const colour = document.getElementById("map-colour");
const outline = document.getElementById("map-outline");
const LISTED = 60;
const NAMED = 16; // categories with a colour and shape of their own
const STEP = 0.25;

const heads = [...table.tHead.rows[0].cells];
const column = Object.fromEntries(heads.map((cell, index) => [cell.dataset.key ?? ["need", "cluster"][index], index]));
const textOf = (cell) => cell.textContent.trim().replace(/\s+/g, " ");
const needs = [...table.tBodies[0].rows].map((row, index) => {
  const cells = [...row.cells];
  const values = Object.fromEntries(["country", "language", "level", "area"].map((key) => [key, textOf(cells[column[key]])]));
  return {
    index, row, cells, values, x: Number(row.dataset.x), y: Number(row.dataset.y), cluster: row.dataset.cluster ?? "",
    rank: cells[column.level].dataset.rank, title: textOf(cells[0]), lang: cells[0].querySelector("[lang]")?.lang ?? "",
    words: [cells[0], cells[1], cells[column.country]].map(textOf).join(" ").toLocaleLowerCase(),
  };
});

let [look, shapes, made] = [null, [], null];
let found = needs; // those that the search leaves
let selected = null;
let pointed = null;
const box = bounds(needs, 0.06);
let view = { ...box };

function bounds(some, share) {
  const [xs, ys] = [some.map((one) => one.x), some.map((one) => one.y)];
  const [left, right, low, high] = [Math.min(...xs), Math.max(...xs), Math.min(...ys), Math.max(...ys)];
  const room = share * Math.max(right - left, high - low, 1);
  return { left: left - room, right: right + room, low: low - room, high: high + room };
}

// -- what is drawn ---------------------------------------------------------------------------------------------

// the most frequent categories, each with a colour and a shape of its own; the others share one
function categories() {
  const key = colour.value;
  const times = new Map();
  for (const one of needs) times.set(one.values[key], (times.get(one.values[key]) ?? 0) + 1);
  const rank = new Map(needs.map((one) => [one.values[key], one.rank]));
  const names = [...times.keys()].sort((a, b) => (key === "level" ? rank.get(a).localeCompare(rank.get(b)) : times.get(b) - times.get(a) || a.localeCompare(b)));
  const own = names.length > NAMED ? names.slice(0, NAMED - 1) : names;
  const styles = new Map(own.map((name, i) => [name, { name, colour: i % 8, symbol: shapes[(i + Math.floor(i / 8)) % 6], count: times.get(name) }]));
  const rest = names.slice(own.length);
  const others = { name: section.dataset.others, colour: 6, symbol: "emptyCircle", count: rest.reduce((sum, name) => sum + times.get(name), 0) };
  return { of: (one) => styles.get(one.values[key]) ?? others, all: rest.length ? [...styles.values(), others] : [...styles.values()] };
}

function hull(points) {
  const sorted = [...points].sort((a, b) => a[0] - b[0] || a[1] - b[1]);
  const turn = (o, a, b) => (a[0] - o[0]) * (b[1] - o[1]) - (a[1] - o[1]) * (b[0] - o[0]);
  const half = (some) => some.reduce((kept, point) => {
    while (kept.length > 1 && turn(kept.at(-2), kept.at(-1), point) <= 0) kept.pop();
    return [...kept, point];
  }, []).slice(0, -1);
  return sorted.length < 3 ? sorted : [...half(sorted), ...half(sorted.reverse())];
}

const clusters = Map.groupBy ? Map.groupBy(needs.filter((one) => one.cluster), (one) => one.cluster) : needs.reduce((all, one) => {
  if (one.cluster) all.set(one.cluster, [...(all.get(one.cluster) ?? []), one]);
  return all;
}, new Map());
const hulls = [...clusters].filter(([, members]) => members.length > 1).map(([id, members]) => ({ id, points: hull(members.map((one) => [one.x, one.y])) }));

function option() {
  const ui = look();
  const kinds = categories();
  const shown = new Set(found);
  const small = needs.length > 600;
  const point = (one) => {
    const style = kinds.of(one);
    const here = one === selected || one === pointed;
    return {
      value: [one.x, one.y], need: one.index, symbol: style.symbol, symbolSize: here ? 20 : small ? 8 : 11,
      itemStyle: { color: ui.colours[style.colour], borderColor: here ? ui.ink : ui.card, borderWidth: here ? 3 : 1, opacity: shown.has(one) || here ? 0.9 : 0.12 },
    };
  };
  const drawnHull = (params, api) => {
    const { id, points } = hulls[params.dataIndex];
    const mine = id === selected?.cluster;
    return {
      type: "polygon", silent: true, shape: { points: points.map((p) => api.coord(p)) },
      style: { fill: mine ? ui.colours[0] : ui.line, stroke: mine ? ui.colours[0] : ui.line, lineWidth: small ? 14 : 22, lineJoin: "round", lineCap: "round", opacity: mine ? 0.35 : 0.5 },
    };
  };
  const axis = (min, max) => ({ type: "value", min, max, show: false });
  const zoom = (which, from, to) => ({
    type: "inside", filterMode: "none", startValue: from, endValue: to, minSpan: 2, zoomLock: false,
    [`${which}AxisIndex`]: 0, moveOnMouseMove: true, zoomOnMouseWheel: true, preventDefaultMouseMove: true,
  });
  const seen = fitted();
  return {
    animation: false, backgroundColor: "transparent", textStyle: { fontFamily: ui.font, color: ui.ink, fontSize: 13 }, grid: { left: 0, right: 0, top: 0, bottom: 0 },
    tooltip: {
      renderMode: "richText", confine: true, backgroundColor: ui.raised, borderColor: ui.line, padding: 10, textStyle: { color: ui.ink, fontFamily: ui.font, fontSize: 13, width: 300, overflow: "break" },
      formatter: ({ data }) => (data.need === undefined ? "" : [needs[data.need].title, ...Object.values(needs[data.need].values).slice(0, 2), needs[data.need].values[colour.value]].filter((text, i, all) => all.indexOf(text) === i).join("\n")),
    },
    xAxis: axis(seen.whole.left, seen.whole.right), yAxis: axis(seen.whole.low, seen.whole.high),
    dataZoom: [zoom("x", seen.left, seen.right), zoom("y", seen.low, seen.high)],
    series: [
      { type: "custom", silent: true, clip: true, z: 1, tooltip: { show: false }, renderItem: drawnHull, data: outline.checked ? hulls.map(({ points }) => points[0]) : [] },
      { type: "scatter", z: 2, cursor: "pointer", data: needs.map(point) },
    ],
  };
}

// the axes are as wide as the frame, so that a step across is as long as a step up
function fitted() {
  const ratio = Math.max(0.3, canvas.clientWidth / Math.max(1, canvas.clientHeight));
  const fit = ({ left, right, low, high }) => {
    const [width, height] = [Math.max(right - left, (high - low) * ratio), Math.max(high - low, (right - left) / ratio)];
    const [x, y] = [(left + right) / 2, (low + high) / 2];
    return { left: x - width / 2, right: x + width / 2, low: y - height / 2, high: y + height / 2 };
  };
  return { whole: fit(box), ...fit(view) };
}

function draw() {
  made.setOption(option(), { replaceMerge: ["series", "dataZoom"] });
}

function drawLegend() {
  const ui = look();
  const paths = { circle: "M8 2a6 6 0 1 0 .01 0z", rect: "M2.5 2.5h11v11h-11z", triangle: "M8 2l6.5 12h-13z", diamond: "M8 1l6 7-6 7-6-7z", roundRect: "M5 2.5h6a2.5 2.5 0 0 1 2.5 2.5v6a2.5 2.5 0 0 1-2.5 2.5H5A2.5 2.5 0 0 1 2.5 11V5A2.5 2.5 0 0 1 5 2.5z", arrow: "M8 1l6 14-6-3-6 3z" };
  legend.replaceChildren(...categories().all.map((one) => {
    const item = document.createElement("li");
    const sign = document.createElementNS("http://www.w3.org/2000/svg", "svg");
    const path = document.createElementNS("http://www.w3.org/2000/svg", "path");
    for (const [name, value] of Object.entries({ viewBox: "0 0 16 16", width: 14, height: 14, "aria-hidden": "true" })) sign.setAttribute(name, value);
    path.setAttribute("d", paths[one.symbol] ?? paths.circle);
    path.setAttribute(one.symbol === "emptyCircle" ? "stroke" : "fill", ui.colours[one.colour]);
    if (one.symbol === "emptyCircle") path.setAttribute("fill", "none");
    sign.append(path);
    item.append(sign, `${one.name} (${one.count})`);
    return item;
  }));
}

// -- what is in sight ------------------------------------------------------------------------------------------

function sight() {
  const { left, right, low, high } = fitted();
  return found.filter((one) => one.x >= left && one.x <= right && one.y >= low && one.y <= high);
}

function drawList() {
  const inSight = sight();
  count.textContent = new Intl.NumberFormat(document.documentElement.lang).format(inSight.length);
  list.replaceChildren(...inSight.slice(0, LISTED).map((one) => {
    const item = document.createElement("li");
    const button = document.createElement("button");
    const [title, where] = [document.createElement("span"), document.createElement("span")];
    button.type = "button";
    button.className = "choice";
    button.dataset.need = one.index;
    if (one === selected) button.setAttribute("aria-current", "true");
    title.textContent = one.title;
    if (one.lang) title.lang = one.lang;
    where.className = "soft small";
    where.textContent = one.values.country;
    button.append(title, " ", where);
    item.append(button);
    return item;
  }));
  note.hidden = inSight.length > 0 && inSight.length <= LISTED;
  note.textContent = inSight.length === 0 ? section.dataset.none : section.dataset.more;
}

function choose(one, move) {
  selected = one;
  const facts = document.createElement("dl");
  facts.className = "facts";
  for (const [index, cell] of one.cells.entries()) {
    if (index === 0) continue;
    const [term, said] = [document.createElement("dt"), document.createElement("dd")];
    term.textContent = textOf(heads[index]);
    said.append(...[...cell.cloneNode(true).childNodes]);
    facts.append(term, said);
  }
  const title = document.createElement("p");
  title.className = "strong";
  title.append(...[...one.cells[0].cloneNode(true).childNodes]);
  chosen.replaceChildren(chosen.querySelector("h3"), title, facts);
  for (const button of list.querySelectorAll("button")) {
    if (Number(button.dataset.need) === one.index) button.setAttribute("aria-current", "true");
    else button.removeAttribute("aria-current");
  }
  const { left, right, low, high } = fitted();
  if (move && (one.x < left || one.x > right || one.y < low || one.y > high)) pan(one.x - (left + right) / 2, one.y - (low + high) / 2);
  draw();
}

// -- moving about ----------------------------------------------------------------------------------------------

let later = 0;
function moved() {
  clearTimeout(later);
  later = setTimeout(drawList, 150);
}

function zoom(share) {
  const { left, right, low, high } = fitted();
  const [x, y] = [(left + right) / 2, (low + high) / 2];
  const least = Math.max(box.right - box.left, box.high - box.low) / 50;
  const [width, height] = [Math.max(least, (right - left) * share), Math.max(least, (high - low) * share)];
  view = { left: x - width / 2, right: x + width / 2, low: y - height / 2, high: y + height / 2 };
  const whole = fitted().whole;
  if (width >= whole.right - whole.left) view = { ...box };
  draw();
  moved();
}

function pan(dx, dy) {
  const now = fitted();
  view = { left: now.left + dx, right: now.right + dx, low: now.low + dy, high: now.high + dy };
  const { whole } = now;
  const [width, height] = [view.right - view.left, view.high - view.low];
  if (view.left < whole.left) [view.left, view.right] = [whole.left, whole.left + width];
  if (view.right > whole.right) [view.left, view.right] = [whole.right - width, whole.right];
  if (view.low < whole.low) [view.low, view.high] = [whole.low, whole.low + height];
  if (view.high > whole.high) [view.low, view.high] = [whole.high - height, whole.high];
  draw();
  moved();
}

function whole() {
  view = { ...box };
  draw();
  moved();
}

const KEYS = {
  "+": () => zoom(0.7), "=": () => zoom(0.7), "-": () => zoom(1 / 0.7), 0: whole,
  ArrowLeft: (w) => pan(-w.x, 0), ArrowRight: (w) => pan(w.x, 0), ArrowUp: (w) => pan(0, w.y), ArrowDown: (w) => pan(0, -w.y),
};

function listen() {
  at("tools").addEventListener("click", ({ target }) => {
    const way = target.closest("[data-zoom]")?.dataset.zoom;
    if (way) ({ in: () => zoom(0.6), out: () => zoom(1 / 0.6), all: whole })[way]();
  });
  canvas.addEventListener("keydown", (event) => {
    const act = KEYS[event.key];
    if (!act || event.ctrlKey || event.metaKey || event.altKey) return;
    event.preventDefault();
    const now = fitted();
    act({ x: (now.right - now.left) * STEP, y: (now.high - now.low) * STEP });
  });
  made.on("datazoom", () => {
    const [x, y] = made.getOption().dataZoom;
    view = { left: x.startValue, right: x.endValue, low: y.startValue, high: y.endValue };
    moved();
  });
  made.on("click", ({ data }) => { if (data?.need !== undefined) choose(needs[data.need], false); });
  list.addEventListener("click", ({ target }) => {
    const button = target.closest("button");
    if (button) choose(needs[Number(button.dataset.need)], true);
  });
  const point = (one) => { if (one !== pointed) { pointed = one; draw(); } };
  for (const [event, on] of [["mouseover", true], ["focusin", true], ["mouseleave", false], ["focusout", false]]) {
    list.addEventListener(event, ({ target }) => {
      const button = on ? target.closest?.("button") : null;
      point(button ? needs[Number(button.dataset.need)] : null);
    });
  }
  list.addEventListener("keydown", (event) => {
    const step = { ArrowDown: 1, ArrowUp: -1 }[event.key];
    if (!step || !event.target.matches("button")) return;
    event.preventDefault();
    const buttons = [...list.querySelectorAll("button")];
    buttons[buttons.indexOf(event.target) + step]?.focus();
  });
  search.addEventListener("input", () => {
    const words = search.value.toLocaleLowerCase().split(/\s+/).filter(Boolean);
    found = words.length ? needs.filter((one) => words.every((word) => one.words.includes(word))) : needs;
    view = words.length && found.length ? bounds(found, 0.15) : { ...box };
    draw();
    drawList();
  });
  colour.addEventListener("change", () => { draw(); drawLegend(); });
  outline.addEventListener("change", draw);
  const repaint = () => { draw(); drawLegend(); };
  matchMedia("(prefers-color-scheme: dark)").addEventListener("change", repaint);
  new MutationObserver(repaint).observe(document.documentElement, { attributeFilter: ["data-theme"] });
  new ResizeObserver(() => { made.resize(); draw(); moved(); }).observe(canvas);
  const picture = at("picture");
  picture.hidden = false;
  picture.addEventListener("click", () => {
    const link = document.createElement("a");
    link.href = made.getDataURL({ type: "png", pixelRatio: 2, backgroundColor: look().card });
    link.download = "needs-map.png";
    link.click();
  });
}

async function begin() {
  const address = (name) => document.querySelector(`meta[name=${name}]`).content;
  const [echarts, charts] = await Promise.all([import(address("echarts")), import(address("charts"))]);
  [look, shapes] = [charts.look, charts.SHAPES];
  at("tools").hidden = false;
  at("frame").hidden = false;
  at("table").open = false;
  made = echarts.init(canvas, null, { renderer: "canvas" });
  draw();
  drawLegend();
  drawList();
  listen();
}

begin().catch((error) => {
  console.warn("map: shown as a table only", error.message);
  at("tools").hidden = true;
  at("frame").hidden = true;
  at("table").open = true;
});
