// Draws each figure from the table inside it: what is drawn can always be read, copied and heard as well.
//
// <figure class="chart" data-chart="bars"> … <table> … made by the macro `chart` of templates/parts/show.html.
//   kinds     bars (lying), columns, stack (lying), line: a category, then one column a series
//             heat: a category by row, one by column; tiles: rows with data-column, data-row and data-code, name and
//             value, and data-bare="NO:4:0 …" for places without a row
//             scatter: label, x, y, size (and group); range or sensitivity: label, low, value, high
//             timeline: label, start, end (and group), as ISO days in data-value
//   figure    data-unit="eur|percent|count", data-x and data-y (names of the axes), data-log="x", data-min, data-max,
//             data-mark (a number or day) with data-mark-name, data-most (rows drawn), data-save-png, data-save-csv
//   th        data-role: label, x, y, size, group, low, value, high, start, end, or series; data-skip: not drawn
//   td        data-value: the number or day itself; without it the text is read; what is no number is a gap
//             data-name: a shorter label

const drawn = new WeakMap();
const MOST = 40;
export const SHAPES = ["circle", "rect", "triangle", "diamond", "roundRect", "arrow", "pin", "emptyCircle"];
const DASHES = ["solid", "dashed", "dotted", [8, 3, 2, 3], [2, 2], [12, 4], [6, 2], [4, 6]];
const languages = [document.documentElement.lang || "en", "en"];
const still = matchMedia("(prefers-reduced-motion: reduce)");
const dark = matchMedia("(prefers-color-scheme: dark)");

export async function chart(figure) {
  if (drawn.has(figure)) return drawn.get(figure);
  const table = figure.querySelector("table");
  const place = figure.querySelector(".canvas");
  if (!table || !place) return null;
  drawn.set(figure, null);
  const read = reading(table);
  buttonFor(figure, figure.dataset.saveCsv, () => keep(csv(table), "text/csv;charset=utf-8", figure, "csv"));
  const kind = KINDS[figure.dataset.chart];
  if (!kind || read.rows.length === 0) return open(figure);
  try {
    const echarts = await import(document.querySelector("meta[name=echarts]").content);
    place.style.display = "block"; // it is hidden while empty, and would have no width
    place.style.blockSize = `${heightOf(figure, read)}px`;
    const made = echarts.init(place, null, { renderer: "canvas" });
    const redraw = () => made.setOption(optionOf(figure, read, kind, made.getWidth(), echarts), true);
    redraw();
    drawn.set(figure, made);
    let width = made.getWidth();
    const seen = new ResizeObserver(() => {
      if (!figure.isConnected) {
        seen.disconnect();
        dark.removeEventListener("change", redraw);
        made.dispose();
      } else if (place.clientWidth > 0 && place.clientWidth !== width) {
        width = place.clientWidth;
        made.resize();
        redraw();
      }
    });
    seen.observe(place);
    dark.addEventListener("change", redraw);
    new MutationObserver(redraw).observe(document.documentElement, { attributeFilter: ["data-theme"] });
    buttonFor(figure, figure.dataset.savePng, () => picture(figure, made), true);
    return made;
  } catch (error) {
    console.warn("charts: drawn as a table only", error.message);
    place.style.display = "";
    place.style.blockSize = "";
    return open(figure);
  }
}

function open(figure) {
  const details = figure.querySelector("details");
  if (details) details.open = true;
  return null;
}

// -- the table -------------------------------------------------------------------------------------------------

function reading(table) {
  const heads = [...(table.tHead?.rows[table.tHead.rows.length - 1]?.cells ?? [])];
  const columns = heads.map((cell) => ({ name: textOf(cell), role: cell.dataset.role ?? "", skip: "skip" in cell.dataset }));
  const rows = [...table.tBodies].flatMap((body) => [...body.rows]).filter((row) => row.cells.length === columns.length);
  const cells = rows.map((row) => [...row.cells].map((cell) => ({ text: textOf(cell), name: cell.dataset.name || textOf(cell), number: numberOf(cell), given: cell.dataset.value ?? "" })));
  const only = columns.some((column) => column.role === "series");
  const at = (role) => columns.findIndex((column) => column.role === role);
  const label = Math.max(at("label"), 0);
  const series = columns
    .map((column, index) => ({ ...column, index }))
    .filter(({ index, skip, role }) => index !== label && !skip && (only ? role === "series" : cells.some((row) => row[index].number !== null)));
  // a role, or else the place that it has by default among the columns that are drawn
  const shown = columns.map((_, index) => index).filter((index) => !columns[index].skip);
  const find = (role, place) => (at(role) >= 0 ? at(role) : columns.some((column) => column.role) ? -1 : (shown[place] ?? -1));
  return { columns, rows: cells, places: rows.map((row) => row.dataset), label, series, find };
}

