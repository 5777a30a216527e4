'use strict';
// Texts only ever become text nodes or attributes, so a file may have any name.
const data = JSON.parse(document.getElementById('data').textContent);
const count = data.files.length;
const byId = id => document.getElementById(id);

function element(tag, attributes, ...children) {
  const made = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes || {})) {
    if (name === 'click') made.addEventListener('click', value);
    else if (value !== null && value !== undefined && value !== false) made.setAttribute(name, value === true ? '' : value);
  }
  made.append(...children.filter(child => child !== null));
  return made;
}
const plural = (number, word) => `${number.toLocaleString('en')} ${word}${number === 1 ? '' : 's'}`;
const labelOf = photo => data.labels ? data.labels[photo] : null;
const folded = text => text.normalize('NFC').toLowerCase();

// ---- Thumbnails: JPEG sheets, turned into addresses and pictures when they are first needed
const sheetTexts = document.querySelectorAll('script.thumbnails');
const perSheet = data.columns ** 2;
const addresses = [], sheets = [];

function sheetAddress(number) {
  if (!addresses[number]) {
    const text = atob(sheetTexts[number].textContent), bytes = new Uint8Array(text.length);
    for (let i = 0; i < text.length; i++) bytes[i] = text.charCodeAt(i);
    addresses[number] = URL.createObjectURL(new Blob([bytes], {type: 'image/jpeg'}));
  }
  return addresses[number];
}
function sheetImage(number) {
  if (!sheets[number]) {
    sheets[number] = new Image();
    sheets[number].onload = () => { sheets[number].ready = true; requestDraw(); };
    sheets[number].src = sheetAddress(number);
  }
  return sheets[number].ready ? sheets[number] : null;
}
function corner(photo) {
  const place = photo % perSheet;
  return [Math.floor(photo / perSheet), place % data.columns, Math.floor(place / data.columns)];
}
function picture(photo, side) {
  const [sheet, column, row] = corner(photo);
  const columns = Math.min(data.columns, count - sheet * perSheet);
  const made = element('span', {class: 'picture'});
  made.style.cssText = `width:${side}px;height:${side}px;background-size:${columns * side}px auto;background-position:${-column * side}px ${-row * side}px`;
  made.style.backgroundImage = `url("${sheetAddress(sheet)}")`;
  return made;
}
// A link to the photo on the map: the browser's way back leads to where it was clicked.
function photoLink(photo, side, {kind = '', said = ''} = {}) {
  const name = data.files[photo];
  return element('a', {class: `photo ${kind}`, href: `#photo-${photo}`, title: name, 'aria-label': said ? `${name}, ${said}` : name}, picture(photo, side));
}
// The name, with places to break it after its folders.
function nameOf(photo) {
  const name = data.files[photo], parts = name.split('/');
  return element('bdi', {title: name}, ...parts.flatMap((part, place) => place < parts.length - 1 ? [`${part}/`, element('wbr')] : [part]));
}
function figure(photo, side, ...lines) {
  return element('figure', null, photoLink(photo, side), element('figcaption', null, nameOf(photo), ...lines.map(line => element('div', null, line))));
}
// Frames say whether labels agree, where both are known.
function neighborLink(photo, other, side) {
  const [mine, its] = [labelOf(photo), labelOf(other)];
  if (mine === null || its === null) return photoLink(other, side);
  const shared = mine.split('; ').some(tag => its.split('; ').includes(tag));  // of several tags one suffices
  return photoLink(other, side, shared ? {kind: 'same', said: 'same label'} : {kind: 'other', said: `other label: ${its}`});
}
function neighborSheet(photo, side, first) {
  const sheet = element('div', {class: 'sheet'}, ...data.neighbors[photo].map(other => neighborLink(photo, other, side)));
  if (first) sheet.prepend(photoLink(photo, side, {kind: 'query', said: labelOf(photo) === null ? '' : `label: ${labelOf(photo)}`}));
  return sheet;
}
// Fill `box` with what `make` makes of the first items, and a button for the next ones.
function fill(box, items, make, first, step = 200) {
  let shown = 0;
  const button = element('button', {class: 'more', click: () => add(step)});
  function add(number) {
    for (const item of items.slice(shown, shown + number)) box.append(make(item));
    shown = Math.min(items.length, shown + number);
    if (shown < items.length) {
      button.textContent = `Show ${Math.min(step, items.length - shown)} more of ${items.length.toLocaleString('en')}`;
      box.after(button);
    } else button.remove();
  }
  add(first);
}