const textOf = (cell) => cell.textContent.trim().replace(/\s+/g, " ");

const parts = new Intl.NumberFormat(languages).formatToParts(-12345.6);
const point = parts.find((part) => part.type === "decimal")?.value ?? ".";

function numberOf(cell) {
  const given = cell.dataset.value;
  if (given !== undefined) return given === "" || Number.isNaN(Number(given)) ? null : Number(given);
  const text = textOf(cell);
  const share = /%$/.test(text);
  const plain = text.replace(/[\s\u00a0\u202f%€]/g, "").replace(/\u2212/g, "-");
  const digits = point === "," ? plain.replaceAll(".", "").replace(",", ".") : plain.replaceAll(",", "");
  return /^[+-]?\d+(\.\d+)?$/.test(digits) ? Number(digits) / (share ? 100 : 1) : null;
}

// -- how it looks ----------------------------------------------------------------------------------------------

export function look() {
  const style = getComputedStyle(document.documentElement);
  const token = (name) => style.getPropertyValue(`--${name}`).trim();
  return {
    colours: [1, 2, 3, 4, 5, 6, 7, 8].map((n) => token(`c${n}`)),
    ink: token("ink"), soft: token("soft"), line: token("line"), card: token("card"), sunk: token("sunk"), raised: token("raised"), warn: token("warn"),
    font: getComputedStyle(document.body).fontFamily,
  };
}

function channels(colour) {
  const hex = colour.replace("#", "");
  const full = hex.length === 3 ? [...hex].map((c) => c + c).join("") : hex;
  return [0, 2, 4].map((start) => parseInt(full.slice(start, start + 2), 16));
}

const mixed = (one, other, share) => channels(one).map((value, i) => Math.round(value + (channels(other)[i] - value) * share));

function lightness(rgb) {
  const [r, g, b] = rgb.map((value) => { const c = value / 255; return c <= 0.03928 ? c / 12.92 : ((c + 0.055) / 1.055) ** 2.4; });
  return 0.2126 * r + 0.7152 * g + 0.0722 * b;
}

// whichever of two inks is easier to read on a ground
function inkOn(ground, one, other) {
  const under = lightness(ground);
  const contrast = (colour) => { const l = lightness(channels(colour)); return (Math.max(l, under) + 0.05) / (Math.min(l, under) + 0.05); };
  return contrast(one) >= contrast(other) ? one : other;
}

function formats(unit) {
  const compact = { notation: "compact", maximumFractionDigits: 1 };
  const options = { eur: { style: "currency", currency: "EUR", ...compact }, percent: { style: "percent", maximumFractionDigits: 1 } }[unit] ?? compact;
  const format = new Intl.NumberFormat(languages, options);
  return (value) => format.format(value);
}

const monthOf = new Intl.DateTimeFormat(languages, { month: "short", year: "numeric", timeZone: "UTC" });
const yearOf = new Intl.DateTimeFormat(languages, { year: "numeric", timeZone: "UTC" });

const measure = document.createElement("canvas").getContext("2d");

function widthOf(text, size = 13) {
  measure.font = `${size}px ${getComputedStyle(document.body).fontFamily}`;
  return measure.measureText(text).width;
}

function legendLines(names, width) {
  let lines = 1;
  let used = 0;
  for (const name of names) {
    const needed = widthOf(name) + 46;
    if (used > 0 && used + needed > width) { lines += 1; used = 0; }
    used += needed;
  }
  return lines;
}

const mostOf = (figure) => Number(figure.dataset.most) || MOST;

function heightOf(figure, read) {
  const rows = Math.min(read.rows.length, mostOf(figure));
  const each = figure.dataset.chart === "bars" ? 14 + 16 * Math.max(1, read.series.length) : 30;
  if (["bars", "stack", "timeline", "range", "sensitivity", "heat"].includes(figure.dataset.chart)) {
    return Math.max(160, (figure.dataset.chart === "heat" ? 160 : 110) + rows * each);
  }
  if (figure.dataset.chart === "tiles") return 420;
  return figure.querySelector(".canvas").classList.contains("tall") ? 540 : 360;
}

function optionOf(figure, read, kind, width, echarts) {
  const ui = look();
  const drawnRows = { ...read, rows: read.rows.slice(0, mostOf(figure)), places: read.places.slice(0, mostOf(figure)) };
  const said = figure.dataset;
  const made = kind({ figure, said, read: drawnRows, ui, width, format: formats(said.unit), echarts });
  const names = made.legend ?? [];
  const lines = names.length > 1 ? legendLines(names, width - 16) : 0;
  const base = {
    color: ui.colours,
    textStyle: { fontFamily: ui.font, color: ui.ink, fontSize: 13 },
    backgroundColor: "transparent",
    animation: !still.matches,
    animationDuration: 300,
    aria: { enabled: true, label: { enabled: false }, decal: { show: made.decal ?? names.length > 1 } },
    grid: { left: 8, right: made.right ?? 24, top: 14 + lines * 24, bottom: made.bottom ?? 12, outerBoundsMode: "same", outerBoundsContain: "all" },
    tooltip: {
      renderMode: "richText", confine: true, trigger: "item", backgroundColor: ui.raised, borderColor: ui.line, padding: 10,
      textStyle: { color: ui.ink, fontFamily: ui.font, fontSize: 13 }, ...made.tooltip,
    },
    legend: lines ? { data: names, top: 0, left: 0, itemGap: 12, itemWidth: made.signs ? 14 : 25, itemHeight: 14, textStyle: { color: ui.ink, fontSize: 13 }, inactiveColor: ui.line, selectedMode: names.length > 1 } : { show: false },
    series: made.series,
  };
  if (made.x) base.xAxis = axis(made.x, ui);
  if (made.y) base.yAxis = axis(made.y, ui);
  if (made.visualMap) base.visualMap = made.visualMap;
  return base;
}

function axis(own, ui) {
  const category = own.type === "category";
  return {
    nameLocation: "middle", nameGap: 14, nameTextStyle: { color: ui.soft, fontSize: 12 },
    axisLine: { show: category, lineStyle: { color: ui.line } }, axisTick: { show: false },
    splitLine: { show: !category, lineStyle: { color: ui.line } },
    ...own,
    axisLabel: { color: category ? ui.ink : ui.soft, fontSize: 12, hideOverlap: true, ...own.axisLabel },
  };
}

// names of rows beside lying bars: as wide as there is room for, cut where there is none
const beside = (width) => ({ interval: 0, hideOverlap: false, width: Math.round(Math.min(width * 0.42, 260)), overflow: "truncate" });

function numbers(said, format, which) {
  const own = { type: (said.log ?? "").includes(which) ? "log" : "value", name: said[which] ?? "", axisLabel: { formatter: format } };
  if (said.unit === "count") own.minInterval = 1;
  if (said.min !== undefined) own.min = Number(said.min);
  if (said.max !== undefined) own.max = Number(said.max);
  return own;
}

// a line across, as a threshold or today
function marked(said, ui, lying, format, value = Number(said.mark)) {
  if (said.mark === undefined || Number.isNaN(value)) return undefined;
  return {
    silent: true, symbol: "none", lineStyle: { color: ui.ink, type: "dashed", width: 1.5 },
    label: { formatter: said.markName || format(value), color: ui.ink, position: lying ? "start" : "insideEndTop", distance: 3 },
    data: [lying ? { xAxis: value } : { yAxis: value }],
  };
}

// what a row says, as it stands in the table
const told = (read, row, columns) => [read.rows[row][read.label].text, ...columns.map((c) => `${read.columns[c].name}: ${read.rows[row][c].text}`)].join("\n");

// -- kinds -----------------------------------------------------------------------------------------------------