// ---- What points are coloured by: groups, and labels where there are any
const PALETTE = ['#3b7dd8', '#e8862e', '#2f9e63', '#d0453f', '#8a63c9', '#a0694f', '#d86fb5', '#8d9a2b', '#29a9bd', '#c9a227'];
const NONE = '#98a0ae';
const color = rank => PALETTE[rank] || `hsl(${Math.round(rank * 137.508) % 360} ${55 + rank % 3 * 12}% ${[50, 62, 40][rank % 3]}%)`;

function coloring(title, items, keys) {
  const ranks = new Map(items.map((item, rank) => [item.key, rank]));
  items.forEach((item, rank) => { item.color = item.none ? NONE : color(rank); item.on = true; });
  return {title, items, of: Int32Array.from(keys, key => ranks.get(key))};
}
const colorings = {};
{
  const items = data.group_list.map(group => ({key: group.id, name: `group ${group.id}`, size: group.size, photo: group.typical}));
  const alone = data.groups.filter(group => group === -1).length;
  if (alone) items.push({key: -1, name: 'in no group', size: alone, none: true});
  colorings.groups = coloring('Groups', items, data.groups);
  if (data.labels) {
    const sizes = new Map();
    for (const label of data.labels) sizes.set(label, (sizes.get(label) || 0) + 1);
    const sorted = [...sizes].sort((a, b) => (a[0] === null) - (b[0] === null) || b[1] - a[1]);
    colorings.labels = coloring('Labels', sorted.map(([label, size]) => ({key: label, name: label === null ? 'no label' : label, size, none: label === null})), data.labels);
  }
}
let current = colorings[data.group_list.length || !data.labels ? 'groups' : 'labels'];
const isOn = photo => current.items[current.of[photo]].on;
const groupItem = photo => colorings.groups.items[colorings.groups.of[photo]];

// ---- The map
const plane = byId('plane'), points = byId('points'), marks = byId('marks'), tip = byId('tip');
const xs = Float64Array.from(data.xy, point => point[0]), ys = Float64Array.from(data.xy, point => 1 - point[1]);
const view = {scale: 1, x: 0, y: 0, width: 0, height: 0, ratio: 1};  // screen = (point - x) * scale
let whole = 1, hovered = -1, pinned = -1, hits = null, placed = [], waiting = false;
const screenOf = photo => [(xs[photo] - view.x) * view.scale, (ys[photo] - view.y) * view.scale];

// Photos by the cell of a grid, to find those near a pointer without looking at all.
const GRID = Math.max(1, Math.min(256, Math.ceil(Math.sqrt(count))));
const cells = Array.from({length: GRID * GRID}, () => []);
const cellOf = value => Math.max(0, Math.min(GRID - 1, Math.floor(value * GRID)));
for (let i = 0; i < count; i++) cells[cellOf(ys[i]) * GRID + cellOf(xs[i])].push(i);

// The most typical photos get their room first.
const order = [...new Set([...data.group_list.map(group => group.typical), ...Array(count).keys()])];

function showWhole() {
  const margin = Math.min(40, view.width / 10);
  let [left, right, top, bottom] = [1, 0, 1, 0];
  for (let i = 0; i < count; i++) {
    left = Math.min(left, xs[i]); right = Math.max(right, xs[i]); top = Math.min(top, ys[i]); bottom = Math.max(bottom, ys[i]);
  }
  whole = Math.min((view.width - 2 * margin) / Math.max(right - left, 1e-3), (view.height - 2 * margin) / Math.max(bottom - top, 1e-3), Math.max(view.width, view.height));
  view.scale = whole;
  view.x = (left + right) / 2 - view.width / 2 / whole;
  view.y = (top + bottom) / 2 - view.height / 2 / whole;
  requestDraw();
}
function zoom(factor, x = view.width / 2, y = view.height / 2) {
  const scale = Math.max(whole * 0.7, Math.min(whole * 400, view.scale * factor));
  if (scale === view.scale) return false;
  view.x += x / view.scale - x / scale;
  view.y += y / view.scale - y / scale;
  view.scale = scale;
  requestDraw();
  return true;
}
function center(photo, scale = view.scale) {
  view.scale = scale;
  view.x = xs[photo] - view.width / 2 / scale;
  view.y = ys[photo] - view.height / 2 / scale;
  requestDraw();
}
function resize() {
  const {width, height} = points.getBoundingClientRect(), first = !view.width, {x, y, scale} = view;
  if (!width) return;
  const middle = [x + view.width / 2 / scale, y + view.height / 2 / scale], zoomed = scale / whole;
  Object.assign(view, {width, height, ratio: window.devicePixelRatio || 1});
  for (const canvas of [points, marks]) { canvas.width = width * view.ratio; canvas.height = height * view.ratio; }
  showWhole();
  if (!first && Math.abs(zoomed - 1) > 1e-6) {
    view.scale = whole * zoomed;
    [view.x, view.y] = [middle[0] - width / 2 / view.scale, middle[1] - height / 2 / view.scale];
  }
  draw();
}
function requestDraw() {
  if (waiting || !view.width) return;
  waiting = true;
  requestAnimationFrame(() => { waiting = false; draw(); });
}