function categories({ said, read, ui, width, format }, { type, lying, stacked }) {
  const names = read.rows.map((row) => row[read.label].name);
  const single = read.series.length === 1;
  const values = numbers(said, format, lying ? "x" : "y");
  const cats = {
    type: "category", data: names, inverse: lying, name: lying ? "" : (said.x ?? ""),
    axisLabel: lying ? beside(width) : names.some((name) => name.includes(" ")) ? { width: Math.max(44, (width - 60) / names.length - 6), overflow: "break" } : {},
  };
  const series = read.series.map(({ name, index }, s) => ({
    name, type, stack: stacked ? "all" : undefined, barMaxWidth: lying ? 22 : 48, connectNulls: false,
    symbol: SHAPES[s % SHAPES.length], symbolSize: 8, lineStyle: { width: 2.5, type: DASHES[s % DASHES.length] },
    itemStyle: stacked ? { borderColor: ui.card, borderWidth: 1 } : type === "bar" ? { borderRadius: lying ? [0, 3, 3, 0] : [3, 3, 0, 0] } : {},
    label: {
      show: type === "bar" && !stacked && (lying || single), position: lying ? "right" : "top", color: ui.ink, fontSize: 12,
      formatter: ({ dataIndex }) => read.rows[dataIndex][index].text,
    },
    labelLayout: { hideOverlap: true },
    markLine: s === 0 ? marked(said, ui, lying, format) : undefined,
    data: read.rows.map((row) => row[index].number ?? "-"),
  }));
  const widest = lying && !stacked ? Math.max(0, ...read.rows.flatMap((row) => read.series.map(({ index }) => widthOf(row[index].text, 12)))) : 0;
  const columns = read.series.map(({ index }) => index);
  return {
    x: lying ? values : cats, y: lying ? cats : values, series, legend: read.series.map(({ name }) => name),
    right: 24 + Math.min(widest, width * 0.3), decal: !single && type === "bar",
    tooltip: { trigger: "axis", axisPointer: { type: type === "bar" ? "shadow" : "line" }, formatter: (points) => told(read, points[0].dataIndex, columns) },
  };
}

function heat({ read, ui, width, said }) {
  const columns = read.columns.map((column, index) => ({ ...column, index })).filter(({ index, skip }) => index !== read.label && !skip);
  const found = read.rows.flatMap((row) => columns.map(({ index }) => row[index].number)).filter((n) => n !== null);
  const low = Number(said.min ?? Math.min(0, ...found));
  const high = Number(said.max ?? Math.max(...found, low + 1e-9));
  const share = (value) => (high > low ? Math.min(1, Math.max(0, (value - low) / (high - low))) : 0);
  const room = (width - Math.min(width * 0.42, 260)) / columns.length;
  const data = read.rows.flatMap((row, r) => columns.map(({ index }, c) => {
    const { number, text } = row[index];
    const ground = number === null ? channels(ui.card) : mixed(ui.sunk, ui.colours[0], share(number));
    return {
      value: [c, r, number ?? 0],
      itemStyle: { color: `rgb(${ground.join(",")})`, borderColor: number === null ? ui.line : ui.card, borderWidth: 1, decal: { symbol: "none" } },
      label: { show: room > widthOf(text, 11) + 4, formatter: text, fontSize: 11, color: inkOn(ground, ui.ink, ui.card) },
    };
  }));
  // names break into lines; where a word of them is wider than its column they stand steeply
  const steep = columns.some(({ name }) => name.split(/[\s-]/).some((word) => widthOf(word, 12) > room - 6));
  return {
    x: { type: "category", data: columns.map(({ name }) => name), position: "top", splitLine: { show: false }, axisLine: { show: false },
      axisLabel: { interval: 0, hideOverlap: false, color: ui.ink, rotate: steep ? 60 : 0, width: steep ? 130 : room - 6, overflow: steep ? "truncate" : "break" } },
    y: { type: "category", data: read.rows.map((row) => row[read.label].name), inverse: true, splitLine: { show: false }, axisLine: { show: false }, axisLabel: beside(width) },
    series: [{ type: "heatmap", data, emphasis: { itemStyle: { borderColor: ui.ink, borderWidth: 2 } } }],
    visualMap: { show: false, min: low, max: high, dimension: 2, seriesIndex: [], inRange: { color: [ui.sunk, ui.colours[0]] } },
    decal: false,
    tooltip: { formatter: ({ value: [c, r] }) => `${read.rows[r][read.label].text} · ${columns[c].name}: ${read.rows[r][columns[c].index].text}` },
  };
}