// A disc of each colour, drawn once: twenty thousand copies are cheaper than as many circles.
const discs = new Map();
function disc(fillColor, radius) {
  const key = `${fillColor} ${radius} ${view.ratio}`;
  if (!discs.has(key)) {
    const side = Math.ceil((2 * radius + 2) * view.ratio), made = element('canvas', {width: side, height: side}), pen = made.getContext('2d');
    pen.fillStyle = fillColor;
    pen.arc(side / 2, side / 2, radius * view.ratio, 0, 7);
    pen.fill();
    discs.set(key, made);
  }
  return discs.get(key);
}
function draw() {
  const pen = points.getContext('2d'), {width, height, ratio, scale} = view, {items, of} = current;
  pen.setTransform(1, 0, 0, 1, 0, 0);
  pen.clearRect(0, 0, points.width, points.height);
  points.style.touchAction = scale > whole * 1.01 ? 'none' : 'pan-y';  // a finger scrolls the page past the whole map
  const inside = [], on = items.map(item => item.on);
  let [left, right, top, bottom] = [width, 0, height, 0];
  for (const photo of order) {
    const x = (xs[photo] - view.x) * scale, y = (ys[photo] - view.y) * scale;
    if (x < -60 || y < -60 || x > width + 60 || y > height + 60 || !on[of[photo]]) continue;
    inside.push(photo);
    if (x < left) left = x;
    if (x > right) right = x;
    if (y < top) top = y;
    if (y > bottom) bottom = y;
  }
  // side of the square that each photo would have
  const room = Math.sqrt((right - left + 60) * (bottom - top + 60) / Math.max(1, inside.length));
  const side = byId('pictures').checked && room >= 20 ? Math.round(Math.max(30, Math.min(112, room * 0.8))) : 0;
  const radius = Math.max(2, Math.min(5, room / 6)), dots = items.map(item => disc(item.color, radius)), taken = new Map();
  placed = [];
  for (const photo of inside) {
    const x = (xs[photo] - view.x) * scale, y = (ys[photo] - view.y) * scale;
    if (side && isFree(taken, x, y, side)) { placed.push([photo, x - side / 2, y - side / 2, side]); continue; }
    const dot = dots[of[photo]];
    pen.globalAlpha = hits && !hits.has(photo) ? 0.12 : 0.85;
    pen.drawImage(dot, Math.round(x * ratio - dot.width / 2), Math.round(y * ratio - dot.height / 2));
  }
  pen.scale(ratio, ratio);
  for (const [photo, x, y] of placed) {
    pen.globalAlpha = hits && !hits.has(photo) ? 0.15 : 1;
    pen.fillStyle = items[of[photo]].color;
    pen.fillRect(x - 2, y - 2, side + 4, side + 4);
    const [sheet, column, row] = corner(photo), image = sheetImage(sheet);
    if (image) pen.drawImage(image, column * data.cell, row * data.cell, data.cell, data.cell, x, y, side, side);
  }
  pen.globalAlpha = 1;
  const squares = squaresOf(), accent = cssColor('--accent');
  if (hits) for (const photo of inside) if (hits.has(photo)) ring(pen, photo, squares, accent, 2);
  mark();
}
const cssColor = name => getComputedStyle(document.documentElement).getPropertyValue(name);
const squaresOf = () => new Map(placed.map(square => [square[0], square]));
function ring(pen, photo, squares, stroke, thick) {
  pen.strokeStyle = stroke;
  pen.lineWidth = thick;
  pen.beginPath();
  if (squares.has(photo)) {
    const [, x, y, side] = squares.get(photo);
    pen.rect(x - 3, y - 3, side + 6, side + 6);
  } else pen.arc(...screenOf(photo), 8, 0, 7);
  pen.stroke();
}
// Whether a square of `side` around (x, y) covers no other; it is taken then.
function isFree(taken, x, y, side) {
  const column = Math.floor(x / side), row = Math.floor(y / side), key = (c, r) => c * 65536 + r;
  for (let c = column - 1; c <= column + 1; c++) {
    for (let r = row - 1; r <= row + 1; r++) {
      const other = taken.get(key(c, r));
      if (other && Math.abs(other[0] - x) < side + 5 && Math.abs(other[1] - y) < side + 5) return false;
    }
  }
  taken.set(key(column, row), [x, y]);
  return true;
}
// What changes while one points, on a canvas of its own: the photo pointed at, the kept one and lines to its neighbours.
function mark() {
  const pen = marks.getContext('2d'), ink = cssColor('--ink'), squares = squaresOf();
  pen.setTransform(view.ratio, 0, 0, view.ratio, 0, 0);
  pen.clearRect(0, 0, view.width, view.height);
  if (pinned >= 0) {
    pen.globalAlpha = 0.6;
    pen.strokeStyle = ink;
    pen.lineWidth = 1;
    pen.beginPath();
    for (const other of data.neighbors[pinned] || []) {
      if (!isOn(other)) continue;
      pen.moveTo(...screenOf(pinned));
      pen.lineTo(...screenOf(other));
    }
    pen.stroke();
    pen.globalAlpha = 1;
    if (isOn(pinned)) ring(pen, pinned, squares, ink, 3);
  }
  if (hovered >= 0) ring(pen, hovered, squares, ink, 2);
}

// The photo at a point of the map: the picture that covers it, else the nearest dot within reach; -1: none.
function photoAt(x, y, reach = 14) {
  for (const [photo, left, top, side] of placed) if (x >= left && y >= top && x <= left + side && y <= top + side) return photo;
  const [px, py, far] = [x / view.scale + view.x, y / view.scale + view.y, reach / view.scale];
  let best = -1, least = far * far;
  for (let row = cellOf(py - far); row <= cellOf(py + far); row++) {
    for (let column = cellOf(px - far); column <= cellOf(px + far); column++) {
      for (const photo of cells[row * GRID + column]) {
        const distance = (xs[photo] - px) ** 2 + (ys[photo] - py) ** 2;
        if (distance < least && isOn(photo)) [best, least] = [photo, distance];
      }
    }
  }
  return best;
}
function facts(photo) {
  const lines = [], label = labelOf(photo);
  if (label !== null) lines.push(['label', label]);
  lines.push(['group', data.groups[photo] === -1 ? 'none' : String(data.groups[photo])]);
  const error = (data.label_errors || []).find(each => each.photo === photo);
  if (error) lines.push(['perhaps', `${error.suggested} (${Math.round(error.confidence * 100)} %)`]);
  const odd = data.odd.findIndex(each => each.photo === photo);
  if (odd >= 0) lines.push(['odd', `place ${odd + 1}`]);
  const twins = data.duplicates.find(photos => photos.includes(photo));
  if (twins) lines.push(['near-duplicates', String(twins.length - 1)]);
  return lines;
}
function factLines(photo) {
  return facts(photo).map(([name, value]) => element('div', null, `${name}: `, element('b', null, element('bdi', null, value))));
}
function hover(photo) {
  if (photo === hovered) return;
  hovered = photo;
  mark();
  points.classList.toggle('over', photo >= 0);
  tip.hidden = photo < 0;
  if (photo < 0) return;
  tip.replaceChildren(picture(photo, 158), nameOf(photo), ...factLines(photo));
  const [x, y] = screenOf(photo), {offsetWidth, offsetHeight} = tip, gap = 16;
  tip.style.left = `${Math.max(4, x + gap + offsetWidth > view.width ? x - gap - offsetWidth : x + gap)}px`;
  tip.style.top = `${Math.max(4, Math.min(view.height - offsetHeight - 4, y - offsetHeight / 2))}px`;
}
function pin(photo) {
  pinned = photo;
  const box = byId('pinned');
  box.hidden = photo < 0;
  if (photo >= 0) {
    const neighbors = data.neighbors[photo];
    box.replaceChildren(
      element('div', {class: 'row'}, picture(photo, 112), element('div', null, element('b', null, nameOf(photo)), ...factLines(photo),
        element('div', {class: 'bar'}, element('button', {click: event => copy([data.files[photo]], event.target)}, 'Copy name'), element('button', {click: () => keep(-1)}, 'Close')))),
      ...(neighbors ? [element('h3', null, 'Neighbours'), neighborSheet(photo, 52)] : []));
    box.scrollTop = 0;
  }
  mark();
}
// Pin without a step in the browser's history.
function keep(photo) {
  history.replaceState(null, '', photo >= 0 ? `#photo-${photo}` : location.href.split('#')[0]);
  pin(photo);
}
function followAddress() {
  const match = /^#photo-(\d+)$/.exec(location.hash);
  if (!match || Number(match[1]) >= count) return;
  const photo = Number(match[1]);
  if (!isOn(photo)) { current.items[current.of[photo]].on = true; drawLegend(); }
  const [x, y] = screenOf(photo);
  if (x < 20 || y < 20 || x > view.width - 20 || y > view.height - 20) center(photo);
  pin(photo);
  requestDraw();
  byId('map').scrollIntoView();
}