function tiles({ said, read, ui, width }) {
  const { index } = read.series[0];
  const at = read.places.map((place) => [Number(place.column), Number(place.row)]);
  const bare = (said.bare ?? "").split(" ").filter(Boolean).map((one) => one.split(":")).filter(([code]) => !read.places.some((place) => place.code === code));
  const size = [0, 1].map((d) => Math.max(...at.map((place) => place[d] || 0), ...bare.map((one) => Number(one[d + 1]))) + 1);
  const most = Math.max(1, ...read.rows.map((row) => row[index].number ?? 0));
  const data = read.rows.flatMap((row, r) => {
    if (Number.isNaN(at[r][0])) return [];
    const { number, text } = row[index];
    const ground = number ? mixed(ui.sunk, ui.colours[0], 0.15 + (0.85 * number) / most) : channels(ui.card);
    const narrow = width / size[0] < 52;
    return [{
      value: [...at[r], number ?? 0], row: r,
      itemStyle: { color: `rgb(${ground.join(",")})`, borderColor: ui.line, borderWidth: 1, borderRadius: 4, decal: { symbol: "none" } },
      label: { show: true, color: inkOn(ground, ui.ink, ui.card), fontSize: narrow ? 10 : 12, lineHeight: narrow ? 12 : 15, formatter: [read.places[r].code ?? row[read.label].name, number === null && narrow ? "" : number === 0 ? "" : text].filter(Boolean).join("\n"), width: width / size[0] - 6, overflow: "truncate" },
    }];
  });
  const none = bare.map(([code, column, row]) => ({
    value: [Number(column), Number(row), 0],
    itemStyle: { color: "transparent", borderColor: ui.line, borderWidth: 1, borderRadius: 4, decal: { symbol: "none" } },
    label: { show: true, color: ui.soft, fontSize: 10, formatter: code },
  }));
  const plain = (n, inverse) => ({ type: "category", show: false, inverse, data: [...Array(n).keys()] });
  return {
    x: plain(size[0], false), y: plain(size[1], true), right: 8, decal: false,
    series: [{ type: "heatmap", data: [...data, ...none], emphasis: { itemStyle: { borderColor: ui.ink, borderWidth: 2 } } }],
    visualMap: { show: false, min: 0, max: most, dimension: 2, seriesIndex: [] },
    tooltip: { formatter: ({ data: { row } }) => row !== undefined && told(read, row, read.series.map((one) => one.index)) },
  };
}

function scatter({ said, read, ui, format, width }) {
  const [x, y, size, group] = [read.find("x", 1), read.find("y", 2), read.find("size", 3), read.find("group", 4)];
  const biggest = Math.max(1, ...read.rows.map((row) => row[size]?.number ?? 0));
  const groups = [...new Set(read.rows.map((row) => row[group]?.text ?? ""))];
  const points = read.rows.map((row, r) => ({ row: r, value: [row[x]?.number ?? null, row[y]?.number ?? null], group: row[group]?.text ?? "" })).filter(({ value }) => value[0] !== null && value[1] !== null);
  // names beside more points than these lie over each other; the tooltip and the table have them all
  const few = points.length <= 12 && width > 480;
  const series = groups.map((name, g) => ({
    name, type: "scatter", symbol: SHAPES[g % SHAPES.length], color: ui.colours[g % ui.colours.length],
    symbolSize: (_, { data }) => 9 + 26 * Math.sqrt((read.rows[data.row][size]?.number ?? 0) / biggest),
    itemStyle: { opacity: 0.85, borderColor: ui.card, borderWidth: 1 },
    label: { show: few, position: "right", color: ui.ink, fontSize: 12, formatter: ({ data }) => read.rows[data.row][read.label].name, width: 160, overflow: "truncate" },
    labelLayout: { hideOverlap: true },
    markLine: g === 0 ? marked(said, ui, false, format) : undefined,
    data: points.filter((one) => one.group === name),
  }));
  const columns = [x, y, size, group].filter((column) => column >= 0);
  const units = (which, unit) => numbers({ ...said, unit: unit ?? "" }, formats(unit), which);
  const up = units("y", said.unitY ?? said.unit);
  return {
    x: units("x", said.unitX ?? said.unit), y: { ...up, nameGap: 10, axisLabel: { ...up.axisLabel, margin: 22 } }, series, legend: groups, signs: true, decal: false, right: few ? 172 : 28,
    tooltip: { formatter: ({ data }) => told(read, data.row, columns) },
  };
}