// ---- Pointer, wheel and keys
const held = new Map();  // pointers that are down, where they are
let moved = 0;
const at = event => { const box = points.getBoundingClientRect(); return [event.clientX - box.left, event.clientY - box.top]; };
points.addEventListener('pointerdown', event => {
  if (event.button) return;
  try { points.setPointerCapture(event.pointerId); } catch { /* the pointer has left already */ }
  held.set(event.pointerId, at(event));
  if (held.size === 1) moved = 0;
});
points.addEventListener('pointermove', event => {
  const [x, y] = at(event), before = held.get(event.pointerId);
  if (!before) { if (event.pointerType !== 'touch') hover(photoAt(x, y)); return; }
  moved += Math.hypot(x - before[0], y - before[1]);
  if (moved < 5) return;
  const other = [...held].find(([id]) => id !== event.pointerId);
  hover(-1);
  points.classList.add('held');
  view.x -= (x - before[0]) / view.scale / held.size;
  view.y -= (y - before[1]) / view.scale / held.size;
  if (other) {
    const [[, [ox, oy]], far] = [other, (px, py) => Math.max(1, Math.hypot(px - other[1][0], py - other[1][1]))];
    zoom(far(x, y) / far(...before), (x + ox) / 2, (y + oy) / 2);
  }
  held.set(event.pointerId, [x, y]);
  requestDraw();
});
points.addEventListener('pointerup', event => {
  if (held.delete(event.pointerId) && moved < 5) keep(photoAt(...at(event), event.pointerType === 'touch' ? 22 : 14));
  if (!held.size) points.classList.remove('held');
});
points.addEventListener('pointercancel', event => { held.delete(event.pointerId); points.classList.remove('held'); });
points.addEventListener('pointerleave', () => hover(-1));
points.addEventListener('blur', () => hover(-1));
points.addEventListener('wheel', event => {
  const pixels = event.deltaY * (event.deltaMode ? 33 : 1);
  if (zoom(Math.exp(-Math.max(-240, Math.min(240, pixels)) * 0.0022), ...at(event))) { event.preventDefault(); hover(-1); }
}, {passive: false});
points.addEventListener('dblclick', event => zoom(2.5, ...at(event)));