function range({ said, read, ui, width, format }) {
  const [low, value, high] = [read.find("low", 1), read.find("value", 2), read.find("high", 3)];
  const rows = read.rows.map((row, r) => ({ row: r, low: row[low]?.number ?? null, value: row[value]?.number ?? null, high: row[high]?.number ?? null }));
  const data = rows.filter((one) => one.low !== null || one.value !== null).map((one) => ({ ...one, value: [one.low ?? one.value, one.row, one.value, one.high ?? one.low ?? one.value] }));
  const whisker = (_, api) => {
    const [from, to] = [api.coord([api.value(0), api.value(1)]), api.coord([api.value(3), api.value(1)])];
    const middle = api.value(2);
    const children = [
      { type: "line", shape: { x1: from[0], y1: from[1], x2: to[0], y2: to[1] }, style: { stroke: ui.colours[0], lineWidth: 6, opacity: 0.35, lineCap: "round" } },
    ];
    for (const end of [from, to]) children.push({ type: "line", shape: { x1: end[0], y1: end[1] - 6, x2: end[0], y2: end[1] + 6 }, style: { stroke: ui.colours[0], lineWidth: 2 } });
    if (!Number.isNaN(middle)) {
      const at = api.coord([middle, api.value(1)]);
      children.push({ type: "circle", shape: { cx: at[0], cy: at[1], r: 6 }, style: { fill: ui.colours[0], stroke: ui.card, lineWidth: 1.5 } });
    }
    return { type: "group", children };
  };
  const columns = [low, value, high].filter((column) => column >= 0);
  return {
    x: numbers(said, format, "x"),
    y: { type: "category", data: read.rows.map((row) => row[read.label].name), inverse: true, axisLabel: beside(width) },
    series: [{ type: "custom", renderItem: whisker, data, encode: { x: [0, 2, 3], y: 1 }, markLine: marked(said, ui, true, format) }],
    tooltip: { formatter: ({ data: one }) => told(read, one.row, columns) },
  };
}

function timeline({ said, read, ui, width, echarts }) {
  const [start, end, group] = [read.find("start", 1), read.find("end", 2), read.find("group", 3)];
  const when = (cell) => (/^\d{4}-\d{2}-\d{2}/.test(cell?.given ?? "") ? Date.parse(cell.given) : NaN);
  const groups = [...new Set(read.rows.map((row) => row[group]?.text ?? ""))];
  const rows = read.rows.map((row, r) => ({ row: r, from: when(row[start]), to: when(row[end]), group: row[group]?.text ?? "" }));
  const known = rows.filter(({ from, to }) => !Number.isNaN(from) || !Number.isNaN(to));
  const series = groups.map((name, g) => ({
    name, type: "custom", color: ui.colours[g % ui.colours.length], encode: { x: [0, 2], y: 1 }, clip: true,
    data: known.filter((one) => one.group === name).map((one) => ({ row: one.row, value: [one.from || one.to, one.row, one.to || one.from] })),
    renderItem: (params, api) => {
      const [from, to] = [api.coord([api.value(0), api.value(1)]), api.coord([api.value(2), api.value(1)])];
      const height = Math.min(18, api.size([0, 1])[1] * 0.6);
      // with one day only: a point in time
      if (to[0] - from[0] < 3) return { type: "path", shape: { pathData: "M0 -8L8 0L0 8L-8 0Z" }, x: from[0], y: from[1], style: { ...api.style(), fill: api.visual("color") } };
      const all = { x: params.coordSys.x, y: params.coordSys.y, width: params.coordSys.width, height: params.coordSys.height };
      const shape = echarts.graphic.clipRectByRect({ x: from[0], y: from[1] - height / 2, width: to[0] - from[0], height }, all);
      return shape && { type: "rect", shape: { ...shape, r: 3 }, style: { fill: api.visual("color"), decal: api.visual("decal") } };
    },
  }));
  const days = known.flatMap(({ from, to }) => [from, to]).filter((day) => !Number.isNaN(day));
  const long = Math.max(...days) - Math.min(...days) > 4 * 365 * 864e5;
  if (said.mark && series.length) series[0].markLine = marked(said, ui, true, () => said.mark, Date.parse(said.mark));
  const columns = [start, end, group].filter((column) => column >= 0);
  return {
    x: { type: "time", name: said.x ?? "", axisLabel: { formatter: (day) => (long ? yearOf : monthOf).format(day) }, splitNumber: Math.max(2, Math.round(width / 220)) },
    y: { type: "category", data: read.rows.map((row) => row[read.label].name), inverse: true, axisLabel: beside(width) },
    series, legend: groups, right: 28, bottom: 14,
    tooltip: { formatter: ({ data }) => told(read, data.row, columns) },
  };
}

const KINDS = {
  bars: (given) => categories(given, { type: "bar", lying: true, stacked: false }),
  columns: (given) => categories(given, { type: "bar", lying: false, stacked: false }),
  stack: (given) => categories(given, { type: "bar", lying: true, stacked: true }),
  line: (given) => categories(given, { type: "line", lying: false, stacked: false }),
  heat, tiles, scatter, range, sensitivity: range, timeline,
};

// -- to take away ----------------------------------------------------------------------------------------------

function buttonFor(figure, words, act, first = false) {
  if (!words) return;
  let row = figure.querySelector(".takings");
  if (!row) {
    row = document.createElement("div");
    row.className = "row no-print takings";
    const details = figure.querySelector("details");
    if (details) details.before(row); else figure.append(row);
  }
  const button = document.createElement("button");
  button.type = "button";
  button.className = "button slim";
  button.textContent = words;
  button.setAttribute("aria-label", `${words}: ${captionOf(figure)}`);
  button.addEventListener("click", act);
  if (first) row.prepend(button); else row.append(button);
}

const captionOf = (figure) => figure.querySelector("figcaption")?.textContent.trim() ?? "";

function keep(blob, type, figure, ending) {
  const address = URL.createObjectURL(blob instanceof Blob ? blob : new Blob([blob], { type }));
  const link = document.createElement("a");
  link.href = address;
  link.download = `${figure.id || "chart"}.${ending}`;
  document.body.append(link);
  link.click();
  link.remove();
  setTimeout(() => URL.revokeObjectURL(address), 10_000);
}

function csv(table) {
  const said = (cell) => {
    const text = textOf(cell);
    const value = cell.dataset.value || (/^[=+\-@\t]/.test(text) && numberOf(cell) === null ? `'${text}` : text);
    return /[",\n;]/.test(value) ? `"${value.replaceAll('"', '""')}"` : value;
  };
  return `\ufeff${[...table.rows].map((row) => [...row.cells].map(said).join(",")).join("\r\n")}\r\n`;
}

// the picture says by itself what it shows: title above, summary below
function picture(figure, made) {
  const ui = look();
  const ratio = 2;
  const image = made.renderToCanvas({ pixelRatio: ratio, backgroundColor: ui.card });
  const width = image.width / ratio;
  const title = wrapped(captionOf(figure), width - 32, 18);
  const below = wrapped(figure.querySelector(".summary")?.textContent.trim().replace(/\s+/g, " ") ?? "", width - 32, 13);
  const top = 20 + title.length * 24;
  const canvas = document.createElement("canvas");
  canvas.width = image.width;
  canvas.height = (top + image.height / ratio + below.length * 18 + 24) * ratio;
  const pen = canvas.getContext("2d");
  pen.scale(ratio, ratio);
  pen.fillStyle = ui.card;
  pen.fillRect(0, 0, canvas.width, canvas.height);
  pen.fillStyle = ui.ink;
  pen.font = `600 18px ${ui.font}`;
  title.forEach((line, i) => pen.fillText(line, 16, 28 + i * 24));
  pen.drawImage(image, 0, top, width, image.height / ratio);
  pen.fillStyle = ui.soft;
  pen.font = `13px ${ui.font}`;
  below.forEach((line, i) => pen.fillText(line, 16, top + image.height / ratio + 18 + i * 18));
  canvas.toBlob((blob) => keep(blob, "image/png", figure, "png"), "image/png");
}

function wrapped(text, width, size) {
  const lines = [];
  for (const word of text.split(" ").filter(Boolean)) {
    const longer = lines.length ? `${lines[lines.length - 1]} ${word}` : word;
    if (lines.length && widthOf(longer, size) <= width) lines[lines.length - 1] = longer;
    else lines.push(word);
  }
  return lines;
}