// The next photo in a direction: near, and rather straight ahead than aside.
function neighborTowards(dx, dy) {
  const from = hovered >= 0 ? hovered : pinned;
  let best = -1, least = Infinity;
  const [x, y] = from >= 0 ? [xs[from], ys[from]] : [view.x + view.width / 2 / view.scale, view.y + view.height / 2 / view.scale];
  for (let photo = 0; photo < count; photo++) {
    if (photo === from || !isOn(photo)) continue;
    const ahead = (xs[photo] - x) * dx + (ys[photo] - y) * dy, aside = Math.abs((xs[photo] - x) * dy - (ys[photo] - y) * dx);
    const far = from < 0 ? Math.hypot(ahead, aside) : ahead > 0 ? ahead + 3 * aside : Infinity;
    if (far < least) [best, least] = [photo, far];
  }
  return best;
}
const ARROWS = {ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, -1], ArrowDown: [0, 1]};
points.addEventListener('keydown', event => {
  if (event.ctrlKey || event.metaKey || event.altKey) return;
  const focus = hovered >= 0 ? screenOf(hovered) : [];
  if (ARROWS[event.key]) {
    const next = neighborTowards(...ARROWS[event.key]);
    if (next >= 0) {
      const [x, y] = screenOf(next);
      if (x < 10 || y < 10 || x > view.width - 10 || y > view.height - 10) { center(next); hovered = -1; }
      hover(next);
      say([data.files[next], ...facts(next).map(fact => fact.join(' '))].join(', '));
    }
  } else if (event.key === '+' || event.key === '=') { hover(-1); zoom(1.5, ...focus); }
  else if (event.key === '-') { hover(-1); zoom(1 / 1.5, ...focus); }
  else if (event.key === '0') { hover(-1); showWhole(); }
  else if (event.key === 'Enter' || event.key === ' ') { if (hovered >= 0) { keep(hovered); say(`${data.files[hovered]} kept, with its neighbours beside the map`); } }
  else if (event.key === 'Escape') { hover(-1); keep(-1); }
  else return;
  event.preventDefault();
});
function say(text) { byId('said').textContent = text; }
byId('closer').addEventListener('click', () => zoom(1.6));
byId('farther').addEventListener('click', () => zoom(1 / 1.6));
byId('whole').addEventListener('click', showWhole);
byId('pictures').addEventListener('change', requestDraw);

// ---- Legend: switches of groups or labels
function drawLegend() {
  byId('legend-title').textContent = current.title;
  byId('legend').replaceChildren(...current.items.map(item => {
    const swatch = element('span', {class: 'swatch'}), box = element('input', {type: 'checkbox'});
    swatch.style.background = item.color;
    box.checked = item.on;
    box.addEventListener('change', () => { item.on = box.checked; switched(); });
    return element('li', null, element('label', null, box, swatch, item.photo === undefined ? null : picture(item.photo, 26), element('span', {class: 'name', title: item.name}, element('bdi', null, item.name)), element('small', null, item.size.toLocaleString('en'))),
      element('button', {'aria-label': `Show only ${item.name}`, click: () => showOnly(item)}, 'only'));
  }));
}
function switched() {
  hover(-1);
  requestDraw();
  byId('legend').querySelectorAll('input').forEach((box, rank) => { box.checked = current.items[rank].on; });
  say(`${plural(current.of.reduce((sum, rank) => sum + current.items[rank].on, 0), 'photo')} shown`);
}
function showOnly(item) {
  for (const each of current.items) each.on = each === item;
  switched();
}
byId('all').addEventListener('click', () => { current.items.forEach(item => { item.on = true; }); switched(); });
byId('none').addEventListener('click', () => { current.items.forEach(item => { item.on = false; }); switched(); });
function colorBy(name) {
  current = colorings[name];
  for (const radio of document.querySelectorAll('input[name=coloring]')) radio.checked = radio.value === name;
  drawLegend();
  switched();
}
if (data.labels) {
  const choice = name => {
    const radio = element('input', {type: 'radio', name: 'coloring', value: name});
    radio.checked = current === colorings[name];
    radio.addEventListener('change', () => colorBy(name));
    return element('label', null, radio, colorings[name].title.toLowerCase());
  };
  const choices = element('span', {class: 'bar', role: 'radiogroup', 'aria-label': 'Colour the map by'}, 'colour by', choice('groups'), choice('labels'));
  choices.style.margin = 0;
  byId('coloring').append(choices);
}

// ---- Search
const searched = data.files.map(folded);
function search() {
  const text = folded(byId('search').value.trim());
  const found = text ? searched.flatMap((name, photo) => name.includes(text) ? [photo] : []) : [];
  hits = text ? new Set(found) : null;
  byId('found').textContent = text ? `${plural(found.length, 'photo')} found` : '';
  byId('hits').replaceChildren(...found.slice(0, 24).map(photo => photoLink(photo, 52)));
  byId('hits').style.marginBottom = found.length ? '10px' : '';
  requestDraw();
  return found;
}
byId('search').addEventListener('input', search);
byId('search').addEventListener('keydown', event => {
  if (event.key !== 'Enter') return;
  const found = search();
  if (found.length) { location.hash = `#photo-${found[0]}`; followAddress(); }
});

// ---- Copying file names, one a line
async function copy(names, button) {
  const text = names.join('\n'), before = button.dataset.name || button.textContent;
  button.dataset.name = before;
  let done = `${plural(names.length, 'name')} copied`;
  try {
    await navigator.clipboard.writeText(text);
  } catch {  // some browsers do not let a page from disk do it; then by the older way, or else by hand
    const area = element('textarea', {readonly: true, rows: 5, 'aria-label': 'File names to copy'});
    area.value = text;
    button.after(area);
    area.select();
    if (document.execCommand('copy')) { area.remove(); button.focus(); }
    else done = 'This browser does not copy; copy from the box';
  }
  button.textContent = done;
  say(done);
  setTimeout(() => { button.textContent = before; }, 2500);
}
const toCopy = {
  duplicates: () => data.duplicates.flatMap(photos => photos.slice(1)),
  odd: () => data.odd.map(each => each.photo),
  label_errors: () => data.label_errors.map(each => each.photo),
};
for (const button of document.querySelectorAll('button[data-copy]')) {
  button.addEventListener('click', () => copy(toCopy[button.dataset.copy]().map(photo => data.files[photo]), button));
}

// ---- The lists
function contactSheet(photos) {
  const sheet = element('div', {class: 'sheet contact'});
  let first = true;
  const make = photo => { const link = photoLink(photo, first ? 131 : 64); first = false; return link; };
  return [sheet, () => fill(sheet, photos, make, 13)];
}
function mostLabels(photos) {
  const sizes = new Map();
  for (const photo of photos) if (labelOf(photo) !== null) sizes.set(labelOf(photo), (sizes.get(labelOf(photo)) || 0) + 1);
  const sorted = [...sizes].sort((a, b) => b[1] - a[1]).slice(0, 2), all = [...sizes.values()].reduce((a, b) => a + b, 0);
  return sorted.map(([label, size]) => `${label} ${Math.round(100 * size / all)} %`).join(', ');
}
function groupCard(group) {
  const photos = [...new Set([group.typical, ...group.members])], labels = mostLabels(photos), item = groupItem(group.typical);
  const swatch = element('span', {class: 'swatch'}), [sheet, start] = contactSheet(photos);
  swatch.style.background = item.color;
  const card = element('div', {class: 'card'}, element('h3', null, swatch, `Group ${group.id}`, element('small', null, plural(group.size, 'photo') + (labels && ` · ${labels}`)),
    element('button', {'aria-label': `Show only group ${group.id} on the map`, click: () => { colorBy('groups'); showOnly(item); byId('map').scrollIntoView(); }}, 'on the map')), sheet);
  start();
  return card;
}
function list(id, items, make, first, kind) {
  if (!byId(id)) return;
  const box = element('div', {class: kind});
  byId(id).append(box);
  fill(box, items, make, first, first);
}
function sample(photos, size) { return photos.filter((_, place) => photos.length <= size || place % Math.ceil(photos.length / size) === 0); }
list('group-cards', data.group_list, groupCard, 60, 'cards');
list('duplicate-sets', data.duplicates, photos => element('div', {class: 'set'}, ...photos.map(photo => figure(photo, 96))), 40, 'sets');
list('odd-photos', data.odd, each => figure(each.photo, 100, each.score.toPrecision(3)), 48, 'named');
list('label-error-photos', data.label_errors || [], each => figure(each.photo, 100,
  element('span', null, element('bdi', null, each.given), ' → ', element('b', null, element('bdi', null, each.suggested))), `${Math.round(100 * each.confidence)} % sure`), 48, 'named');
list('check-cards', data.checks || [], check => {
  const box = element('div', {class: 'sheet'}), card = element('div', {class: 'card'}, element('h3', null, check.kind, element('small', null, plural(check.photos.length, 'photo')),
    element('button', {click: event => copy(check.photos.map(photo => data.files[photo]), event.target)}, 'copy names')), box);
  fill(box, check.photos, photo => photoLink(photo, 64), 18);
  return card;
}, 60, 'cards');
{
  const typical = data.group_list.map(group => group.typical).filter(photo => data.neighbors[photo]);
  const rows = sample(typical.length ? typical : Object.keys(data.neighbors).map(Number), 10);
  list('neighbour-rows', rows, photo => neighborSheet(photo, 52, true), 10, 'rows');
}

drawLegend();
resize();
new ResizeObserver(resize).observe(plane);
window.matchMedia('(prefers-color-scheme: dark)').addEventListener('change', requestDraw);
window.addEventListener('hashchange', followAddress);
followAddress();
